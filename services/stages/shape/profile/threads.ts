import { closeSync, existsSync, openSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type Segment, type SegmentTally, tallySegment } from './segment.ts';
import type { WorkerStart } from './worker.ts';

const THREADS_MAX = 4;

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

/** One thread for each processor, four at most. */
export function startThreads(program: URL, start: WorkerStart): Threads {
  const waiting: Job[] = [];
  const idle: Worker[] = [];
  const busy = new Map<Worker, Job>();
  const fail = (error: unknown): void => {
    for (const job of [...busy.values(), ...waiting.splice(0)]) job.reject(error);
    busy.clear();
  };
  const give = (): void => {
    while (idle.length > 0 && waiting.length > 0) {
      const worker = idle.pop()!;
      const job = waiting.shift()!;
      busy.set(worker, job);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
      worker.postMessage(job.segment);
    }
  };
  const startWorker = (): Worker => {
    const worker = new Worker(program, { workerData: start });
    worker.on('message', (tally: SegmentTally) => {
      busy.get(worker)?.resolve(tally);
      busy.delete(worker);
      idle.push(worker);
      give();
    });
    worker.on('error', fail);
    // A thread gets its first segment when it runs: until then the calling one takes what is there.
    worker.on('online', () => {
      idle.push(worker);
      give();
    });
    return worker;
  };
  const threads = Math.min(THREADS_MAX, availableParallelism());
  const workers = Array.from({ length: threads - 1 }, startWorker);
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
