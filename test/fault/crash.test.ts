import { describe, expect, it } from 'vitest';
import { crashFaults } from '../support/crash-bench.ts';

const LOOP_MS_MAX = 300_000;

describe('a crash before or after any call to store or source leaves every invariant whole, and one more run ends in the bytes of an undisturbed one', () => {
  it.each(['first', 'update'] as const)(
    'every call of the %s run, memory store',
    async (scenario) => {
      expect(await crashFaults({ store: 'memory', scenario }, 1)).toEqual([]);
    },
    LOOP_MS_MAX,
  );
});
