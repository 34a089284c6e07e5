import { afterAll, beforeAll, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { duckdbEngine } from '../../../services/adapters/query-engine/duckdb.ts';
import { PipelineError } from '../../../services/core/error.ts';
import { DERIVED } from '../../../services/pipelines/commerce/merge/derived.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import { makeCommerceSample } from '../../../services/sample/commerce.ts';
import { curatedSet, tableDigests, TABLES } from '../../support/commerce-curated.ts';
import { runCommerceStep } from '../../support/commerce-run.ts';
import { runCommerceWorkflow, type WorkflowRun } from '../../support/commerce-workflow.ts';
import { copyStore, START } from '../../support/pipeline.ts';
import { describeLong } from '../../support/require-component.ts';
import { type TempFolder, tempFolder } from '../../support/temp-folder.ts';

const OPTIONS = { products: 12, customers: 8, lastDay: '2026-01-31', days: 3 };
const FILES = makeCommerceSample({
  ...OPTIONS,
  seed: 31,
  transactions: 240,
  events: 120,
  reviews: 40,
});
const LAST = 'date=2026-01-31';
const SALES = [...FILES.keys()].find((key) => /^raw\/transactions\/.*31/.test(key))!;
const BAD_FILE = 'raw/reviews/date=2026-01-31/bad.csv';

let temp: TempFolder;
let dayBefore: ObjectStore;

function newStore(): ObjectStore {
  return memoryStore({ bucket: 'commerce', clock: manualClock(START) });
}

const openEngine = (folders: readonly string[]) =>
  duckdbEngine({ folders, memoryBytesMax: 256 * 2 ** 20, threads: 1, connections: 1 });

function run(store: ObjectStore, options: WorkflowRun) {
  return runCommerceWorkflow({ store, folder: temp.path, openEngine }, options);
}

function digests(store: ObjectStore): Promise<Record<string, string>> {
  return tableDigests({ store, folder: temp.path });
}

/** The store as it is the day before, and a run in which the file of the day's sales is gone once it was accepted. */
async function withoutSales(parameters: Record<string, string>) {
  const store = await copyStore(dayBefore, newStore());
  const end = await run(store, {
    name: 'failing',
    parameters,
    before: async (step) => (step === 'transactions' ? store.delete(SALES) : undefined),
  });
  return { store, end };
}

it('with strict=true the gate ends the run for a feed that failed; without, only when no feed is left', async () => {
  await using folder = await tempFolder();
  const gate = (parameters: Record<string, string>) =>
    runCommerceStep({ store: newStore(), folder: folder.path }, 'gate', { parameters });
  const failed = {
    kind: 'quality-failed',
    message: 'feeds that could not be made: transactions',
  };
  await expect(gate({ strict: 'true', transactions: 'Failed' })).rejects.toMatchObject(failed);
  await expect(gate({ transactions: 'Omitted' })).rejects.toMatchObject(failed);
  await expect(gate({ transactions: 'Succeeded' })).rejects.toMatchObject({
    message: expect.stringContaining('no feed has brought a row') as string,
  });
});

describeLong('workflows/commerce.yaml, run by the local runner', () => {
  beforeAll(async () => {
    temp = await tempFolder();
    dayBefore = newStore();
    for (const [key, bytes] of FILES) if (!key.includes(LAST)) await dayBefore.put(key, bytes);
    const end = await run(dayBefore, { name: 'before' });
    if (end.phase !== 'Succeeded') throw new Error(JSON.stringify([...end.errors]));
    for (const [key, bytes] of FILES) if (key.includes(LAST)) await dayBefore.put(key, bytes);
  }, 60_000);
  afterAll(() => temp.remove());

  it('a feed that fails stops its own tables and what is made of it; all others are shown, and the run has failed', async () => {
    const { store, end } = await withoutSales({ strict: 'false' });
    expect(end.phase).toBe('Failed');
    expect([...end.errors.keys()]).toEqual(['transactions', 'verdict']);
    expect(end.errors.get('verdict')?.message).toContain('transactions');
    const [old, now] = [await digests(dayBefore), await digests(store)];
    const stopped = [
      'transactions',
      ...DERIVED.filter(({ feeds }) => feeds.includes('transactions')).map(({ name }) => name),
    ];
    const changed = TABLES.filter((name) => now[name] !== old[name]);
    expect(stopped).toHaveLength(5);
    expect(changed.toSorted()).toEqual(TABLES.filter((name) => !stopped.includes(name)).toSorted());
  });

  it('with strict=true a feed that fails stops everything before the gate, and says which one', async () => {
    const { store, end } = await withoutSales({ strict: 'true' });
    expect(end.phase).toBe('Failed');
    expect(end.ran).not.toContain('merge');
    expect(end.errors.get('gate')).toMatchObject({
      kind: 'quality-failed',
      message: expect.stringContaining('transactions') as string,
      hint: expect.stringContaining('strict=false') as string,
    });
    expect((await curatedSet(store)).digest).toBe((await curatedSet(dayBefore)).digest);
  });

  it('recheck=true runs the gate alone and changes nothing that readers see', async () => {
    const store = await copyStore(dayBefore, newStore());
    const before = (await curatedSet(store)).digest;
    const end = await run(store, { name: 'recheck', parameters: { recheck: 'true' } });
    expect([end.phase, ...end.ran]).toEqual(['Succeeded', 'gate']);
    expect((await curatedSet(store)).digest).toBe(before);
    const failing = await run(store, {
      name: 'recheck-2',
      parameters: { recheck: 'true', 'min-products': '500' },
    });
    expect([failing.phase, failing.errors.get('gate')?.kind]).toEqual(['Failed', 'quality-failed']);
  });

  it('once the feed is there again, the next run ends as if nothing had been', async () => {
    const { store } = await withoutSales({ strict: 'false' });
    await store.put(SALES, FILES.get(SALES)!);
    const calm = await copyStore(dayBefore, newStore());
    expect((await run(store, { name: 'next' })).phase).toBe('Succeeded');
    expect((await run(calm, { name: 'calm' })).phase).toBe('Succeeded');
    expect(await digests(store)).toEqual(await digests(calm));
  });

  it('a feed whose last set the gate has refused is not shown by a run in which that feed fails', async () => {
    const store = await copyStore(dayBefore, newStore());
    const refused = await run(store, { name: 'refused', parameters: { 'min-products': '500' } });
    expect([refused.phase, ...refused.errors.keys()]).toEqual(['Failed', 'gate']);
    const end = await run(store, {
      name: 'failing',
      before: async (step) => {
        if (step === 'transactions') throw new PipelineError('input-invalid', 'gone');
      },
    });
    expect([...end.errors.keys()]).toEqual(['transactions', 'verdict']);
    const table = async (of: ObjectStore) =>
      (await curatedSet(of)).parts.filter(
        ({ attributes }) => attributes['table'] === 'transactions',
      );
    expect(await table(store)).toEqual(await table(dayBefore));
  });

  it.each([
    ['false', 'verdict', true],
    ['true', 'validate', false],
  ])('with strict=%s a refused file fails the run in %s', async (strict, step, isShown) => {
    const store = await copyStore(dayBefore, newStore());
    await store.put(BAD_FILE, Buffer.from('a,b\n1,2\n'));
    const end = await run(store, { name: 'bad-file', parameters: { strict } });
    expect([end.phase, ...end.errors.keys()]).toEqual(['Failed', step]);
    const isNew = (await curatedSet(store)).digest !== (await curatedSet(dayBefore)).digest;
    expect(isNew).toBe(isShown);
    expect(end.ran.includes('transactions')).toBe(isShown);
  });
});
