import { describe, expect, it } from 'vitest';

import type { Clock } from '../../services/ports/clock.ts';

/** A clock under test, and how its time passes. */
export interface MadeClock {
  clock: Clock;
  /** Lets at least this much time pass. */
  pass: (durationMs: number) => Promise<void>;
}

/** Every sentence of the clock port, as a test. */
export function clockContract(name: string, make: () => MadeClock): void {
  describe(`${name} keeps the clock contract`, () => {
    it('a sleep ends after its time and time has moved on by it', async () => {
      const { clock, pass } = make();
      const began = clock.now().getTime();
      const sleeping = clock.sleep(20);
      await pass(25);
      await sleeping;
      expect(clock.now().getTime()).toBeGreaterThanOrEqual(began + 19);
    });

    it('sleeps end in the order of their times', async () => {
      const { clock, pass } = make();
      const order: string[] = [];
      const sleeping = Promise.all([
        clock.sleep(30).then(() => order.push('long')),
        clock.sleep(15).then(() => order.push('short')),
        clock.sleep(0).then(() => order.push('none')),
      ]);
      await pass(40);
      await sleeping;
      expect(order).toEqual(['none', 'short', 'long']);
    });

    it('a negative sleep ends at once', async () => {
      const { clock, pass } = make();
      const sleeping = clock.sleep(-5);
      await pass(0);
      await expect(sleeping).resolves.toBeUndefined();
    });

    it('an aborted sleep ends as interrupted, at once', async () => {
      const { clock } = make();
      const stopper = new AbortController();
      const sleeping = clock.sleep(60_000, stopper.signal);
      stopper.abort();
      await expect(sleeping).rejects.toMatchObject({ kind: 'interrupted' });
    });

    it('a sleep with a signal that is aborted already does not begin', async () => {
      const { clock } = make();
      const sleeping = clock.sleep(60_000, AbortSignal.abort());
      await expect(sleeping).rejects.toMatchObject({ kind: 'interrupted' });
    });

    it('an abort after the end changes nothing', async () => {
      const { clock, pass } = make();
      const stopper = new AbortController();
      const sleeping = clock.sleep(1, stopper.signal);
      await pass(5);
      await sleeping;
      stopper.abort();
      await expect(sleeping).resolves.toBeUndefined();
    });
  });
}
