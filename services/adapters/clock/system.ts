import { PipelineError } from '../../core/error.ts';
import type { Clock } from '../../ports/clock.ts';

/** The longest delay a Node timer takes; longer ones fire at once, so longer sleeps are cut into pieces. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The machine's clock: the only file that may read it. */
export function systemClock(): Clock {
  return { now: () => new Date(), sleep };
}

async function sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
  for (let leftMs = durationMs; leftMs > TIMER_MS_MAX; leftMs -= TIMER_MS_MAX) {
    await sleepOnce(TIMER_MS_MAX, signal);
  }
  await sleepOnce(durationMs > TIMER_MS_MAX ? durationMs % TIMER_MS_MAX : durationMs, signal);
}

function sleepOnce(durationMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(new PipelineError('interrupted', 'a wait was stopped before its end'));
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      },
      Math.max(0, durationMs),
    );
    if (signal?.aborted === true) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}

/** The machine's dice, in [0, 1): for the spread of waits, never for data or names. */
export function systemRandom(): number {
  return Math.random();
}
