import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../../services/core/manifest.ts';
import type { QueryEngine } from '../../../services/ports/query-engine.ts';
import { brokenInvariants } from '../../support/invariants.ts';
import {
  contentOf,
  goodRun,
  openOwnEngine,
  recordOf,
  resultOf,
  type RunOutcome,
  runPipeline,
} from '../../support/pipeline.ts';
import { type StepsBench, stepsBench } from '../../support/steps-bench.ts';
import { siteOf, tinyCsv, type TinySite, zipOf, zipPath } from '../../support/tiny-site.ts';

const MEMBER = '6_Portfolios_2x3.CSV';
const NO_TABLE = 'This file was moved.\nSee the new page.\n';

let steps: StepsBench;
let site: TinySite;
let runs = 0;

async function begin(files: Record<string, Uint8Array | null>): Promise<void> {
  site = siteOf(files);
  steps = await stepsBench(site);
  runs = 0;
}

const run = (parameters: Record<string, string> = {}, logicalDate = '2026-11-21') =>
  goodRun(steps.bench, { runId: `run-${(runs += 1)}`, parameters, logicalDate });

const steppedOver = ({ results }: RunOutcome) => [...results.keys()].join(' ');
const NOTHING_NEW = 'fetch catalogue tables exit';
const good = (made: string, nudge = 0) => zipOf({ [MEMBER]: tinyCsv({ made, nudge }) });

async function visible(sql: string): Promise<unknown[][]> {
  return (await steps.withDatabase((db) => db.select(sql))).rows;
}

afterEach(async () => {
  const broken = await brokenInvariants(steps.bench, steps.bench.folder);
  await steps[Symbol.asyncDispose]();
  if (broken.length > 0) throw new Error(broken.join('\n'));
});

describe('a CSV that cannot be parsed', () => {
  const bad = zipPath('201807');
  const files = () => ({
    [zipPath('201707')]: good('201707'),
    [zipPath('201801')]: good('201801'),
    [bad]: zipOf({ [MEMBER]: NO_TABLE }),
  });

  it('among good ones is refused with its reason, and the others are published', async () => {
    await begin(files());
    const outcome = await run();
    expect(resultOf(outcome, 'transform')).toMatchObject({
      counts: { objectsRead: 3, objectsFailed: 1 },
      problems: [
        {
          object: 'raw_data/csv/july18_6_Portfolios_2x3.CSV',
          message: expect.stringContaining('no block'),
        },
      ],
    });
    expect(await visible('SELECT DISTINCT ingestion_date FROM raw_data ORDER BY 1')).toEqual([
      ['2017-07-31'],
      ['2018-01-31'],
    ]);
    expect(
      JSON.parse(await steps.text('_records/refused-csvs/july18_6_Portfolios_2x3.json')),
    ).toEqual({
      key: 'raw_data/csv/july18_6_Portfolios_2x3.CSV',
      sha256: sha256(NO_TABLE),
      parser: '1',
      message: expect.stringContaining('no block'),
    });
    expect((await recordOf(steps.store)).problems).toHaveLength(1);
  });

  it('is not tried again until it changes, and then it is published', async () => {
    await begin(files());
    await run();
    expect(steppedOver(await run({}, '2026-11-22'))).toBe(NOTHING_NEW);
    site.files.set(bad, good('201807'));
    await run({}, '2026-11-23');
    expect(await visible('SELECT max(ingestion_date) FROM raw_data')).toEqual([['2018-07-31']]);
    expect(steppedOver(await run({}, '2026-11-24'))).toBe(NOTHING_NEW);
  });

  it('in place of a good one leaves the good one readable', async () => {
    await begin(files());
    await run();
    site.files.set(zipPath('201707'), zipOf({ [MEMBER]: NO_TABLE }));
    const outcome = await runPipeline(steps.bench, { runId: 'run-x', logicalDate: '2026-11-22' });
    expect(outcome.error).toMatchObject({ kind: 'input-invalid' });
    expect(
      await visible("SELECT count(*) FROM raw_data WHERE ingestion_date = '2017-07-31'"),
    ).toEqual([[8]]);
  });

  it('and no other fails the run as input-invalid: it never succeeds with no file', async () => {
    await begin({ [bad]: zipOf({ [MEMBER]: NO_TABLE }) });
    const outcome = await runPipeline(steps.bench);
    expect(outcome.error).toMatchObject({
      kind: 'input-invalid',
      message: expect.stringContaining('none of 1 CSVs could be read'),
    });
    expect(await visible('SELECT count(*) FROM raw_data')).toEqual([[0]]);
  });

  it('in every shard fails the run too', async () => {
    const texts = { 'One.CSV': NO_TABLE, 'Two.CSV': NO_TABLE };
    await begin({ [bad]: zipOf(texts) });
    const { error } = await runPipeline(steps.bench, { parameters: { 'shard-size': '1' } });
    expect(error).toMatchObject({
      kind: 'input-invalid',
      message: expect.stringContaining('none of 2 CSVs could be read'),
    });
  });

  it('alone in its shard does not keep the good ones of other shards from being seen', async () => {
    await begin(files());
    const { error } = await runPipeline(steps.bench, { parameters: { 'shard-size': '1' } });
    expect(error).toBeNull();
    expect(await visible('SELECT DISTINCT ingestion_date FROM raw_data ORDER BY 1')).toEqual([
      ['2017-07-31'],
      ['2018-01-31'],
    ]);
  });
});

