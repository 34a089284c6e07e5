import { describe, expect, it } from 'vitest';
import { crashFaults } from '../support/crash-bench.ts';
import { isEverythingRequired } from '../support/require-component.ts';

const LOOP_MS_MAX = 300_000;

describe('a crash on the filesystem store leaves every invariant whole, and one more run ends in the bytes of an undisturbed one', () => {
  const every = isEverythingRequired() ? 1 : 7;
  const which = every === 1 ? 'every call' : 'every 7th call (all with ARGOSY_TEST_REQUIRE=all)';
  it.each(['first', 'update'] as const)(
    `before and after ${which} of the %s run`,
    async (scenario) => {
      expect(await crashFaults({ store: 'filesystem', scenario }, every)).toEqual([]);
    },
    LOOP_MS_MAX,
  );
});
