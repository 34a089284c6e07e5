import type { Clock } from '../ports/clock.ts';

/** Wakes the loop of a run: at the end of a step, on a stop, or at a set time. */
export interface Waker {
  /** Ends the wait, or the next one if there is none. */
  call: () => void;
  /** Waits for a call or for the moment `until`, whichever comes first. */
  wait: (clock: Clock, until: Date | null) => Promise<void>;
}

/** Makes a waker. */
export function waker(): Waker {
  let called = false;
  let end: (() => void) | null = null;
  return {
    call: () => {
      called = true;
      end?.();
    },
    wait: async (clock, until) => {
      if (!called) {
        const timer = new AbortController();
        const woken = new Promise<void>((resolve) => {
          end = resolve;
        });
        const ms = until === null ? null : Math.max(0, until.getTime() - clock.now().getTime());
        const slept = ms === null ? woken : sleep(clock, ms, timer.signal);
        await Promise.race([woken, slept]);
        end = null;
        timer.abort();
      }
      called = false;
      // Steps that end in the same turn are taken in together.
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

async function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
}