describe('rows that no block can take', () => {
  it('land in _quarantine/ with object, line, rule and text, and are counted', async () => {
    await begin({ [zipPath('201707')]: zipOf({ [MEMBER]: tinyCsv({ rejects: 2 }) }) });
    const outcome = await run();
    expect(resultOf(outcome, 'transform').counts).toMatchObject({
      rowsRead: 10,
      rowsWritten: 8,
      rowsRejected: 2,
    });
    const keys = await steps.keys('_quarantine/');
    const hash8 = sha256(tinyCsv({ rejects: 2 })).slice(0, 8);
    expect(keys).toEqual([
      `_quarantine/raw_data/2017-07-31/july17_6_Portfolios_2x3-${hash8}.jsonl`,
    ]);
    const text = await steps.text(keys[0] ?? '');
    const object = 'raw_data/csv/july17_6_Portfolios_2x3.CSV';
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { object, line: 6, rule: 'date_invalid', text: '201713,   1.0,   2.0' },
      { object, line: 7, rule: 'date_invalid', text: '201714,   1.0,   2.0' },
    ]);
  });
});

describe('portfolios with names that SQL could trip over', () => {
  it('survive as they are', async () => {
    const names = [
      'value',
      'portfolio',
      'date_format',
      'metric_type',
      'block',
      'select',
      `it's`,
      'a"b',
      '"; drop table x; --',
      'a;b',
      '$1',
      '{{x}}',
      'é',
      '日本',
      'p_value',
      '*',
      '(1)',
      "'",
      '"',
      '\\',
    ];
    const text = `\n  Average Market Cap\n,${names.join(',')}\n201701,${names.map((_, at) => at).join(',')}\n`;
    await begin({ [zipPath('201707')]: zipOf({ [MEMBER]: text }) });
    await run();
    const rows = await visible('SELECT portfolio, value FROM raw_data ORDER BY value');
    expect(rows).toEqual(names.map((name, at) => [name.replaceAll(/[\s-]+/g, '_'), at]));
  });
});

describe('a ZIP whose member has an odd name', () => {
  it.each([
    `it's; "odd".csv`,
    'transformed_data.csv',
    '%2e%2e.csv',
    'é 日本.csv',
    '$1 {{x}}.csv',
    '-.csv',
  ])('%s is published and seen', async (name) => {
    await begin({ [zipPath('201707')]: zipOf({ [name]: tinyCsv() }) });
    await run();
    expect(await visible('SELECT DISTINCT src_filename FROM raw_data')).toEqual([
      [`july17_${name.slice(0, -4)}.CSV`],
    ]);
    const before = await contentOf(steps.store);
    expect(steppedOver(await run())).toBe(NOTHING_NEW);
    expect(await contentOf(steps.store)).toEqual(before);
  });
});

