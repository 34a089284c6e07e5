import { readdir, readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { faultPlan, faultStore } from '../../services/layers/fault.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import { keepText } from '../../services/stages/serve/csv-cache.ts';
import type { ServePorts } from '../../services/stages/serve/localise.ts';
import { utf8 } from '../support/bytes.ts';
import { openOwnEngine } from '../support/pipeline.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };

let cache: TempFolder;
let store: ObjectStore;

beforeEach(async () => {
  cache = await tempFolder();
  store = memoryStore({ bucket: 'b', clock: manualClock(new Date('2026-11-21')) });
});

afterEach(() => cache.remove());

const portsOn = (over: ObjectStore): ServePorts => ({
  store: over,
  openEngine: openOwnEngine,
  log,
  signal: new AbortController().signal,
  cache: cache.path,
});

describe('the text of an object that is kept', () => {
  it('is unpacked, without byte order mark, and replaced by that of the next version', async () => {
    const first = await store.put('a.csv.gz', gzipSync('\ufeffa,b\n1,2\n'));
    const path = await keepText(portsOn(store), first);
    expect(await readFile(path ?? '', 'utf8')).toBe('a,b\n1,2\n');
    const second = await store.put('a.csv.gz', utf8('a,b\n3,4\n'));
    await store.put('b.csv', utf8('other\n'));
    const next = await keepText(portsOn(store), second);
    expect(await readFile(next ?? '', 'utf8')).toBe('a,b\n3,4\n');
    expect(await readdir(`${cache.path}/csv`)).toHaveLength(1);
  });

  it('is none when the object has changed by the time it is read', async () => {
    const first = await store.put('a.csv', utf8('a\n1\n'));
    await store.put('a.csv', utf8('a\n2\n'));
    expect(await keepText(portsOn(store), first)).toBeNull();
    expect(await readdir(cache.path)).toEqual(['csv']);
    expect(await readdir(`${cache.path}/csv`)).toEqual([]);
  });

  it('that was cut short leaves nothing, and is fetched whole the next time', async () => {
    const text = `a\n${'1\n'.repeat(200_000)}`;
    const info = await store.put('a.csv', utf8(text));
    const plan = faultPlan([{ call: 2, when: 'truncated', error: 'unavailable' }]);
    const cut = { ...faultStore(store, plan) };
    await expect(keepText(portsOn(cut), info)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await readdir(`${cache.path}/csv`)).toEqual([]);
    const path = await keepText(portsOn(cut), info);
    expect(await readFile(path ?? '', 'utf8')).toBe(text);
  });
});
