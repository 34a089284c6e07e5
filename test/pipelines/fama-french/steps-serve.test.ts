import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { dartmouthDb } from '../../../services/pipelines/fama-french/database.ts';
import { diffVintages } from '../../../services/pipelines/fama-french/diff.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import { openDatabase } from '../../../services/stages/serve/database.ts';
import { copyStore, goodRun, openOwnEngine, START } from '../../support/pipeline.ts';
import { type StepsBench, stepsBench } from '../../support/steps-bench.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { siteOf, tinyCsv, zipOf, zipPath } from '../../support/tiny-site.ts';

/** A block as the library prints it; `rows` are dates with one value a portfolio. */
function block(title: string, rows: Record<string, readonly (number | string)[]>): string {
  const lines = Object.entries(rows).map(([date, cells]) => `${date},${cells.join(',')}`);
  return `\n  ${title}\n,Small,Big\n${lines.join('\n')}\n`;
}

const RETURNS = 'Average Value Weighted Returns -- Monthly';
const FIRMS = 'Number of Firms in Portfolios';
const csvs = {
  '201707':
    block(RETURNS, { 201706: [1, 2], 201707: [3, -99.99] }) + block(FIRMS, { 201707: [10, 20] }),
  '201801': block(RETURNS, { 201706: [1, 2.5], 201707: [3, 4], 201801: [5, 6] }),
  '201807':
    block(RETURNS, { 201706: [1, 2.5], 201801: [5, 6], 201807: [7, 8] }) +
    block(FIRMS, { 201807: [11, 21] }),
};

let steps: StepsBench;

beforeAll(async () => {
  const files = Object.entries(csvs).map(([made, text]) => [
    zipPath(made),
    zipOf({ 'x.CSV': text }),
  ]);
  steps = await stepsBench(siteOf(Object.fromEntries(files) as Record<string, Uint8Array>));
  await goodRun(steps.bench);
});

afterAll(() => steps[Symbol.asyncDispose]());

const rows = async (sql: string, asOf?: string) =>
  (await steps.withDatabase((db) => db.select(sql), asOf)).rows;

describe('the views of dartmouth_db', () => {
  const five = 'date_format portfolio metric_type value ingestion_date'.split(' ');

  it.each(['pit_data', 'current_data', 'current_data_by_metric', "as_of('2018-12-31')"])(
    '%s has the five columns of requirements 1.8',
    async (view) => {
      const { columns } = await steps.withDatabase((db) => db.select(`FROM ${view}`));
      expect(columns.map(({ name }) => name)).toEqual(five);
    },
  );

  it('pit_data is every row of every vintage', async () => {
    expect(
      await rows('SELECT ingestion_date, count(*) FROM pit_data GROUP BY 1 ORDER BY 1'),
    ).toEqual([
      ['2017-07-31', 6],
      ['2018-01-31', 6],
      ['2018-07-31', 8],
    ]);
    expect(
      await rows('SELECT count(*) FROM pit_data EXCEPT SELECT count(*) FROM raw_data'),
    ).toEqual([]);
  });

  it('current_data is the rows of the newest vintage and no other', async () => {
    expect(
      await rows('SELECT DISTINCT ingestion_date, metric_type FROM current_data ORDER BY 2'),
    ).toEqual([
      ['2018-07-31', 'num_firms'],
      ['2018-07-31', 'value_weighted_return'],
    ]);
    expect(await rows('SELECT count(*) FROM current_data')).toEqual([[8]]);
  });

  it('current_data_by_metric takes each metric from the newest vintage that has it', async () => {
    const sql = `SELECT DISTINCT metric_type, ingestion_date FROM current_data_by_metric ORDER BY 1`;
    expect(await rows(sql, '2018-02-01')).toEqual([
      ['num_firms', '2017-07-31'],
      ['value_weighted_return', '2018-01-31'],
    ]);
    expect(await rows('SELECT DISTINCT metric_type FROM current_data', '2018-02-01')).toEqual([
      ['value_weighted_return'],
    ]);
  });

  it.each([
    ['2017-07-30', []],
    ['2017-07-31', [['2017-07-31', 6]]],
    ['2018-01-30', [['2017-07-31', 6]]],
    ['2018-01-31', [['2018-01-31', 6]]],
    ['2030-01-01', [['2018-07-31', 8]]],
  ])('as_of(%s) is what was known on that day', async (day, expected) => {
    const sql = `SELECT ingestion_date, count(*) FROM as_of('${day}') GROUP BY 1`;
    expect(await rows(sql)).toEqual(expected);
  });

  it.each([
    ['2017-07-30', 0, []],
    ['2018-01-30', 6, [['2017-07-31']]],
    ['2018-01-31', 12, [['2017-07-31'], ['2018-01-31']]],
  ])('opened as of %s, raw_data and the map know nothing later', async (day, count, days) => {
    expect(await rows('SELECT count(*) FROM raw_data', day)).toEqual([[count]]);
    const sql = 'SELECT DISTINCT ingestion_date FROM data_ingestion_map ORDER BY 1';
    expect(await rows(sql, day)).toEqual(days);
  });

  it('a missing value is NULL and its row stays', async () => {
    expect(await rows('SELECT portfolio FROM pit_data WHERE value IS NULL')).toEqual([['big']]);
  });

  it('before the first run all are there and empty', async () => {
    await using empty = await stepsBench(siteOf({}));
    for (const { name } of dartmouthDb.datasets) {
      const answer = await empty.withDatabase((db) => db.select(`SELECT count(*) FROM ${name}`));
      expect(answer.rows).toEqual([[0]]);
    }
  });

  it('their catalogue entry names every dataset with its columns', async () => {
    const entry = JSON.parse(await steps.text('_catalog/dartmouth_db.json')) as unknown;
    expect(entry).toMatchObject({
      name: 'dartmouth_db',
      datasets: dartmouthDb.datasets.map(({ name, kind }) => ({ name, kind })),
    });
  });
});

