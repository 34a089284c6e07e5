import { expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { LIFECYCLE } from '../../../services/pipelines/commerce/upkeep/lifecycle.ts';
import {
  expire,
  planLifecycle,
  s3Lifecycle,
} from '../../../services/stages/observe/lifecycle/plan.ts';

const STORED = new Date('2026-01-01T00:00:00Z');
const KEYS = ['raw/a', 'processed/a', 'curated/a', 'athena-results/a', '_records/a', 'reports/a'];

/** A bucket with one object below each prefix, and what the rules say of it so many days later. */
async function after(days: number) {
  const store = memoryStore({ bucket: 'b', clock: manualClock(STORED) });
  for (const key of KEYS) await store.put(key, Buffer.from('x'));
  const ports = { store, signal: new AbortController().signal };
  const now = new Date(STORED.getTime() + days * 86_400_000);
  const plans = await planLifecycle(ports, { now, rules: LIFECYCLE });
  const keys = async () => {
    const found: string[] = [];
    for await (const { key } of store.list('')) found.push(key);
    return found;
  };
  const state = plans.map(({ infrequent, archive, expired }) =>
    expired.length > 0 ? 'expired' : archive > 0 ? 'archive' : infrequent > 0 ? 'infrequent' : '',
  );
  const old = plans.flatMap(({ expired }) => expired);
  return { store, ports, old, keys, state };
}

it.each([
  [0, ['', '', '', '']],
  [6.99, ['', '', '', '']],
  [7, ['', '', '', 'expired']],
  [30, ['infrequent', '', '', 'expired']],
  [60, ['infrequent', 'infrequent', '', 'expired']],
  [90, ['archive', 'infrequent', 'infrequent', 'expired']],
  [180, ['archive', 'archive', 'infrequent', 'expired']],
  [364.99, ['archive', 'archive', 'infrequent', 'expired']],
  [365, ['expired', 'archive', 'infrequent', 'expired']],
  [5000, ['expired', 'archive', 'infrequent', 'expired']],
])('after %d days raw, processed, curated and results are %j', async (days, state) => {
  expect((await after(days)).state).toEqual(state);
});

it('a plan changes nothing; what has expired is removed, and nothing else', async () => {
  const { ports, old, keys } = await after(400);
  expect(await keys()).toEqual(KEYS.toSorted());
  expect(await expire(ports, old)).toBe(2);
  expect(await keys()).toEqual(['_records/a', 'curated/a', 'processed/a', 'reports/a']);
  expect(await expire(ports, old)).toBe(0);
});

it('an object that was stored again after the plan stays', async () => {
  const { store, ports, old, keys } = await after(400);
  await store.put('raw/a', Buffer.from('new bytes'));
  expect(await expire(ports, old)).toBe(1);
  expect(await keys()).toContain('raw/a');
});

it('S3 is given the same rules', () => {
  const { Rules: rules } = s3Lifecycle(LIFECYCLE) as { Rules: Record<string, unknown>[] };
  expect(rules).toHaveLength(LIFECYCLE.length);
  expect(rules[0]).toEqual({
    ID: 'argosy-raw',
    Status: 'Enabled',
    Filter: { Prefix: 'raw/' },
    Transitions: [
      { Days: 30, StorageClass: 'STANDARD_IA' },
      { Days: 90, StorageClass: 'GLACIER' },
    ],
    Expiration: { Days: 365 },
  });
  expect(rules[3]).not.toHaveProperty('Transitions');
});
