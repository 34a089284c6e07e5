import { afterAll, beforeAll, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import { commercePartitions } from '../../../services/pipelines/commerce/partitions.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import { makeCommerceSample } from '../../../services/sample/commerce.ts';
import { runCommerce } from '../../support/commerce-run.ts';
import { copyStore, sharedEngine, START } from '../../support/pipeline.ts';
import { putRun, standings, statuses } from '../../support/partitions.ts';
import { describeLong } from '../../support/require-component.ts';
import { type TempFolder, tempFolder } from '../../support/temp-folder.ts';

const FILES = makeCommerceSample({
  products: 12,
  customers: 8,
  lastDay: '2026-01-31',
  days: 2,
  seed: 5,
  transactions: 60,
  events: 30,
  reviews: 10,
});
const LAST = 'date=2026-01-31';
const PARAMETERS = { 'min-transactions': '1', 'min-products': '1', 'freshness-hours': '9999' };
const NEVER = new AbortController().signal;
const WANTED = { pipeline: 'commerce' };

let temp: TempFolder;
let engine: Awaited<ReturnType<typeof sharedEngine>>;
let before: ObjectStore;

const newStore = () => memoryStore({ bucket: 'commerce', clock: manualClock(START) });
const bench = (store: ObjectStore) => ({ store, folder: temp.path, openEngine: engine.openEngine });

/** A shop whose last day is not taken yet. */
beforeAll(async () => {
  temp = await tempFolder();
  engine = await sharedEngine(temp.path);
  before = newStore();
  for (const [key, bytes] of FILES) if (!key.includes(LAST)) await before.put(key, bytes);
  await runCommerce(bench(before), { parameters: PARAMETERS });
  for (const [key, bytes] of FILES) if (key.includes(LAST)) await before.put(key, bytes);
}, 60_000);
afterAll(async () => {
  await engine.close();
  await temp.remove();
});

it('are feeds by day: done where readers see all files, missing where one is not taken', async () => {
  const found = await standings(commercePartitions, before, { ...WANTED, from: '2026-01-30' });
  expect(found).toMatchObject({
    '2026-01-30/transactions': 'done',
    '2026-01-31/transactions': 'missing',
    '2026-01-31/reviews': 'missing',
    '2026-01-31/products': 'missing',
  });
});

it('are missing when a part that was made of them is gone, and a run for that day makes it again', async () => {
  const store = await copyStore(before, newStore());
  const to = '2026-01-30';
  const asked = { ...WANTED, to };
  for (const prefix of ['curated/transactions/', 'processed/reviews/', 'curated/sessions/']) {
    for await (const { key } of before.list(prefix)) await store.delete(key);
  }
  const found = await statuses(commercePartitions, store, asked);
  expect(found.map(({ lane, state }) => [lane, state])).toEqual([
    ['clickstream', 'missing'],
    ['products', 'done'],
    ['reviews', 'missing'],
    ['transactions', 'missing'],
  ]);
  const partitions = found.filter(({ state }) => state === 'missing');
  const rest = { planDay: to, store, records: objectRecords(store), signal: NEVER };
  const { parameters } = await commercePartitions.workOf({ work: to, partitions, ...rest });
  await runCommerce(bench(store), { runId: 'run-4', parameters: { ...PARAMETERS, ...parameters } });
  const after = Object.values(await standings(commercePartitions, store, asked));
  expect(new Set(after)).toEqual(new Set(['done']));
}, 60_000);

describeLong('partitions of commerce', () => {
  it('are made by a run for their day alone, and are known again by the next', async () => {
    const store = await copyStore(before, newStore());
    const changed = [...FILES].find(([key]) => key.startsWith('raw/transactions/date=2026-01-30'));
    const [key = '', bytes = Buffer.from('')] = changed ?? [];
    await store.put(key, Buffer.concat([bytes, Buffer.from('\n')]));
    const stale = await standings(commercePartitions, store, WANTED);
    expect(stale).toMatchObject({ '2026-01-30/transactions': 'stale' });
    const parameters = { ...PARAMETERS, dates: '2026-01-31' };
    await runCommerce(bench(store), { runId: 'run-2', parameters });
    expect(await standings(commercePartitions, store, WANTED)).toMatchObject({
      '2026-01-30/transactions': 'stale',
      '2026-01-31/transactions': 'done',
      '2026-01-31/clickstream': 'done',
      '2026-01-31/reviews': 'done',
      '2026-01-31/products': 'done',
    });
    const forced = { ...PARAMETERS, dates: '2026-01-31', force: 'true' };
    const again = await runCommerce(bench(store), { runId: 'run-3', parameters: forced });
    expect(again.get('transactions')?.outputs).toMatchObject({ files: '1', changed: 'false' });
  }, 60_000);
});

it('are failed where a file is refused, or the last run was, and missing where none has come', async () => {
  const store = await copyStore(before, newStore());
  await store.put('raw/reviews/date=2026-02-02/bad.csv', Buffer.from('a,b\n1,2\n'));
  await runCommerce(bench(store), { parameters: { ...PARAMETERS, dates: '2026-02-02' } });
  const run = { run_id: 'run-9', workflow: 'commerce', logical_date: '2026-02-02' };
  const none = await statuses(commercePartitions, store, { ...WANTED, from: '2026-02-01' });
  expect(none.map(({ partition, state }) => [partition, state])).toContainEqual([
    '2026-02-01/reviews',
    'missing',
  ]);
  // Products come when they have changed.
  expect(none.map(({ partition }) => partition)).not.toContain('2026-02-01/products');
  const refused = none.find(({ partition }) => partition === '2026-02-02/reviews');
  expect([refused?.state, refused?.work]).toEqual(['failed', null]);
  expect(refused?.reason).toContain('column');
  const sales = [...FILES.keys()].find((key) => key.includes('transactions/date=2026-01-30')) ?? '';
  await store.delete(sales);
  const gone = await standings(commercePartitions, store, WANTED);
  expect(gone['2026-01-30/transactions']).toBe('stale');
  await putRun(store, { ...run, status: 'failed', started_at: '2027-01-01T00:00:00.000Z' });
  const now = new Date('2027-01-01T12:00:00Z');
  const after = await standings(commercePartitions, store, { ...WANTED, now });
  expect(after).toMatchObject({
    '2026-01-31/transactions': 'failed',
    '2026-01-30/clickstream': 'done',
  });
}, 60_000);
