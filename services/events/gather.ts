import type { Clock } from '../ports/clock.ts';

/** A steady stream of arrivals does not put its run off longer than this many windows. */
const WINDOWS_MAX = 10;

/** Holds things back until none has come for a while, then hands them on together. */
export interface Gather<T> {
  add(thing: T): void;
  /** Resolves when nothing is held back. */
  empty(): Promise<void>;
}

/** `handOn` gets what has come once `windowMs` passed without another. Aborted, it drops what it holds. */
export function openGather<T>(
  options: { windowMs: number; clock: Clock; signal: AbortSignal },
  handOn: (things: T[]) => void,
): Gather<T> {
  const { windowMs, clock, signal } = options;
  let held: T[] = [];
  let waiting: Promise<void> | null = null;

  const wait = async (): Promise<void> => {
    let seen = 0;
    try {
      for (let windows = 0; seen < held.length && windows < WINDOWS_MAX; windows++) {
        seen = held.length;
        await clock.sleep(windowMs, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
      held = [];
    }
    const things = held;
    held = [];
    waiting = null;
    if (things.length > 0) handOn(things);
  };

  return {
    add: (thing) => {
      held.push(thing);
      waiting ??= wait();
    },
    empty: async () => {
      for (let now = waiting; now !== null; now = waiting) await now;
    },
  };
}
