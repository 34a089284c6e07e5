import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { filesystemStore } from '../../../services/adapters/object-store/filesystem.ts';
import { PipelineError } from '../../../services/core/error.ts';
import { dartmouthDb } from '../../../services/pipelines/fama-french/database.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import type { QueryEngine } from '../../../services/ports/query-engine.ts';
import { openDatabase } from '../../../services/stages/serve/database.ts';
import { csvRecords } from '../../support/csv-rows.ts';
import {
  type Bench,
  goodRun,
  openOwnEngine,
  recordOf,
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

/** A store whose puts below a prefix fail while `isDown` is true. */
function failingPuts(prefix: string, state: { isDown: boolean }): ObjectStore {
  const put: ObjectStore['put'] = async (key, body, options) => {
    if (state.isDown && key.startsWith(prefix)) throw new PipelineError('unavailable', 'no answer');
    return steps.store.put(key, body, options);
  };
  return { ...steps.store, put };
}

/** An engine that fails at the first COPY, as a statement of our own making would. */
const failsOnce = (kind: 'input-invalid' | 'bug') => {
  let isFailed = false;
  return async (folders: readonly string[]): Promise<QueryEngine> => {
    const engine = await openOwnEngine(folders);
    const runSql: QueryEngine['run'] = async (sql) => {
      if (!isFailed && sql.includes('COPY')) {
        isFailed = true;
        throw new PipelineError(kind, 'query: what we say is no SQL');
      }
      return engine.run(sql);
    };
    return { ...engine, run: runSql };
  };
};

afterEach(() => steps[Symbol.asyncDispose]());

describe('a failure of the engine or the store', () => {
  it.each(['input-invalid', 'bug'] as const)(
    '(%s) while a CSV is published does not refuse the CSV: the next run publishes it',
    async (kind) => {
      await begin({ [zipPath('201707')]: good('201707') });
      const { error } = await tryRun({ openEngine: failsOnce(kind) });
      expect(error).toMatchObject({ kind });
      expect(await steps.keys('_records/refused-csvs/')).toEqual([]);
      await run();
      expect(await visible('SELECT count(*) FROM raw_data')).toEqual([[8]]);
    },
  );
});

describe('a landed ZIP', () => {
  it('whose link is gone before it was extracted is processed by the next run', async () => {
    await begin({ [zipPath('201707')]: good('201707'), 'x/CSV_201801.zip': good('201801') });
    const { error } = await tryRun({ store: failingPuts('raw_data/csv/', { isDown: true }) });
    expect(error).toMatchObject({ kind: 'unavailable' });
    site.links.pop();
    await run();
    expect(await visible(DAYS)).toEqual([['2017-07-31'], ['2018-01-31']]);
    expect(steppedOver(await run())).toBe('fetch catalogue tables exit');
  });

  it('whose link is gone is found by the URL in a record of the older form', async () => {
    await begin({ [zipPath('201707')]: good('201707'), [zipPath('201801')]: good('201801') });
    await tryRun({ store: failingPuts('raw_data/csv/', { isDown: true }) });
    for (const key of await steps.keys('_records/downloads/')) {
      const record = JSON.parse(await steps.text(key)) as Record<string, unknown>;
      delete record['year'];
      delete record['month'];
      await steps.store.put(key, Buffer.from(JSON.stringify(record)));
    }
    site.links.pop();
    await run();
    expect(await visible(DAYS)).toEqual([['2017-07-31'], ['2018-01-31']]);
  });

  it('that is gone as its link is gone is a problem of the run and not its end', async () => {
    await begin({ [zipPath('201707')]: good('201707'), [zipPath('201801')]: good('201801') });
    await tryRun({ store: failingPuts('raw_data/csv/', { isDown: true }) });
    site.links.pop();
    const zips = (await steps.keys('raw_data/')).filter((key) => key.includes('_2018_'));
    for (const key of zips) await steps.store.delete(key);
    await run();
    expect(await visible(DAYS)).toEqual([['2017-07-31']]);
    expect((await recordOf(steps.store, 'run-2')).problems).toEqual([
      { object: expect.stringContaining('201801'), message: expect.stringContaining('gone') },
    ]);
  });

  it('is named in a log CSV though the first log could not be written', async () => {
    await begin({ [zipPath('201707')]: good('201707'), [zipPath('201801')]: null });
    const { error } = await tryRun({ store: failingPuts('logs/', { isDown: true }) });
    expect(error).toMatchObject({ kind: 'unavailable' });
    expect(await steps.keys('logs/')).toEqual([]);
    await run();
    const [log] = await steps.keys('logs/');
    const rows = csvRecords(await steps.text(log ?? ''));
    expect(rows.map(({ status }) => status)).toEqual([
      'success',
      expect.stringMatching(/^failed: /),
    ]);
    const landed = (await steps.keys('raw_data/')).filter((key) => key.endsWith('.zip'));
    expect(landed).toEqual([`raw_data/${rows[0]?.['unique_filename']}`]);
    const clock = manualClock(new Date('2026-11-22T12:00:00Z'));
    await tryRun({ clock });
    expect(await steps.keys('logs/')).toEqual([log]);
  });

  it('that is damaged in the store is told, and force lands it again beside', async () => {
    await begin({ [zipPath('201707')]: good('201707') });
    await run();
    const key = (await steps.keys('raw_data/')).find((one) => one.endsWith('.zip'));
    const [archiveKey] = await steps.keys('_records/archives/');
    const record = await steps.text(archiveKey ?? '');
    const bytes = Buffer.from((await steps.store.get(key ?? '')) ?? []);
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    await steps.store.put(key ?? '', bytes);
    const part = (await steps.keys('transformed_data/'))[0] ?? '';
    await steps.store.delete(part);
    const told = await run();
    expect(resultOf(told, 'extract').problems).toMatchObject([
      { message: expect.stringContaining('force=true') },
    ]);
    expect(await steps.text(archiveKey ?? '')).toBe(record);
    await run({ force: 'true' });
    expect(await steps.text(archiveKey ?? '')).toBe(record);
    expect((await steps.keys('raw_data/')).filter((one) => one.endsWith('.zip'))).toHaveLength(2);
    expect(await visible('SELECT count(*) FROM raw_data')).toEqual([[8]]);
    expect(steppedOver(await run())).toBe('fetch catalogue tables exit');
  });
});

describe('a vintage of which a part', () => {
  it.each(['gone', 'cut'])('is %s is not shown, is told, and is whole after a run', async (how) => {
    await begin({ [zipPath('201707')]: good('201707'), [zipPath('201801')]: good('201801') });
    await run();
    const part = 'transformed_data/july17_6_Portfolios_2x3_num_firms.parquet';
    const bytes = (await steps.store.get(part)) ?? Buffer.of();
    if (how === 'gone') await steps.store.delete(part);
    else await steps.store.put(part, bytes.subarray(0, 50));
    // Nothing of it is pending when only another vintage is asked for.
    const only = await run({ vintage: '2018' });
    expect(await visible(DAYS)).toEqual([['2018-01-31']]);
    expect(resultOf(only, 'catalogue').problems).toHaveLength(2);
    expect(
      await visible('SELECT status, count(*) FROM data_ingestion_map GROUP BY 1 ORDER BY 1'),
    ).toEqual([
      ['failed', 2],
      ['success', 2],
    ]);
    const healed = await run();
    expect(resultOf(healed, 'catalogue').problems).toEqual([]);
    expect(await visible('SELECT count(*) FROM raw_data')).toEqual([[16]]);
  });

  it('beside an older one is cut is written a second time beside', async () => {
    await begin({ [zipPath('201707')]: good('201707') });
    await run();
    site.files.set(zipPath('201707'), zipOf({ [MEMBER]: tinyCsv({ nudge: 1 }) }));
    await run();
    const part = (await steps.keys('transformed_data/')).find((key) => /-[0-9a-f]{8}\./.test(key));
    await steps.store.put(part ?? '', Buffer.from('cut'));
    await run();
    expect(await visible('SELECT count(*) FROM raw_data')).toEqual([[8]]);
    expect(
      await visible("SELECT max(value) FROM raw_data WHERE metric_type LIKE 'value%'"),
    ).toEqual([[3.5]]);
  });
});

it('a byte that flips in a folder store after a query is no number of the next one', async () => {
  await begin({ [zipPath('201707')]: good('201707') });
  const { folder, openEngine } = steps.bench;
  const store = filesystemStore({ folder, bucket: 'b', clock: manualClock(START) });
  await goodRun({ ...steps.bench, store });
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const { signal } = new AbortController();
  const ports = { store, openEngine, log, signal, cache: `${folder}/cache` };
  await (await openDatabase(ports, dartmouthDb)).close();
  const key = 'transformed_data/july17_6_Portfolios_2x3_num_firms.parquet';
  const path = (await store.localPath(key)) ?? '';
  const bytes = await readFile(path);
  bytes[60] = (bytes[60] ?? 0) ^ 1;
  await writeFile(path, bytes);
  await expect(openDatabase(ports, dartmouthDb)).rejects.toMatchObject({
    kind: 'input-invalid',
    message: expect.stringContaining(key),
  });
});
