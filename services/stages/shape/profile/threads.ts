import { closeSync, existsSync, openSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type Segment, type SegmentTally, tallySegment } from './segment.ts';
import type { WorkerStart } from './worker.ts';

const HELPERS_MAX = 3;
/** Segments that a thread holds: with one only it would wait for the next while the calling thread scans its own. */
const HELD_MAX = 3;

/** The program of a worker thread, beside the bundle; null where there is no bundle. */
export function workerProgram(): URL | null {
  const url = new URL('../profile-worker.js', import.meta.url);
  return existsSync(fileURLToPath(url)) ? url : null;
}

/** Threads that scan segments of one file, the calling one among them. Closing them ends what they do. */
export interface Threads extends AsyncDisposable {
  /** `first` goes before all that waits. */
  tally(segment: Segment, order: 'first' | 'last'): Promise<SegmentTally>;
}

interface Job {
  segment: Segment;
  resolve(tally: SegmentTally): void;
  reject(error: unknown): void;
}

/** How many threads help the calling one: as many as there are other processors, three at most. */
export function helperCount(): number {
  return Math.min(HELPERS_MAX, availableParallelism() - 1);
}

/** Starts threads that help the calling one. */
export function startThreads(
  start: WorkerStart,
  helpers: { program: URL; count: number },
): Threads {
  const waiting: Job[] = [];
  const held = new Map<Worker, Job[]>();
  const fail = (error: unknown): void => {
    for (const job of [...[...held.values()].flat(), ...waiting.splice(0)]) job.reject(error);
    held.clear();
  };
  const give = (): void => {
    for (const [worker, jobs] of held) {
      while (jobs.length < HELD_MAX && waiting.length > 0) {
        const job = waiting.shift()!;
        jobs.push(job);
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
        worker.postMessage(job.segment);
      }
    }
  };
  const startWorker = (): Worker => {
    const worker = new Worker(helpers.program, { workerData: start });
    worker.on('message', (tally: SegmentTally) => {
      held.get(worker)?.shift()?.resolve(tally);
      give();
    });
    worker.on('error', fail);
    // A thread gets its first segments when it runs: until then the calling one takes what is there.
    worker.on('online', () => {
      held.set(worker, []);
      give();
    });
    return worker;
  };
  const workers = Array.from({ length: helpers.count }, startWorker);
  const here = workHere(waiting, start);
  let ended: Promise<void> | null = null;
  const end = async (): Promise<void> => {
    fail(new Error('the threads were closed'));
    await Promise.all([here.end(), ...workers.map((worker) => worker.terminate())]);
  };
  return {
    tally: (segment, order) =>
      new Promise((resolve, reject) => {
        const job = { segment, resolve, reject };
        if (order === 'first') waiting.unshift(job);
        else waiting.push(job);
        give();
        here.wake();
      }),
    [Symbol.asyncDispose]: () => (ended ??= end()),
  };
}

/** The calling thread takes what waits, one segment a turn, so that signals and answers of others are heard between. */
function workHere(waiting: Job[], { path, file }: WorkerStart) {
  const fd = openSync(path, 'r');
  let running: Promise<void> | null = null;
  const work = async (): Promise<void> => {
    for (;;) {
      await nextTurn();
      const job = waiting.shift();
      if (job === undefined) break;
      try {
        job.resolve(tallySegment(fd, file, job.segment));
      } catch (error) {
        job.reject(error);
      }
    }
    running = null;
  };
  return {
    wake: (): void => void (running ??= work()),
    end: async (): Promise<void> => {
      await running;
      closeSync(fd);
    },
  };
}