describe('the difference of two vintages', () => {
  const diff = (a: string, b: string) => steps.withDatabase((db) => diffVintages(db, a, b));

  it.each([
    ['2017-07', '2018-01'],
    ['2017-07-31', '2018-01-31'],
    ['july17', 'january18'],
  ])('%s and %s names what was revised, added and removed', async (a, b) => {
    const { summary, values } = await diff(a, b);
    expect(values.columns.map(({ name }) => name)).toEqual(
      'metric_type portfolio date_format value_a value_b change'.split(' '),
    );
    const metric = 'value_weighted_return';
    expect(values.rows).toEqual([
      [metric, 'big', '201706', 2, 2.5, 'revised'],
      [metric, 'big', '201707', null, 4, 'revised'],
      ['num_firms', 'big', '201707', 20, null, 'removed'],
      ['num_firms', 'small', '201707', 10, null, 'removed'],
      [metric, 'big', '201801', null, 6, 'added'],
      [metric, 'small', '201801', null, 5, 'added'],
    ]);
    expect(summary.rows).toEqual([
      ['num_firms', 'removed', 2],
      [metric, 'added', 2],
      [metric, 'revised', 2],
    ]);
  });

  it('does not ask for the name of the CSV where each vintage has one, nor ever for its case', async () => {
    const files = {
      [zipPath('201707')]: zipOf({ 'x.CSV': tinyCsv() }),
      [zipPath('201801')]: zipOf({ 'Renamed.CSV': tinyCsv() }),
      [zipPath('201807')]: zipOf({ 'a.CSV': tinyCsv(), 'B.CSV': tinyCsv() }),
      [zipPath('201901')]: zipOf({ 'A.CSV': tinyCsv(), 'b.CSV': tinyCsv() }),
    };
    await using own = await stepsBench(siteOf(files));
    await goodRun(own.bench);
    const between = (a: string, b: string) => own.withDatabase((db) => diffVintages(db, a, b));
    expect((await between('2017-07', '2018-01')).values.rows).toEqual([]);
    expect((await between('2018-07', '2019-01')).values.rows).toEqual([]);
  });

  it('with itself is empty', async () => {
    const { summary, values } = await diff('2018-01', '2018-01');
    expect([summary.rows, values.rows]).toEqual([[], []]);
  });

  it('turned round turns added and removed round', async () => {
    const { summary } = await diff('2018-01', '2017-07');
    expect(summary.rows).toEqual([
      ['num_firms', 'added', 2],
      ['value_weighted_return', 'removed', 2],
      ['value_weighted_return', 'revised', 2],
    ]);
  });

  it('with a vintage that is not there is not-found and names those that are', async () => {
    await expect(diff('2017-07', '2019-07')).rejects.toMatchObject({
      kind: 'not-found',
      message: 'there is no vintage 2019-07-31',
      hint: expect.stringContaining('2017-07-31, 2018-01-31, 2018-07-31'),
    });
  });

  it.each(['2017', 'x', '2017-13', "2017-07' OR 1=1", ''])(
    'of %j is config-invalid',
    async (text) => {
      await expect(diff('2017-07', text)).rejects.toMatchObject({ kind: 'config-invalid' });
    },
  );
});

