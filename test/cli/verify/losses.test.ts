import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { filesystemStore } from '../../../services/adapters/object-store/filesystem.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import { commitKey, encodeCommit, makeCommit, sha256 } from '../../../services/core/manifest.ts';
import { PipelineError } from '../../../services/core/error.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import { bucketState } from '../../../services/stages/observe/verify/losses.ts';
import { cli } from '../../support/cli.ts';
import { verdictOf } from '../../support/flipped-store.ts';
import { copyStore, START } from '../../support/pipeline.ts';
import { type TempFolder, tempFolder } from '../../support/temp-folder.ts';

/** Removes what lies below a prefix; returns how many objects. */
async function lose(store: ObjectStore, prefix: string): Promise<number> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  for (const key of keys) await store.delete(key);
  return keys.length;
}

const emptyStore = (): ObjectStore => memoryStore({ bucket: 'b', clock: manualClock(START) });

const foundIn = async (pipeline: string, store: ObjectStore): Promise<string[]> =>
  (await verdictOf({ pipeline, store })).findings.map(({ kind, key }) => `${kind} ${key}`);

describe('fama-french', () => {
  let home: TempFolder;
  let store: ObjectStore;

  beforeAll(async () => {
    home = await tempFolder();
    const { exitCode, stderr } = await cli(['run', 'fama-french', '--sample'], { cwd: home.path });
    if (exitCode !== 0) throw new Error(stderr);
  }, 60_000);

  beforeEach(async () => {
    const folder = join(home.path, '.argosy/sample/store');
    store = await copyStore(
      filesystemStore({ folder, bucket: 'argosy-fama-french' }),
      emptyStore(),
    );
  });

  afterAll(() => home.remove());

  it('misses every commit of the map when all are lost, and each that is lost alone', async () => {
    expect(await foundIn('fama-french', store)).toEqual([]);
    const keys: string[] = [];
    for await (const { key } of store.list('_commits/')) keys.push(key);
    await store.delete(keys[0]!);
    expect(await foundIn('fama-french', store)).toEqual([`missing ${keys[0]}`]);
    await lose(store, '_commits/');
    expect(await foundIn('fama-french', store)).toEqual([
      ...keys.map((key) => `missing ${key}`),
      'missing transformed_data/',
    ]);
  });

  it('tells of zones that nothing names when the records are lost', async () => {
    await lose(store, '_records/');
    expect(await foundIn('fama-french', store)).toEqual(['missing raw_data/']);
  });

  it('is not well when nothing but the record of a good run is left', async () => {
    for (const prefix of ['_commits/', 'raw_data/', 'transformed_data/', 'ingestion_map/'])
      await lose(store, prefix);
    for (const records of ['downloads', 'archives', 'catalogue'])
      await lose(store, `_records/${records}/`);
    expect(await foundIn('fama-french', store)).toEqual(['missing raw_data/']);
  });

  it('says of a bucket that is not there, and fails for a pipeline that was named', async () => {
    const { stdout, exitCode } = await cli(['verify', '--sample'], { cwd: home.path });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('the bucket of commerce is empty');
    const twice = await cli(['verify', 'fama-french', 'fama-french', '--sample', '--json'], {
      cwd: home.path,
    });
    expect(JSON.parse(twice.stdout)).toMatchObject({ pipelines: [{ bucket: 'filled' }] });
    await rm(join(home.path, '.argosy/sample/store'), { recursive: true });
    const named = await cli(['verify', 'fama-french', '--sample'], { cwd: home.path });
    expect(named.exitCode).toBe(20);
    expect(named.stderr).toContain('nothing to verify: the bucket of fama-french is empty');
  });
});

describe('commerce', () => {
  const FILE = 'raw/reviews/date=2026-01-05/a.jsonl';
  const RECORD = `_records/files/${FILE.slice(4)}.json`;
  const CURATED = commitKey('curated', 'all', 1);
  const REVIEWS = commitKey('reviews', 'all', 1);

  /** A bucket with one file, its two commits and the record of its run. */
  async function small(): Promise<ObjectStore> {
    const store = emptyStore();
    const records = objectRecords(store);
    await store.put(FILE, Buffer.from('{}\n'));
    await store.put('processed/reviews/a', Buffer.from('a'));
    const metadata = { sha256: sha256('{}\n'), last_modified: START.toISOString() };
    await records.put('files', FILE.slice(4), { key: FILE, isValid: true, metadata });
    const part = { key: 'processed/reviews/a', sizeBytes: 1, rows: 1, sha256: sha256('a') };
    await commit(store, 'reviews', {}, [
      { ...part, attributes: { zone: 'processed', source: FILE } },
    ]);
    await commit(store, 'curated', { feeds: 'reviews=1' }, []);
    const steps = [{ step: 'merge', outputs: { version: '1' } }];
    await records.put('runs/commerce', 'r1', { status: 'success', objects_written: 1, steps });
    return store;
  }

  async function commit(
    store: ObjectStore,
    dataset: string,
    attributes: Record<string, string>,
    parts: Parameters<typeof makeCommit>[0]['parts'],
  ): Promise<void> {
    const made = makeCommit({ dataset, partition: 'all', version: 1, attributes, parts });
    await store.put(commitKey(dataset, 'all', 1), encodeCommit(made));
  }

  it('misses a commit that a run, the catalogue or the curated set names, and a file record', async () => {
    const store = await small();
    expect(await foundIn('commerce', store)).toEqual([]);
    await store.delete(RECORD);
    expect(await foundIn('commerce', store)).toEqual([`missing ${RECORD}`]);
    await store.delete(REVIEWS);
    expect(await foundIn('commerce', store)).toEqual([`missing ${REVIEWS}`, 'missing processed/']);
    await store.delete(CURATED);
    expect(await foundIn('commerce', store)).toContain(`missing ${CURATED}`);
    await lose(store, '_records/');
    await store.put('_catalog/curated.json', Buffer.from('{\n  "version": 1,\n'));
    expect(await foundIn('commerce', store)).toContain(`missing ${CURATED}`);
  });
});

it('a bucket that the store says is not there is absent, and one with a probe alone is empty', async () => {
  const { signal } = new AbortController();
  const store = emptyStore();
  await store.put('_probe/put-if-absent', Buffer.from('1'));
  expect(await bucketState(store, signal)).toBe('empty');
  const cause = Object.assign(new Error('no such bucket'), { name: 'NoSuchBucket' });
  const list = (): never => {
    throw new PipelineError('config-invalid', 'listing failed', { cause });
  };
  expect(await bucketState({ ...store, list }, signal)).toBe('absent');
});

it('replies of market-data without one record of them are a finding, unless its first run goes on', async () => {
  const store = emptyStore();
  await store.put('raw/stock_data/date=2026-01-05/IBM.json', Buffer.from('{}'));
  expect(await foundIn('market-data', store)).toEqual(['missing raw/stock_data/']);
  await objectRecords(store).put('runs/market-data', 'r1', { status: 'running' });
  expect(await foundIn('market-data', store)).toEqual([]);
});
