/** Work in a bounded number of lanes; work of one key never beside other work of that key. */
export interface Lanes {
  /** Runs the work when a lane and the key are free, in the order of the calls; rejects as the work does. */
  run(key: string, work: () => Promise<void>): Promise<void>;
  /** Drops what has not begun; its promises resolve. */
  clear(): void;
  /** Resolves when nothing runs and nothing waits. */
  idle(): Promise<void>;
}

interface Job {
  key: string;
  work: () => Promise<void>;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Opens lanes for at most `countMax` works at one time. */
export function openLanes(countMax: number): Lanes {
  const busy = new Set<string>();
  let waiting: Job[] = [];
  let idlers: (() => void)[] = [];

  const perform = async ({ key, work, resolve, reject }: Job): Promise<void> => {
    busy.add(key);
    try {
      await work();
      resolve();
    } catch (error) {
      reject(error);
    } finally {
      busy.delete(key);
      startNext();
    }
  };

  const startNext = (): void => {
    while (busy.size < countMax) {
      const at = waiting.findIndex(({ key }) => !busy.has(key));
      if (at < 0) break;
      const [job] = waiting.splice(at, 1);
      if (job) void perform(job);
    }
    if (busy.size > 0 || waiting.length > 0) return;
    const resolved = idlers;
    idlers = [];
    for (const resolve of resolved) resolve();
  };

  return {
    run: (key, work) =>
      new Promise((resolve, reject) => {
        waiting.push({ key, work, resolve, reject });
        startNext();
      }),
    clear: () => {
      const dropped = waiting;
      waiting = [];
      for (const { resolve } of dropped) resolve();
      startNext();
    },
    idle: () =>
      new Promise((resolve) => {
        idlers.push(resolve);
        startNext();
      }),
  };
}