describe('a reader', () => {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const { signal } = new AbortController();

  /** A run that revises July 2017, to be done at any moment, on a copy of the store. */
  async function revisable(): Promise<{ store: ObjectStore; revise: () => Promise<unknown> }> {
    const store = memoryStore({ bucket: 'dartmouth-etl', clock: manualClock(START) });
    await copyStore(steps.store, store);
    const text = tinyCsv({ nudge: 9 });
    const files = { [zipPath('201707')]: zipOf({ 'x.CSV': text }) };
    const { source, pageUrl } = siteOf(files);
    const revise = () =>
      goodRun(
        { ...steps.bench, store, source, pageUrl },
        { runId: 'revise', logicalDate: '2026-11-22' },
      );
    return { store, revise };
  }

  it.each([1, 2, 3, 5, 8])(
    'during whose call %i a run replaces a vintage sees the old set or the new one, whole',
    async (call) => {
      const { store, revise } = await revisable();
      await using folder = await tempFolder();
      let calls = 0;
      const get: ObjectStore['get'] = async (key, options) => {
        calls += 1;
        const bytes = await store.get(key, options);
        if (calls === call) await revise();
        return bytes;
      };
      const ports = { store: { ...store, get }, openEngine: openOwnEngine, log, signal };
      const engine = await openDatabase({ ...ports, cache: folder.path }, dartmouthDb);
      const sql = "SELECT count(*), max(value) FROM raw_data WHERE ingestion_date = '2017-07-31'";
      expect((await engine.select(sql)).rows).toEqual([[6, 20]]);
      const mapped = await engine.select(
        "SELECT sum(record_count)::INTEGER FROM data_ingestion_map WHERE ingestion_date = '2017-07-31'",
      );
      expect(mapped.rows).toEqual([[6]]);
      await engine.close();
    },
  );

  it('beside many others in one cache folder gets his answer', async () => {
    await using folder = await tempFolder();
    const ports = {
      store: steps.store,
      openEngine: openOwnEngine,
      log,
      signal,
      cache: folder.path,
    };
    const answers = Array.from({ length: 12 }, async () => {
      const engine = await openDatabase(ports, dartmouthDb);
      const { rows: counted } = await engine.select('SELECT count(*) FROM raw_data');
      await engine.close();
      return counted;
    });
    for (const answer of await Promise.all(answers)) expect(answer).toEqual([[20]]);
  });
});

describe('the ingestion map', () => {
  it('that a dying racer put back to an older one is made again by the next run', async () => {
    const MAP = 'ingestion_map/ingestion_map.parquet';
    const text = zipOf({ 'x.CSV': tinyCsv() });
    const site = siteOf({ [zipPath('201707')]: text });
    await using own = await stepsBench(site);
    await goodRun(own.bench);
    const older = (await own.store.get(MAP)) ?? Buffer.of();
    site.links.push(zipPath('201801'));
    site.files.set(zipPath('201801'), text);
    let looks = 0;
    const head: ObjectStore['head'] = async (key, options) => {
      const info = await own.store.head(key, options);
      // The third look of catalogue is the one after its own PUT.
      if (key === MAP && (looks += 1) === 3) await own.store.put(MAP, older);
      return info;
    };
    await goodRun({ ...own.bench, store: { ...own.store, head } }, { runId: 'run-2' });
    expect(await own.store.get(MAP)).toEqual(older);
    await goodRun(own.bench, { runId: 'run-3' });
    const sql = 'SELECT DISTINCT ingestion_date FROM raw_data ORDER BY 1';
    const { rows: days } = await own.withDatabase((db) => db.select(sql));
    expect(days).toEqual([['2017-07-31'], ['2018-01-31']]);
  });
});
