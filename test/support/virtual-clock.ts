import { PipelineError } from '../../services/core/error.ts';
import type { Clock } from '../../services/ports/clock.ts';

interface Sleeper {
  dueMs: number;
  order: number;
  wake: () => void;
}

/**
 * A clock of a simulated world in which all that takes time is a sleep: once the event loop has
 * nothing else to do, time jumps to the earliest sleeper. Sleeps that race each other end in the
 * order of their times, and cost nothing.
 */
export function virtualClock(start: Date): Clock {
  let nowMs = start.getTime();
  let order = 0;
  let planned = false;
  const sleepers = new Set<Sleeper>();

  const turn = (idle: number): void => {
    // A few quiet turns, so that what was woken last can go to sleep again before time moves on.
    if (idle > 0) {
      setImmediate(() => turn(idle - 1));
      return;
    }
    planned = false;
    const [first] = [...sleepers].toSorted((a, b) => a.dueMs - b.dueMs || a.order - b.order);
    if (first === undefined) return;
    sleepers.delete(first);
    nowMs = Math.max(nowMs, first.dueMs);
    first.wake();
    plan();
  };
  const plan = (): void => {
    if (planned || sleepers.size === 0) return;
    planned = true;
    setImmediate(() => turn(4));
  };

  return {
    now: () => new Date(nowMs),
    sleep: (durationMs, signal) =>
      new Promise((resolve, reject) => {
        const sleeper: Sleeper = {
          dueMs: nowMs + Math.max(0, durationMs),
          order: order++,
          wake: () => {
            signal?.removeEventListener('abort', stop);
            resolve();
          },
        };
        const stop = (): void => {
          sleepers.delete(sleeper);
          reject(new PipelineError('interrupted', 'a wait was stopped before its end'));
        };
        if (signal?.aborted === true) return stop();
        signal?.addEventListener('abort', stop, { once: true });
        sleepers.add(sleeper);
        plan();
      }),
  };
}
