import { PipelineError } from '../../core/error.ts';
import type { Clock } from '../../ports/clock.ts';

/** A clock that moves only when told to: for tests, so that none of them waits. */
export interface ManualClock extends Clock {
  /** Moves time on; sleepers whose time comes wake in the order of their times, each before the next. */
  advance(durationMs: number): Promise<void>;
  /** Moves time to the earliest sleeper and wakes it; false when nobody sleeps. */
  advanceToNext(): Promise<boolean>;
  /** How many sleeps are pending. */
  sleeperCount(): number;
}

export interface ManualClockOptions {
  /**
   * Every sleep ends by itself: once the event loop has turned, time jumps to the earliest sleeper. Not for code
   * that races a sleep against real work: the sleep wins.
   */
  autoAdvance?: boolean;
}

interface Sleeper {
  dueMs: number;
  wake: () => void;
}

/** A manual clock that shows `start` until it is advanced. */
export function manualClock(start: Date, options: ManualClockOptions = {}): ManualClock {
  let nowMs = start.getTime();
  const sleepers: Sleeper[] = [];

  const wakeFirst = async (): Promise<boolean> => {
    const first = sleepers.shift();
    if (first === undefined) return false;
    nowMs = Math.max(nowMs, first.dueMs);
    first.wake();
    await eventLoopTurn();
    return true;
  };

  const advance = async (durationMs: number): Promise<void> => {
    const targetMs = nowMs + durationMs;
    while ((sleepers[0]?.dueMs ?? Infinity) <= targetMs) await wakeFirst();
    nowMs = Math.max(nowMs, targetMs);
  };

  const sleep = (durationMs: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const sleeper: Sleeper = {
        dueMs: nowMs + Math.max(0, durationMs),
        wake: () => {
          signal?.removeEventListener('abort', stop);
          resolve();
        },
      };
      const stop = (): void => {
        const at = sleepers.indexOf(sleeper);
        if (at >= 0) sleepers.splice(at, 1);
        reject(new PipelineError('interrupted', 'a wait was stopped before its end'));
      };
      if (signal?.aborted === true) return stop();
      signal?.addEventListener('abort', stop, { once: true });
      insertByTime(sleepers, sleeper);
      if (options.autoAdvance === true) setImmediate(() => void wakeFirst());
    });

  return {
    now: () => new Date(nowMs),
    sleep,
    advance,
    advanceToNext: wakeFirst,
    sleeperCount: () => sleepers.length,
  };
}

/** Keeps the list in the order of due times; equal times in the order of arrival. */
function insertByTime(sleepers: Sleeper[], sleeper: Sleeper): void {
  const at = sleepers.findIndex((other) => other.dueMs > sleeper.dueMs);
  sleepers.splice(at < 0 ? sleepers.length : at, 0, sleeper);
}

/** Lets everything that was woken run until it waits again. */
function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
