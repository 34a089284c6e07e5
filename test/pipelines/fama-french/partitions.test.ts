import { afterEach, beforeEach, expect, it } from 'vitest';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import { frenchPartitions } from '../../../services/pipelines/fama-french/partitions.ts';
import { goodRun } from '../../support/pipeline.ts';
import { putRun, standings, statuses } from '../../support/partitions.ts';
import { type StepsBench, stepsBench } from '../../support/steps-bench.ts';
import { siteOf, tinyCsv, zipOf, zipPath } from '../../support/tiny-site.ts';

const WANTED = { pipeline: 'fama-french' };
const good = (made: string, nudge = 0) =>
  zipOf({ '6_Portfolios_2x3.CSV': tinyCsv({ made, nudge }) });
let steps: StepsBench;

beforeEach(async () => {
  const site = siteOf({
    [zipPath('201707')]: good('201707'),
    [zipPath('201801')]: good('201801'),
    [zipPath('201807')]: Buffer.from('no zip'),
  });
  steps = await stepsBench({ source: site.source, pageUrl: site.pageUrl });
  await goodRun(steps.bench);
});
afterEach(() => steps[Symbol.asyncDispose]());

it('are the months of what was landed: done, or failed where the ZIP is none', async () => {
  const found = await statuses(frenchPartitions, steps.store, WANTED);
  expect(found.map(({ partition, state, work }) => [partition, state, work])).toEqual([
    ['2017-07', 'done', '2017-07'],
    ['2018-01', 'done', '2018-01'],
    ['2018-07', 'failed', null],
  ]);
  const within = { ...WANTED, from: '2017-12-31', to: '2018-01-01' };
  expect(Object.keys(await standings(frenchPartitions, steps.store, within))).toEqual(['2018-01']);
});

it('are missing when a part is gone, and made again by a run for that month alone', async () => {
  const keys = await steps.keys('transformed_data/');
  for (const key of keys) await steps.store.delete(key);
  const gone = await standings(frenchPartitions, steps.store, WANTED);
  expect(gone).toMatchObject({ '2017-07': 'missing', '2018-01': 'missing' });
  const partitions = await statuses(frenchPartitions, steps.store, { ...WANTED, to: '2017-12-31' });
  const { parameters } = await frenchPartitions.workOf({
    work: '2017-07',
    partitions,
    planDay: '2026-11-21',
    store: steps.store,
    records: objectRecords(steps.store),
    signal: new AbortController().signal,
  });
  await goodRun(steps.bench, { runId: 'run-2', parameters });
  const after = await standings(frenchPartitions, steps.store, WANTED);
  expect(after).toMatchObject({ '2017-07': 'done', '2018-01': 'missing' });
});

it('are missing until a ZIP is worked on, stale when another takes its place, failed after a bad run', async () => {
  const key = 'raw_data/6_Portfolios_2x3_CSV_201901.zip';
  await steps.store.put(key, good('201901'));
  const landed = await standings(frenchPartitions, steps.store, WANTED);
  expect(landed['2019-01']).toBe('missing');
  await goodRun(steps.bench, { runId: 'run-3', parameters: { fetch: 'false' } });
  const made = await standings(frenchPartitions, steps.store, WANTED);
  expect(made['2019-01']).toBe('done');
  await steps.store.put(key, good('201901', 1));
  const replaced = await standings(frenchPartitions, steps.store, WANTED);
  expect(replaced['2019-01']).toBe('stale');
  const run = { run_id: 'run-9', workflow: 'fama-french', logical_date: '2026-11-21' };
  await putRun(steps.store, { ...run, status: 'failed', started_at: '2026-11-22T00:00:00.000Z' });
  const failed = await standings(frenchPartitions, steps.store, WANTED);
  expect(failed).toMatchObject({ '2017-07': 'done', '2019-01': 'failed' });
});

it('is missing in the newest month when the map of all is gone, and there once a run for it was good', async () => {
  await steps.store.delete('ingestion_map/ingestion_map.parquet');
  const found = await statuses(frenchPartitions, steps.store, WANTED);
  expect(found.map(({ partition, state, work }) => [partition, state, work])).toEqual([
    ['2017-07', 'done', '2017-07'],
    ['2018-01', 'missing', '2018-01'],
    ['2018-07', 'failed', null],
  ]);
  const parameters = { fetch: 'false', vintage: '2018-01' };
  await goodRun(steps.bench, { runId: 'run-4', parameters });
  expect(await standings(frenchPartitions, steps.store, WANTED)).toMatchObject({
    '2018-01': 'done',
  });
});
