import { describe, expect, it } from 'vitest';
import { crashFaults } from '../support/crash-bench.ts';
import { isEverythingRequired } from '../support/require-component.ts';

const LOOP_MS_MAX = 300_000;
const isAll = isEverythingRequired();

describe('a crash before or after a call to store or source leaves every invariant whole, and one more run ends in the bytes of an undisturbed one', () => {
  describe.each([
    ['memory', isAll ? 1 : 41],
    ['filesystem', isAll ? 1 : 171],
  ] as const)('on the %s store', (store, every) => {
    const which = isAll ? 'every call' : `every ${every}. call (all with ARGOSY_TEST_REQUIRE=all)`;
    it.each(['first', 'update'] as const)(
      `${which} of the %s run`,
      async (scenario) => {
        expect(await crashFaults({ store, scenario }, every)).toEqual([]);
      },
      LOOP_MS_MAX,
    );
  });
});
