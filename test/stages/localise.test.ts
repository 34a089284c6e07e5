import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { filesystemStore } from '../../services/adapters/object-store/filesystem.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { sha256 } from '../../services/core/manifest.ts';
import { faultPlan, type FaultPlan, faultStore } from '../../services/layers/fault.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import { localise, type ServePorts } from '../../services/stages/serve/localise.ts';
import { utf8 } from '../support/bytes.ts';
import { openOwnEngine } from '../support/pipeline.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };
const objectOf = (key: string, text: string) => ({ key, sha256: sha256(text), rows: 1 });

let cache: TempFolder;
let store: ObjectStore;
let plan: FaultPlan;
let ports: ServePorts;

beforeEach(async () => {
  cache = await tempFolder();
  store = memoryStore({ bucket: 'b', clock: manualClock(new Date('2026-11-21')) });
  plan = faultPlan();
  const { signal } = new AbortController();
  const remote = faultStore(store, plan);
  ports = { store: remote, openEngine: openOwnEngine, log, signal, cache: cache.path };
});

afterEach(() => cache.remove());

describe('objects of a remote store', () => {
  it('are fetched into the cache once, and later found there by their hash', async () => {
    await store.put('t/a.parquet', utf8('a'));
    const { paths, folders } = await localise(ports, [objectOf('t/a.parquet', 'a')]);
    const path = paths.get('t/a.parquet') ?? '';
    expect(await readFile(path, 'utf8')).toBe('a');
    expect(path.startsWith(cache.path)).toBe(true);
    expect(folders).toEqual([dirname(path)]);
    expect((await localise(ports, [objectOf('t/a.parquet', 'a')])).paths).toEqual(paths);
    expect(plan.calls).toEqual(['get mem://b/t/a.parquet']);
  });

  it('that are damaged are refused, and leave nothing in the cache', async () => {
    await store.put('t/a.parquet', utf8('b'));
    await expect(localise(ports, [objectOf('t/a.parquet', 'a')])).rejects.toMatchObject({
      kind: 'input-invalid',
      message: expect.stringContaining('mem://b/t/a.parquet'),
      hint: expect.stringContaining('force=true'),
    });
    expect(await readdir(cache.path)).toEqual([]);
  });

  it('that are gone are not-found with their key', async () => {
    await expect(localise(ports, [objectOf('t/a.parquet', 'a')])).rejects.toMatchObject({
      kind: 'not-found',
      message: expect.stringContaining('mem://b/t/a.parquet'),
    });
  });

  it('with equal bytes under two keys, asked for by many at once, are fetched without a clash', async () => {
    const objects = ['t/a.parquet', 't/b.parquet'].map((key) => objectOf(key, 'same'));
    for (const { key } of objects) await store.put(key, utf8('same'));
    const all = await Promise.all(Array.from({ length: 20 }, () => localise(ports, objects)));
    for (const { paths } of all) {
      for (const path of paths.values()) expect(await readFile(path, 'utf8')).toBe('same');
    }
    expect(await readdir(cache.path, { recursive: true })).toHaveLength(2);
  });

  it('leave no half fetch behind when one of them fails: nothing is written after the answer', async () => {
    const objects = Array.from({ length: 40 }, (_, at) => objectOf(`t/${at}`, `text ${at}`));
    for (const { key } of objects.slice(1)) await store.put(key, utf8(`text ${key.slice(2)}`));
    await expect(localise(ports, objects)).rejects.toMatchObject({ kind: 'not-found' });
    const before = await readdir(cache.path, { recursive: true });
    await new Promise((resolve) => setImmediate(resolve));
    expect(await readdir(cache.path, { recursive: true })).toEqual(before);
    expect(before.filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});

describe('objects of a local store', () => {
  it('stay where they are', async () => {
    await using folder = await tempFolder();
    const local = filesystemStore({ folder: folder.path, bucket: 'b' });
    await local.put('t/a.parquet', utf8('a'));
    const { paths } = await localise({ ...ports, store: local }, [objectOf('t/a.parquet', 'a')]);
    expect(paths.get('t/a.parquet')).toBe(await local.localPath('t/a.parquet'));
    expect(await readdir(cache.path)).toEqual(['verified.json']);
  });

  it('that are damaged are refused by name, before and after they were found whole', async () => {
    await using folder = await tempFolder();
    const local = filesystemStore({ folder: folder.path, bucket: 'b' });
    const asked = () => localise({ ...ports, store: local }, [objectOf('t/a.parquet', 'a')]);
    const refused = {
      kind: 'input-invalid',
      message: expect.stringContaining('b/t/a.parquet: bytes are not those committed'),
      hint: expect.stringContaining('force=true'),
    };
    await local.put('t/a.parquet', utf8('b'));
    await expect(asked()).rejects.toMatchObject(refused);
    await local.put('t/a.parquet', utf8('a'));
    await asked();
    const path = (await local.localPath('t/a.parquet')) ?? '';
    await writeFile(path, 'b');
    await utimes(path, new Date(), new Date(5_000_000));
    await expect(asked()).rejects.toMatchObject(refused);
  });

  it('are hashed once: what is found whole is remembered in the cache', async () => {
    await using folder = await tempFolder();
    const local = filesystemStore({ folder: folder.path, bucket: 'b' });
    await local.put('t/a.parquet', utf8('a'));
    const head = async () => ({ ...(await local.head('t/a.parquet'))!, etag: 'same' });
    const still = { ...local, head };
    const asked = () => localise({ ...ports, store: still }, [objectOf('t/a.parquet', 'a')]);
    await asked();
    await writeFile((await local.localPath('t/a.parquet')) ?? '', 'b');
    await asked();
    await writeFile(`${cache.path}/verified.json`, '[not json');
    await expect(asked()).rejects.toMatchObject({ kind: 'input-invalid' });
  });

  it('whose path an engine would take for a pattern are copied to the cache', async () => {
    await using folder = await tempFolder();
    const local = filesystemStore({ folder: folder.path, bucket: 'b' });
    await local.put('t/a*.parquet', utf8('a'));
    const { paths } = await localise({ ...ports, store: local }, [objectOf('t/a*.parquet', 'a')]);
    expect(paths.get('t/a*.parquet')).toMatch(new RegExp(`${sha256('a')}.parquet$`));
  });

  it('that are gone are not-found', async () => {
    await using folder = await tempFolder();
    const local = filesystemStore({ folder: folder.path, bucket: 'b' });
    const asked = localise({ ...ports, store: local }, [objectOf('t/a.parquet', 'a')]);
    await expect(asked).rejects.toMatchObject({ kind: 'not-found' });
  });
});

it('no objects need no folders', async () => {
  expect(await localise(ports, [])).toEqual({ paths: new Map(), folders: [] });
});
