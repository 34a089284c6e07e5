import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { filesystemStore } from '../../services/adapters/object-store/filesystem.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import { latestCommit } from '../../services/stages/shape/publish.ts';
import { sha256 } from '../../services/core/manifest.ts';
import { listOf } from '../support/bytes.ts';
import { allCommits, brokenInvariants, landedZips, readerView } from '../support/invariants.ts';
import {
  type Bench,
  contentOf,
  goodRun,
  recordOf,
  resultOf,
  type RunOptions,
  sharedEngine,
  START,
} from '../support/pipeline.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { tinyCsv, tinySite, type TinySite, zipOf, zipPath } from '../support/tiny-site.ts';

const TODAY = { logicalDate: '2026-11-21' };
const TOMORROW = { logicalDate: '2026-11-22' };
const PARTITION = 'july17_6_Portfolios_2x3';

let folder: TempFolder;
let engine: Awaited<ReturnType<typeof sharedEngine>>;
let store: ObjectStore;
let site: TinySite;
let bench: Bench;
let runs = 0;

beforeEach(async () => {
  folder = await tempFolder();
  engine = await sharedEngine(folder.path);
  store = filesystemStore({ folder: folder.path, bucket: 'b', clock: manualClock(START) });
  site = tinySite();
  const { openEngine } = engine;
  bench = { store, source: site.source, pageUrl: site.pageUrl, openEngine, folder: folder.path };
  runs = 0;
});

afterEach(async () => {
  await engine.close();
  await folder.remove();
});

const run = (options: RunOptions) => goodRun(bench, { runId: `run-${(runs += 1)}`, ...options });

/** Every object outside the run records with all that the store knows of it. */
async function listing(): Promise<unknown[]> {
  const all = await listOf(store.list(''));
  return all.filter(({ key }) => !/^_records\/(?:runs|steps)\//.test(key));
}

/** Puts these numbers on the site in place of those of July 2017. */
function revise(nudge: number): string {
  const text = tinyCsv({ nudge });
  site.files.set(zipPath('201707'), zipOf({ '6_Portfolios_2x3.CSV': text }));
  return sha256(text);
}

const view = async () => (await readerView(bench, folder.path)).view;

/** The CSV that the newest commit of July 2017 was made from. */
async function committedCsv(): Promise<string | undefined> {
  return (await latestCommit(store, 'raw_data', PARTITION))?.attributes['source_sha256'];
}

describe('a second run on the same site', () => {
  it.each([
    ['the same day', TODAY],
    ['the next day', TOMORROW],
  ])('%s touches no object but its own run records', async (_day, options) => {
    await run(TODAY);
    const before = await listing();
    await run(options);
    expect(await listing()).toEqual(before);
  });

  it('reports nothing new: nothing landed, extracted or transformed, no rows, no log CSV', async () => {
    await run(TODAY);
    const outcome = await run(TOMORROW);
    expect(resultOf(outcome, 'fetch').outputs).toEqual({ pending: '0', landed: '0' });
    expect(resultOf(outcome, 'fetch').counts).toMatchObject({
      objectsWritten: 0,
      objectsSkipped: 3,
    });
    expect([...outcome.results.keys()]).toEqual(['fetch', 'catalogue', 'tables', 'exit']);
    expect(resultOf(outcome, 'catalogue').counts).toEqual({ objectsRead: 4, objectsSkipped: 1 });
    expect(await recordOf(store, 'run-2')).toMatchObject({
      status: 'success',
      objects_written: 0,
      records_loaded: 0,
      bytes_out: 0,
    });
    expect(await listOf(store.list('logs/'))).toHaveLength(1);
  });

  it.each([
    ['the same day', TODAY],
    ['the next day', TOMORROW],
  ])('with force=true %s works all of it again and still changes no object', async (_day, date) => {
    await run(TODAY);
    const before = await listing();
    const outcome = await run({ ...date, parameters: { force: 'true' } });
    expect(resultOf(outcome, 'transform').counts).toMatchObject({
      objectsRead: 2,
      objectsWritten: 0,
      objectsSkipped: 4,
    });
    expect(await listing()).toEqual(before);
    expect((await allCommits(store)).map(({ version }) => version)).toEqual([1, 1]);
  });
});

describe('a corrected ZIP', () => {
  it('of the next day becomes version 2, and the old version stays readable', async () => {
    await run(TODAY);
    const landed = await landedZips(store);
    const before = await contentOf(store);
    revise(1);
    await run(TOMORROW);

    expect(await view()).toBe('january18_6_Portfolios_2x3@1 july17_6_Portfolios_2x3@2');
    expect(await brokenInvariants(bench, folder.path, landed)).toEqual([]);
    const after = await contentOf(store);
    const changed = [...before].filter(([key, hash]) => after.get(key) !== hash);
    expect(changed.map(([key]) => key)).toEqual([
      expect.stringMatching(/^_records\/downloads\//),
      'ingestion_map/ingestion_map.parquet',
      'raw_data/csv/july17_6_Portfolios_2x3.CSV',
    ]);
    const added = [...after.keys()].filter((key) => !before.has(key));
    expect(added).toEqual([
      `_commits/raw_data/${PARTITION}/00000000000000000002.json`,
      expect.stringMatching(/^_records\/archives\/fama_french_6portfolios_2017_20261122_/),
      expect.stringMatching(/^raw_data\/fama_french_6portfolios_2017_20261122_[0-9a-f]{8}\.zip$/),
      expect.stringMatching(
        /^transformed_data\/july17_6_Portfolios_2x3_value_weighted_return-[0-9a-f]{8}\.parquet$/,
      ),
    ]);
  });

  it('whose CSV is the same changes nothing that a reader sees', async () => {
    await run(TODAY);
    const text = tinyCsv({ made: '201707', rejects: 1 });
    site.files.set(zipPath('201707'), zipOf({ '6_Portfolios_2x3.CSV': text, 'readme.txt': 'x' }));
    const map = await store.head('ingestion_map/ingestion_map.parquet');
    await run(TOMORROW);
    expect(await store.head('ingestion_map/ingestion_map.parquet')).toEqual(map);
    expect(await landedZips(store)).toHaveProperty('size', 4);
  });

  it('of the same day lands beside the first, however often it is corrected, and the last one holds', async () => {
    await run(TODAY);
    for (const nudge of [1, 2, 3, 4, 5]) {
      const landed = await landedZips(store);
      const csv = revise(nudge);
      await run(TODAY);
      expect(await brokenInvariants(bench, folder.path, landed)).toEqual([]);
      expect(await landedZips(store)).toHaveProperty('size', landed.size + 1);
      expect(await committedCsv()).toBe(csv);
      expect(await view()).toContain(`${PARTITION}@${nudge + 1}`);
    }
  });

  it.each([
    ['the same day', TODAY],
    ['the next day', TOMORROW],
  ])('that is taken back %s gives the old numbers again, as version 3', async (_day, options) => {
    revise(0);
    await run(TODAY);
    revise(1);
    await run(TODAY);
    const csv = revise(0);
    await run(options);
    expect(await committedCsv()).toBe(csv);
    expect(await view()).toContain(`${PARTITION}@3`);
    const before = await listing();
    await run(options);
    expect(await listing()).toEqual(before);
  });

  it('after a correction a further run touches nothing', async () => {
    await run(TODAY);
    revise(1);
    await run(TODAY);
    const before = await listing();
    await run(TOMORROW);
    expect(await listing()).toEqual(before);
  });
});
