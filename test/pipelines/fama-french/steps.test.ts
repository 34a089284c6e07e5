import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { httpSource } from '../../../services/adapters/source/http.ts';
import { type ArchiveServer, serveArchive } from '../../../services/sample/archive-server.ts';
import {
  makeArchive,
  SAMPLE_FIRST_YEAR,
  SAMPLE_VINTAGES,
} from '../../../services/sample/fama-french-archive.ts';
import { makeVintageCsv } from '../../../services/sample/fama-french.ts';
import { csvRecords, csvRows } from '../../support/csv-rows.ts';
import { brokenInvariants } from '../../support/invariants.ts';
import { goodRun, recordOf, resultOf, type RunOutcome, START } from '../../support/pipeline.ts';
import { type StepsBench, stepsBench } from '../../support/steps-bench.ts';

const SEED = 1;
const METRICS = [
  'average_market_cap',
  'equal_weighted_return',
  'equal_weighted_return_annual',
  'net_stock_issuance_dec',
  'net_stock_issuance_jun',
  'num_firms',
  'value_weight_average_investment',
  'value_weight_average_op',
  'value_weighted_return',
  'value_weighted_return_annual',
];
const STEMS = ['july17', 'january18', 'july18', 'july19', 'february20', 'july20'].map(
  (month) => `${month}_6_Portfolios_2x3`,
);

/** Rows x 6 portfolios, counted in the text of a vintage and not by the parser. */
function longRows(year: number, month: number): number {
  const text = makeVintageCsv({ year, month, firstYear: SAMPLE_FIRST_YEAR, seed: SEED });
  return 6 * text.split('\n').filter((line) => /^\s*\d{4,6}\s*,/.test(line)).length;
}

const rowsOf = new Map(
  SAMPLE_VINTAGES.map(({ year, month }, at) => [STEMS[at], longRows(year, month)]),
);
const allRows = [...rowsOf.values()].reduce((sum, rows) => sum + rows, 0);