describe('objects below transformed_data/ that no run made', () => {
  it('get a row with their status in the map, are no rows of raw_data, and are told', async () => {
    await begin({ [zipPath('201707')]: good('201707') });
    await run();
    await steps.store.put('transformed_data/foreign.parquet', Buffer.from('no parquet'));
    const part =
      (await steps.keys('transformed_data/')).find((key) => key.includes('num_firms')) ?? '';
    const copy = (await steps.store.get(part)) ?? Buffer.of();
    await steps.store.put('transformed_data/copy.parquet', copy);
    const map = (await steps.store.get('ingestion_map/ingestion_map.parquet')) ?? Buffer.of();
    await steps.store.put('transformed_data/other.parquet', map);
    const outcome = await run();
    expect(await visible('SELECT count(*) FROM raw_data')).toEqual([[8]]);
    const sql = `SELECT src_filename, status, record_count, metric_type FROM data_ingestion_map
                 WHERE status <> 'success' ORDER BY ALL`;
    expect(await visible(sql)).toEqual([
      ['foreign.parquet', 'failed', 0, 'unknown'],
      ['other.parquet', 'metadata_extraction_failed', 2, 'unknown'],
    ]);
    expect(resultOf(outcome, 'catalogue').problems.map(({ object }) => object.slice(-15))).toEqual([
      'ta/copy.parquet',
      'foreign.parquet',
      'a/other.parquet',
    ]);
  });

  it('that were committed and are gone are put back by the next run', async () => {
    await begin({ [zipPath('201707')]: good('201707') });
    await run();
    const part =
      (await steps.keys('transformed_data/')).find((key) => key.includes('num_firms')) ?? '';
    const bytes = (await steps.store.get(part)) ?? Buffer.of();
    await steps.store.delete(part);
    const outcome = await run();
    expect(resultOf(outcome, 'catalogue').problems).toEqual([]);
    expect(await steps.store.get(part)).toEqual(bytes);
    expect(await visible('SELECT count(*) FROM raw_data')).toEqual([[8]]);
  });
});

describe('a Parquet object', () => {
  let engine: QueryEngine;
  let path: string;

  beforeEach(async () => {
    await begin({ [zipPath('201707')]: good('201707') });
    await run();
    engine = await openOwnEngine([steps.bench.folder]);
    path = `${steps.bench.folder}/part.parquet`;
    const key = 'transformed_data/july17_6_Portfolios_2x3_num_firms.parquet';
    await writeFile(path, (await steps.store.get(key)) ?? '');
  });

  afterEach(() => engine.close());

  it('has the five columns of raw_data and src_filename, by name and type', async () => {
    const { columns } = await engine.query(`FROM read_parquet('${path}')`);
    expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'date_format VARCHAR',
      'portfolio VARCHAR',
      'metric_type VARCHAR',
      'value DOUBLE',
      'ingestion_date DATE',
      'src_filename VARCHAR',
    ]);
  });

  it('is packed with Snappy and has statistics of each column', async () => {
    const { rows } = await engine.query(
      `SELECT DISTINCT compression, stats_min_value IS NOT NULL FROM parquet_metadata('${path}')`,
    );
    expect(rows).toEqual([['SNAPPY', true]]);
  });
});

it('rows with a number too few or too many are padded or cut, and the run tells which and counts them', async () => {
  const damaged = tinyCsv()
    .replace(/^(201706,[^,]+),.*$/m, '$1')
    .replace('201707,   101,', '201707,   101,   7,');
  await begin({ [zipPath('201707')]: zipOf({ [MEMBER]: damaged }) });
  const outcome = await run();
  const { counts, problems } = resultOf(outcome, 'transform');
  expect(counts).toMatchObject({ rowsRead: 8, rowsWritten: 8, rowsRejected: 0 });
  expect(outcome.checks.get('row-valid')).toBe(2);
  expect(problems.map(({ message }) => message)).toEqual([
    '1 row has fewer numbers than the header, the last columns are NULL; look at line 5',
    '1 row has more numbers than the header, the last are dropped; look at line 11',
  ]);
});

it('cells that hold no number are NULL, and the run tells how many and where', async () => {
  const text = tinyCsv().replace(/^(\d{6},)\s*[-\d.]+/m, '$1 abc');
  await begin({ [zipPath('201707')]: zipOf({ [MEMBER]: text }) });
  const outcome = await run();
  expect(resultOf(outcome, 'transform').problems).toEqual([
    {
      object: 'raw_data/csv/july17_6_Portfolios_2x3.CSV',
      message: expect.stringMatching(/^1 cell holds no number and is NULL \(line \d+\)$/),
    },
  ]);
  // Two more are the file's own code for missing values.
  expect(await visible('SELECT count(*) FROM raw_data WHERE value IS NULL')).toEqual([[3]]);
});
