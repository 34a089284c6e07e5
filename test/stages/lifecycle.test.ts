import { expect, it } from 'vitest';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../services/adapters/record-store/object.ts';
import { commitKey, encodeCommit, makeCommit, sha256 } from '../../services/core/manifest.ts';
import { WINGS } from '../../services/cli/commands.ts';
import { namedKeys } from '../../services/stages/observe/lifecycle/named.ts';
import { oldRuns } from '../../services/stages/observe/lifecycle/old-runs.ts';
import { expire, planLifecycle } from '../../services/stages/observe/lifecycle/plan.ts';
import type { PipelineProofs } from '../../services/stages/observe/verify/claim.ts';

const STORED = new Date('2026-01-01T00:00:00Z');
const NO_PROOFS: PipelineProofs = { claims: async function* () {}, zones: [] };

/** A bucket in which everything was stored on the first of January, seen so many days later. */
function bench(days: number) {
  const clock = manualClock(STORED);
  const store = memoryStore({ bucket: 'b', clock });
  const now = new Date(STORED.getTime() + days * 86_400_000);
  const { signal } = new AbortController();
  return { store, records: objectRecords(store), sideStore: () => store, now, signal, clock };
}

it('what the newest commit names stays, however old; what only an older one names goes', async () => {
  const ports = bench(400);
  for (const [version, key] of [
    [1, 'old/a'],
    [2, 'old/b'],
  ] as const) {
    await ports.store.put(key, Buffer.from(key));
    const part = { key, sizeBytes: 5, rows: 1, sha256: sha256(key), attributes: {} };
    const of = { dataset: 'd', partition: 'p', version, attributes: {}, parts: [part] };
    await ports.store.put(commitKey('d', 'p', version), encodeCommit(makeCommit(of)));
  }
  const rule = { prefix: 'old/', infrequentDays: null, archiveDays: null, expireDays: 30 };
  const named = await namedKeys(ports, NO_PROOFS);
  const [plan] = await planLifecycle(ports, { now: ports.now, rules: [rule], named });
  expect(plan).toMatchObject({ objects: 2, named: 1 });
  expect(await expire(ports, plan?.expired ?? [])).toBe(1);
  expect(await keysIn(ports.store, 'old/')).toEqual(['old/b']);
});

it('while a commit is damaged nothing is said to have expired', async () => {
  const ports = bench(400);
  await ports.store.put(commitKey('d', 'p', 1), Buffer.from('{}'));
  await expect(namedKeys(ports, NO_PROOFS)).rejects.toMatchObject({ kind: 'input-invalid' });
});

it('records of old runs go, but for the last good one of each date and what is young', async () => {
  const ports = bench(0);
  const run = async (id: string, of: { date: string; status: string; at: string }) => {
    const { date, status, at } = of;
    await ports.records.put('steps/finance', `${id}/step-load-1`, {});
    await ports.records.put('steps/finance', `${id}/report`, {});
    await ports.records.put('runs/finance', id, { logical_date: date, status, started_at: at });
  };
  await run('first', { date: '2026-01-01', status: 'success', at: '2026-01-01T01:00:00Z' });
  await run('again', { date: '2026-01-01', status: 'success', at: '2026-01-01T02:00:00Z' });
  await run('failed', { date: '2026-01-01', status: 'failed', at: '2026-01-01T03:00:00Z' });
  await ports.clock.advance(100 * 86_400_000);
  await run('young', { date: '2026-04-11', status: 'failed', at: '2026-04-11T03:00:00Z' });
  const later = { ...ports, now: new Date(STORED.getTime() + 120 * 86_400_000) };
  const { runs, kept, expired } = await oldRuns(later, 'finance');
  expect({ runs, kept }).toEqual({ runs: 4, kept: 1 });
  expect(await expire(ports, expired)).toBe(expired.length);
  expect(await keysIn(ports.store, '_records/')).toEqual([
    '_records/runs/finance/again.json',
    '_records/runs/finance/young.json',
    '_records/steps/finance/again/report.json',
    '_records/steps/finance/young/report.json',
    '_records/steps/finance/young/step-load-1.json',
  ]);
});

it('records of steps go before that of their run, so that none is left without it', async () => {
  const ports = bench(0);
  await ports.records.put('steps/finance', 'run-1/claim', {});
  const record = {
    logical_date: '2026-01-01',
    status: 'failed',
    started_at: '2026-01-01T01:00:00Z',
  };
  await ports.records.put('runs/finance', 'run-1', record);
  const now = new Date(STORED.getTime() + 120 * 86_400_000);
  const { expired } = await oldRuns({ ...ports, now }, 'finance');
  expect(expired.map(({ key }) => key)).toEqual([
    '_records/steps/finance/run-1/claim.json',
    '_records/runs/finance/run-1.json',
  ]);
});

it('every pipeline has rules, and none of them lets records or commits expire as a whole', async () => {
  for (const [name, wing] of Object.entries(WINGS)) {
    const rules = (await wing.lifecycle?.()) ?? [];
    expect([name, rules.length > 0]).toEqual([name, true]);
    const removes = rules.filter(({ expireDays }) => expireDays !== null);
    for (const { prefix } of removes)
      expect(['_records/runs/', '_records/steps/', '_commits/', ''].includes(prefix)).toBe(false);
  }
});

async function keysIn(store: ReturnType<typeof memoryStore>, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}