describe('fama-french on the sample archive, by HTTP', () => {
  let server: ArchiveServer;
  let steps: StepsBench;
  let outcome: RunOutcome;

  beforeAll(async () => {
    const archive = makeArchive({
      vintages: SAMPLE_VINTAGES,
      seed: SEED,
      firstYear: SAMPLE_FIRST_YEAR,
    });
    server = await serveArchive(archive);
    const allowedHosts = [new URL(server.url).host];
    const clock = manualClock(START, { autoAdvance: true });
    const source = httpSource({ allowedHosts, clock, random: () => 0.5 });
    steps = await stepsBench({ source, pageUrl: server.url });
    outcome = await goodRun(steps.bench);
  });

  afterAll(async () => {
    await server.close();
    await steps[Symbol.asyncDispose]();
  });

  it('takes ten links, lands nine ZIPs and names the dead one', () => {
    const { outputs, counts, problems } = resultOf(outcome, 'fetch');
    expect(outputs).toEqual({ pending: '9', landed: '9' });
    expect(counts).toMatchObject({ objectsRead: 10, objectsWritten: 9, objectsFailed: 1 });
    expect(problems).toEqual([
      {
        object: expect.stringMatching(/_CSV_202407\.zip$/),
        message: expect.stringContaining('404'),
      },
    ]);
  });

  it('extracts six CSVs and says what is wrong with the three other ZIPs', () => {
    const { outputs, counts, problems } = resultOf(outcome, 'extract');
    expect(outputs).toEqual({
      csvs: '6',
      shards: '["transform-plan-0"]',
      pending: '9',
      behind: 'true',
    });
    expect(counts).toMatchObject({ objectsRead: 9, objectsWritten: 6, objectsFailed: 3 });
    expect(
      Object.fromEntries(problems.map(({ object, message }) => [object.slice(-10), message])),
    ).toEqual({
      '202107.zip': expect.stringMatching(/cut|ZIP/),
      '202207.zip': expect.stringContaining('the ZIP is empty'),
      '202307.zip': expect.stringContaining('no CSV among 2 members'),
    });
  });

  it('writes ten metrics a vintage, with every row of every block', () => {
    expect(resultOf(outcome, 'transform').counts).toMatchObject({
      objectsRead: 6,
      objectsWritten: 60,
      rowsRead: allRows,
      rowsWritten: allRows,
      rowsRejected: 0,
    });
    expect(resultOf(outcome, 'catalogue').outputs).toEqual({
      vintages: '6',
      objects: '60',
      rows: String(allRows),
    });
    expect(resultOf(outcome, 'tables').outputs).toEqual({ rows: String(allRows) });
  });

  it('keeps the keys of requirements 1.3', async () => {
    const zips = (await steps.keys('raw_data/')).filter((key) => key.endsWith('.zip'));
    expect(zips).toHaveLength(9);
    for (const key of zips) {
      expect(key).toMatch(/^raw_data\/fama_french_6portfolios_20\d\d_20261121_[0-9a-f]{8}\.zip$/);
    }
    expect(await steps.keys('raw_data/csv/')).toEqual(
      STEMS.map((stem) => `raw_data/csv/${stem}.CSV`).toSorted(),
    );
    expect(await steps.keys('transformed_data/')).toEqual(
      STEMS.flatMap((stem) =>
        METRICS.map((metric) => `transformed_data/${stem}_${metric}.parquet`),
      ).toSorted(),
    );
    expect(await steps.keys('ingestion_map/')).toEqual(['ingestion_map/ingestion_map.parquet']);
    expect(await steps.keys('logs/')).toEqual([
      'logs/download_logs/ingestion_log_20261121_120000.csv',
    ]);
    const others = (await steps.keys()).filter(
      (key) => !/^(?:raw_data|transformed_data|ingestion_map|logs|_\w+)\//.test(key),
    );
    expect(others).toEqual([]);
  });

  it('logs every link once, in columns as required, each bad ZIP and the dead link with its reason', async () => {
    const text = await steps.text('logs/download_logs/ingestion_log_20261121_120000.csv');
    expect(csvRows(text)[0]).toEqual(
      'source_url unique_filename s3_path ingestion_time ingested_by system status'.split(' '),
    );
    const records = csvRecords(text);
    expect(records).toHaveLength(10);
    expect(new Set(records.map((record) => record['source_url'])).size).toBe(10);
    for (const record of records) {
      const isLanded = !record['source_url']?.includes('202407');
      expect(record).toMatchObject({
        unique_filename: expect.stringMatching(/^fama_french_6portfolios_.*\.zip$/),
        s3_path: isLanded ? `mem://dartmouth-etl/raw_data/${record['unique_filename']}` : '',
        ingestion_time: START.toISOString(),
        ingested_by: 'local-user',
        system: 'local',
      });
    }
    const bad = records.filter(({ status }) => status !== 'success');
    expect(bad.map(({ source_url, status }) => [source_url?.slice(-10), status])).toEqual([
      ['202107.zip', expect.stringMatching(/^failed: .*ZIP/)],
      ['202207.zip', expect.stringMatching(/^failed: .*empty/)],
      ['202307.zip', expect.stringMatching(/^failed: .*no CSV/)],
      ['202407.zip', expect.stringMatching(/^failed: .*404/)],
    ]);
  });

  it('tells one notice of all problems and leaves a record that adds up', async () => {
    expect(outcome.notices).toMatchObject([
      { topic: 'pipeline', severity: 'warning', title: expect.stringContaining('4 problems') },
    ]);
    expect(outcome.notices[0]?.lines).toHaveLength(4);
    expect(await recordOf(steps.store)).toMatchObject({
      status: 'success',
      records_extracted: allRows,
      records_loaded: allRows,
      records_rejected: 0,
    });
    expect(await brokenInvariants(steps.bench, steps.bench.folder)).toEqual([]);
  });

  it('asks for each address once, and the second time only whether it has changed', async () => {
    const asked = [...server.answers];
    expect(new Set(asked).size).toBe(asked.length);
    const again = await goodRun(steps.bench, { runId: 'run-2' });
    expect(server.answers.slice(asked.length).filter((line) => line.endsWith(' 304'))).toHaveLength(
      9,
    );
    expect(resultOf(again, 'fetch').outputs).toEqual({ pending: '0', landed: '0' });
  });

  describe('data_ingestion_map', () => {
    it('has the columns and types of requirements 1.8, and our two after them', async () => {
      const { columns } = await steps.withDatabase((db) => db.select('FROM data_ingestion_map'));
      expect(columns).toEqual([
        { name: 'src_filename', type: 'VARCHAR' },
        { name: 'ingestion_date', type: 'DATE' },
        { name: 'upload_timestamp', type: 'TIMESTAMP' },
        { name: 'file_path', type: 'VARCHAR' },
        { name: 'record_count', type: 'INTEGER' },
        { name: 'metric_type', type: 'VARCHAR' },
        { name: 'status', type: 'VARCHAR' },
        { name: 'unit', type: 'VARCHAR' },
        { name: 'content_sha256', type: 'VARCHAR' },
      ]);
    });

    it('has the lineage row of requirements 1.9 for value_weighted_return of July 2017', async () => {
      const { rows } = await steps.withDatabase((db) =>
        db.select(
          `SELECT * EXCLUDE content_sha256 FROM data_ingestion_map
           WHERE metric_type = 'value_weighted_return' AND ingestion_date = '2017-07-31'`,
        ),
      );
      const months = (2017 - SAMPLE_FIRST_YEAR) * 12 + 1;
      expect(rows).toEqual([
        [
          'july17_6_Portfolios_2x3.CSV',
          '2017-07-31',
          '2026-11-21 12:00:00',
          'mem://dartmouth-etl/transformed_data/july17_6_Portfolios_2x3_value_weighted_return.parquet',
          months * 6,
          'value_weighted_return',
          'success',
          'percent',
        ],
      ]);
    });

    it('counts for each vintage the rows that SQL sees', async () => {
      const sql = (table: string, count: string) =>
        `SELECT src_filename, CAST(${count} AS INTEGER) FROM ${table} GROUP BY ALL ORDER BY ALL`;
      const [mapped, seen] = await steps.withDatabase(async (db) => [
        await db.select(sql('data_ingestion_map', 'sum(record_count)')),
        await db.select(sql('raw_data', 'count(*)')),
      ]);
      expect(mapped?.rows).toEqual(seen?.rows);
      expect(mapped?.rows).toEqual(
        STEMS.toSorted().map((stem) => [`${stem}.CSV`, rowsOf.get(stem)]),
      );
    });
  });

  it('has the numbers of the file, in the order of the file', async () => {
    const text = makeVintageCsv({ year: 2020, month: 2, firstYear: SAMPLE_FIRST_YEAR, seed: SEED });
    const block = text.slice(text.indexOf('Average Value Weighted Returns -- Monthly'));
    const wide =
      block
        .split('\n\n')[0]
        ?.split('\n')
        .slice(2)
        .map((line) => line.split(',')) ?? [];
    const expected = wide.flatMap(([date, ...cells]) =>
      cells.map((cell) => {
        const value = Number(cell);
        return [date?.trim(), value === -99.99 || value === -999 ? null : value];
      }),
    );
    const { rows } = await steps.withDatabase((db) =>
      db.select(
        `SELECT date_format, value FROM pit_data
         WHERE ingestion_date = '2020-02-29' AND metric_type = 'value_weighted_return'`,
      ),
    );
    expect(rows).toEqual(expected);
    expect(rows.some(([, value]) => value === null)).toBe(true);
  });

  it('has each key of raw_data once', async () => {
    const { rows } = await steps.withDatabase((db) =>
      db.select(
        `SELECT count(*) FROM (SELECT 1 FROM raw_data
         GROUP BY ingestion_date, metric_type, portfolio, date_format, src_filename HAVING count(*) > 1)`,
      ),
    );
    expect(rows).toEqual([[0]]);
  });
});
