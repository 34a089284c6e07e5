import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { PipelineError } from '../../services/core/error.ts';
import { crashBench, type CrashBenchOptions } from '../support/crash-bench.ts';
import { isEverythingRequired } from '../support/require-component.ts';

const LOOP_MS_MAX = 300_000;

/** Lets every call fail from each n-th call on, and tells all that was wrong, by call. */
async function outageFaults(options: CrashBenchOptions, every: number): Promise<string[]> {
  await using bench = await crashBench(options);
  const faults: string[] = [];
  for (let fromCall = 1; fromCall <= bench.calls.length; fromCall += every) {
    const found = await bench.disturb({ fromCall, error: 'unavailable' }, (error) =>
      error instanceof PipelineError && error.kind === 'unavailable'
        ? null
        : `the run ended in ${inspect(error)}`,
    );
    faults.push(...found.map((one) => `from ${fromCall} (${bench.calls[fromCall - 1]}): ${one}`));
  }
  return faults;
}

/** Lets one call to the store fail and no other; half of them are done all the same. */
async function hiccupFaults(options: CrashBenchOptions, every: number): Promise<string[]> {
  await using bench = await crashBench(options);
  const faults: string[] = [];
  for (let call = 1; call <= bench.calls.length; call += every) {
    const what = bench.calls[call - 1] ?? '';
    // A link that cannot be fetched is a problem of the run and not its end: it has its own tests.
    if (what.startsWith('fetch ')) continue;
    const when = call % 2 === 1 ? 'before' : 'after';
    const found = await bench.disturb({ call, when, error: 'unavailable' }, (error) =>
      error === null || (error instanceof PipelineError && error.kind === 'unavailable')
        ? null
        : `the run ended in ${inspect(error)}`,
    );
    faults.push(...found.map((one) => `${when} ${call} (${what}): ${one}`));
  }
  return faults;
}

const everyOnDisk = isEverythingRequired() ? 29 : 129;

describe('when every call fails from one on, the run fails as unavailable, a reader sees the old set or the new one, and the next run is clean', () => {
  const every = isEverythingRequired() ? 1 : 79;
  const which = every === 1 ? 'every call' : 'every 79th call (all with ARGOSY_TEST_REQUIRE=all)';
  it.each(['first', 'update'] as const)(
    `${which} of the %s run, memory store`,
    async (scenario) => {
      expect(await outageFaults({ store: 'memory', scenario }, every)).toEqual([]);
    },
    LOOP_MS_MAX,
  );

  it.each(['first', 'update'] as const)(
    `every ${everyOnDisk}th call of the %s run, filesystem store (29th with ARGOSY_TEST_REQUIRE=all)`,
    async (scenario) => {
      expect(await outageFaults({ store: 'filesystem', scenario }, everyOnDisk)).toEqual([]);
    },
    LOOP_MS_MAX,
  );
});

describe('when one call to the store fails once, the run fails as unavailable or goes on, nothing is taken for bad input, and the next run is clean', () => {
  const every = isEverythingRequired() ? 1 : 79;
  const which = every === 1 ? 'every call' : 'every 79th call (all with ARGOSY_TEST_REQUIRE=all)';
  it.each(['first', 'update'] as const)(
    `${which} of the %s run, memory store`,
    async (scenario) => {
      expect(await hiccupFaults({ store: 'memory', scenario }, every)).toEqual([]);
    },
    LOOP_MS_MAX,
  );
});
