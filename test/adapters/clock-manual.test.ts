import { describe, expect, it } from 'vitest';

import { manualClock } from '../../services/adapters/clock/manual.ts';
import { clockContract } from '../contract/clock.ts';

const START = new Date('2026-11-21T00:00:00Z');

clockContract('the manual clock', () => {
  const clock = manualClock(START);
  return { clock, pass: (durationMs) => clock.advance(durationMs) };
});

describe('the manual clock', () => {
  it('stands still until it is advanced', async () => {
    const clock = manualClock(START);
    expect(clock.now()).toEqual(START);
    await clock.advance(1500);
    expect(clock.now().toISOString()).toBe('2026-11-21T00:00:01.500Z');
  });

  it('wakes a sleeper that went to sleep again while time is advanced', async () => {
    const clock = manualClock(START);
    const seen: number[] = [];
    const work = (async () => {
      for (let turn = 0; turn < 3; turn += 1) {
        await clock.sleep(1000);
        seen.push(clock.now().getTime() - START.getTime());
      }
    })();
    await clock.advance(10_000);
    await work;
    expect(seen).toEqual([1000, 2000, 3000]);
  });

  it('advances to the next sleeper, and says when there is none', async () => {
    const clock = manualClock(START);
    const sleeping = clock.sleep(86_400_000);
    expect(clock.sleeperCount()).toBe(1);
    expect(await clock.advanceToNext()).toBe(true);
    await sleeping;
    expect(clock.now().toISOString()).toBe('2026-11-22T00:00:00.000Z');
    expect(await clock.advanceToNext()).toBe(false);
  });

  it('with autoAdvance every sleep ends by itself, the earliest first', async () => {
    const clock = manualClock(START, { autoAdvance: true });
    const order: number[] = [];
    await Promise.all(
      [3_600_000, 60_000, 1000].map((ms) => clock.sleep(ms).then(() => order.push(ms))),
    );
    expect(order).toEqual([1000, 60_000, 3_600_000]);
    expect(clock.now().getTime() - START.getTime()).toBe(3_600_000);
  });

  it('forgets a sleeper that was interrupted', async () => {
    const clock = manualClock(START);
    const stopper = new AbortController();
    const sleeping = clock.sleep(1000, stopper.signal);
    stopper.abort();
    await expect(sleeping).rejects.toMatchObject({ kind: 'interrupted' });
    expect(clock.sleeperCount()).toBe(0);
  });
});
