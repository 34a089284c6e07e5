import { afterEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { filesystemStore } from '../../../services/adapters/object-store/filesystem.ts';
import { sha256 } from '../../../services/core/manifest.ts';
import {
  type Bench,
  goodRun,
  resultOf,
  type RunOutcome,
  runPipeline,
  START,
} from '../../support/pipeline.ts';
import { type StepsBench, stepsBench } from '../../support/steps-bench.ts';
import { siteOf, tinyCsv, type TinySite, zipOf, zipPath } from '../../support/tiny-site.ts';

const MEMBER = '6_Portfolios_2x3.CSV';
const good = (made: string) => zipOf({ [MEMBER]: tinyCsv({ made }) });
const DAYS = 'SELECT DISTINCT ingestion_date FROM raw_data ORDER BY 1';

let steps: StepsBench;
let site: TinySite;
let runs = 0;

async function begin(files: Record<string, Uint8Array | null>): Promise<void> {
  site = siteOf(files);
  steps = await stepsBench(site);
  runs = 0;
}

const nextId = () => `run-${(runs += 1)}`;
const tryRun = (over: Partial<Bench> = {}, parameters: Record<string, string> = {}) =>
  runPipeline({ ...steps.bench, ...over }, { runId: nextId(), parameters });
const run = (parameters: Record<string, string> = {}) =>
  goodRun(steps.bench, { runId: nextId(), parameters });
const visible = async (sql: string) =>
  (await steps.withDatabase((db) => db.select(sql))).rows as unknown[][];
const steppedOver = ({ results }: RunOutcome) => [...results.keys()].join(' ');

afterEach(() => steps[Symbol.asyncDispose]());

describe('a member of a ZIP', () => {
  it.each([
    ['a surrogate at the cut', `${'x'.repeat(119)}\u{1F6A2}.csv`],
    ['110 CJK characters', `${'日'.repeat(110)}.csv`],
    ['what a pattern is made of', 'a*b?[c].csv'],
  ])('with %s in its name is published and seen', async (_what, name) => {
    await begin({ [zipPath('201707')]: zipOf({ [name]: tinyCsv() }) });
    await run();
    expect(await visible('SELECT count(*) FROM raw_data')).toEqual([[8]]);
  });

  it('named as a pattern is read once from a folder store', async () => {
    await begin({ [zipPath('201707')]: zipOf({ 'x*.csv': tinyCsv(), 'xy.csv': tinyCsv() }) });
    const { folder } = steps.bench;
    const store = filesystemStore({ folder, bucket: 'b', clock: manualClock(START) });
    const { error, results } = await tryRun({ store });
    expect(error).toBeNull();
    expect(results.get('tables')?.[0]?.outputs).toEqual({ rows: '16' });
  });
});

describe('CSVs of one ZIP', () => {
  it('are told apart in keys and metrics by a slug, and keep their units', async () => {
    const members = { 'One factor.CSV': tinyCsv(), 'Two.csv': tinyCsv(), '日.csv': tinyCsv() };
    await begin({ [zipPath('201707')]: zipOf(members) });
    await run();
    expect(
      await visible('SELECT DISTINCT metric_type, unit FROM data_ingestion_map ORDER BY 1'),
    ).toEqual([
      ['num_firms_csv', 'count'],
      ['num_firms_one_factor', 'count'],
      ['num_firms_two', 'count'],
      ['value_weighted_return_csv', 'percent'],
      ['value_weighted_return_one_factor', 'percent'],
      ['value_weighted_return_two', 'percent'],
    ]);
    expect(await steps.keys('transformed_data/july17_Two')).toEqual([
      'transformed_data/july17_Two_num_firms_two.parquet',
      'transformed_data/july17_Two_value_weighted_return_two.parquet',
    ]);
    expect(steppedOver(await run())).toBe('fetch catalogue tables exit');
  });

  it('get it though the bytes of one are those that were alone before', async () => {
    await begin({ [zipPath('201707')]: zipOf({ 'One.CSV': tinyCsv() }) });
    await run();
    const both = { 'One.CSV': tinyCsv(), 'Two.CSV': tinyCsv() };
    site.files.set(zipPath('201707'), zipOf(both));
    await run();
    expect(await visible('SELECT DISTINCT metric_type FROM raw_data ORDER BY 1')).toEqual([
      ['num_firms_one'],
      ['num_firms_two'],
      ['value_weighted_return_one'],
      ['value_weighted_return_two'],
    ]);
  });
});

describe('rejected rows', () => {
  it('of two versions of a CSV are both kept', async () => {
    const of = (rejects: number) => tinyCsv({ rejects });
    await begin({ [zipPath('201707')]: zipOf({ [MEMBER]: of(1) }) });
    await run();
    site.files.set(zipPath('201707'), zipOf({ [MEMBER]: of(2) }));
    await run();
    const stem = '_quarantine/raw_data/2017-07-31/july17_6_Portfolios_2x3';
    const keys = [of(1), of(2)].map((text) => `${stem}-${sha256(text).slice(0, 8)}.jsonl`);
    expect(await steps.keys('_quarantine/')).toEqual(keys.toSorted());
  });

  it('of a CSV that is refused as a whole are kept and counted', async () => {
    await begin({
      [zipPath('201707')]: good('201707'),
      [zipPath('201801')]: zipOf({ [MEMBER]: '201701, 1.0\n201702, 2.0\n' }),
    });
    const outcome = await run();
    const [key] = await steps.keys('_quarantine/');
    expect((await steps.text(key ?? '')).split('\n')[0]).toContain('no_header');
    expect(resultOf(outcome, 'transform').counts).toMatchObject({ rowsRead: 10, rowsRejected: 2 });
  });
});

describe('parameters that cannot be', () => {
  it.each([{ force: 'yes' }, { 'min-year': 'x' }, { vintage: 'x' }])(
    '%j end the run before anything is asked of the site',
    async (parameters) => {
      await begin({ [zipPath('201707')]: good('201707') });
      let asked = 0;
      const source: Bench['source'] = {
        fetch: (request) => {
          asked += 1;
          return site.source.fetch(request);
        },
      };
      const { error } = await tryRun({ source }, parameters);
      expect(error).toMatchObject({ kind: 'config-invalid' });
      expect(asked).toBe(0);
    },
  );

  it('shard-size ends the run before anything is extracted', async () => {
    await begin({ [zipPath('201707')]: good('201707') });
    const { error } = await tryRun({}, { 'shard-size': '0' });
    expect(error).toMatchObject({ kind: 'config-invalid' });
    expect(await steps.keys('raw_data/csv/')).toEqual([]);
  });
});

it('shards of an earlier try of the same run are not counted when none could be read', async () => {
  const [one, two] = [zipPath('201707'), zipPath('201801')];
  const bad = (text: string) => zipOf({ [MEMBER]: text });
  await begin({ [one]: bad('nothing\n'), [two]: good('201801') });
  const options = { runId: 'same', parameters: { 'shard-size': '1' } };
  await goodRun(steps.bench, options);
  site.files.set(one, bad('nothing again\n'));
  const { error } = await runPipeline(steps.bench, options);
  expect(error).toMatchObject({ message: expect.stringContaining('none of 1 CSVs') });
});

it('a page in UTF-8 keeps the links whose file names are not ASCII', async () => {
  const path = 'ftp/Größe_CSV_201707.zip';
  await begin({ [path]: good('201707') });
  await run();
  expect(await visible(DAYS)).toEqual([['2017-07-31']]);
});
