import { expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import { claimRunName } from '../../../services/cli/run/run-claim.ts';
import { PipelineError } from '../../../services/core/error.ts';

const clock = manualClock(new Date('2026-11-21'));
const wanted = { name: 'p-20261121-000000', startedAt: clock.now() };

it('runs that start in the same second get names of their own, also side by side', async () => {
  const records = objectRecords(memoryStore({ bucket: 'b', clock }));
  const names = await Promise.all([1, 2, 3].map(() => claimRunName(records, 'p', wanted)));
  expect(names.toSorted()).toEqual([wanted.name, `${wanted.name}-2`, `${wanted.name}-3`]);
  expect(await claimRunName(records, 'other', wanted)).toBe(wanted.name);
});

it('a claim of unknown outcome is left alone for the next name', async () => {
  const store = memoryStore({ bucket: 'b', clock });
  let calls = 0;
  const records = objectRecords({
    ...store,
    putIfAbsent: (key, body) => {
      calls += 1;
      if (calls > 1) return store.putIfAbsent(key, body);
      throw new PipelineError('commit-unknown', 'no answer');
    },
  });
  expect(await claimRunName(records, 'p', wanted)).toBe(`${wanted.name}-2`);
});
