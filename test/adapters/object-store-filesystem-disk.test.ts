import { execFile } from 'node:child_process';
import { appendFile, mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { manualClock } from '../../services/adapters/clock/manual.ts';
import {
  removeOldTemps,
  writeTemp,
} from '../../services/adapters/object-store/filesystem-write.ts';
import { filesystemStore } from '../../services/adapters/object-store/filesystem.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import { listOf, textOf, utf8 } from '../support/bytes.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const run = promisify(execFile);

describe('the filesystem store', () => {
  let folder: TempFolder;
  let count = 0;

  beforeAll(async () => {
    folder = await tempFolder();
  });
  afterAll(() => folder.remove());

  /** A store on a bucket of the test's own, and the bucket's folder. */
  const setUp = (): { store: ObjectStore; root: string } => {
    count += 1;
    const bucket = `bucket-${count}`;
    return {
      store: filesystemStore({ folder: folder.path, bucket }),
      root: join(folder.path, bucket),
    };
  };
  const keysOf = async (store: ObjectStore): Promise<string[]> =>
    (await listOf(store.list(''))).map(({ key }) => key);

  it('keeps an object under its own name, where people look for it', async () => {
    const { store, root } = setUp();
    await store.put('raw/2026/plain name.csv', utf8('a,b\n'));
    expect(await readFile(join(root, 'raw', '2026', 'plain name.csv'), 'utf8')).toBe('a,b\n');
    expect(await store.localPath('raw/2026/plain name.csv')).toBe(
      join(root, 'raw', '2026', 'plain name.csv'),
    );
    expect(store.url).toBe(`file://${root}`);
  });

  it('makes nothing before the first write', async () => {
    const { store, root } = setUp();
    await store.get('a');
    await keysOf(store);
    await store.delete('a');
    await expect(readdir(root)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('finds what people put into the folder, under the name they gave it', async () => {
    const { store, root } = setUp();
    await mkdir(join(root, 'uploads'), { recursive: true });
    const names = ['a%20b.csv', '100%.csv', 'x%~y.csv', '50%+.csv', 'é.csv', 'new\nline.csv'];
    for (const name of names) await writeFile(join(root, 'uploads', name), name);
    await symlink(join(root, 'uploads', '100%.csv'), join(root, 'uploads', 'link.csv'));
    const keys = await keysOf(store);
    for (const key of keys) expect(await store.get(key)).not.toBeNull();
    expect(keys).toHaveLength(names.length);
    expect(keys).toContain('uploads/a%20b.csv');
    expect(keys).toContain('uploads/link.csv');
  });

  it('lists no file that is being written, and none that a killed process left', async () => {
    const { store, root } = setUp();
    await store.put('a', utf8('x'));
    await writeFile(join(root, '.tmp', '999-1'), 'half');
    expect(await keysOf(store)).toEqual(['a']);
  });

  it('removes what killed processes left a day ago, and nothing newer', async () => {
    const { root } = setUp();
    await mkdir(join(root, '.tmp'), { recursive: true });
    await writeFile(join(root, '.tmp', '999-1'), 'left');
    const temp = await writeTemp(root, utf8('x'));
    const { ctimeNs } = temp.stats;
    const hourNs = 3_600_000_000_000n;
    for (const [hours, names] of [
      [23n, 2],
      [25n, 0],
    ] as const) {
      const stats = Object.assign(Object.create(temp.stats) as typeof temp.stats, {
        ctimeNs: ctimeNs + hours * hourNs,
      });
      await removeOldTemps(root, { path: temp.path, stats });
      expect(await readdir(join(root, '.tmp'))).toHaveLength(names);
    }
  });

  it('leaves no temp file behind, whatever became of the write', async () => {
    const { store, root } = setUp();
    await store.put('a', utf8('x'));
    await store.putIfAbsent('a', utf8('y'));
    await store.putIfAbsent('b', utf8('y'));
    await store.put('a/below', utf8('y')).catch(() => undefined);
    await store.put('c', { path: join(root, 'a'), sizeBytes: 99 }).catch(() => undefined);
    expect(await readdir(join(root, '.tmp'))).toEqual([]);
  });

  it('gives another tag for every write, though clock, length and inode be the same', async () => {
    const clock = manualClock(new Date('2026-11-21'));
    const store = filesystemStore({ folder: folder.path, bucket: 'tags', clock });
    const tags = new Set<string>();
    for (let turn = 0; turn < 200; turn += 1) {
      tags.add((await store.put('same', utf8(String(turn % 10)))).etag);
    }
    expect(tags.size).toBe(200);
    expect((await store.head('same'))?.lastModified.toISOString().slice(0, 19)).toBe(
      '2026-11-21T00:00:00',
    );
  });

  it('gives another tag when somebody edits the file', async () => {
    const { store, root } = setUp();
    const info = await store.put('edited.csv', utf8('abc'));
    await appendFile(join(root, 'edited.csv'), 'd');
    const appended = await store.head('edited.csv');
    await writeFile(join(root, 'edited.csv'), 'wxyz');
    await utimes(join(root, 'edited.csv'), 5, 6);
    const rewritten = await store.head('edited.csv');
    expect(new Set([info.etag, appended?.etag, rewritten?.etag]).size).toBe(3);
  });

  it('writers and removers of one folder do not hinder each other', async () => {
    const { store } = setUp();
    await Promise.all(
      Array.from({ length: 8 }, async (_, worker) => {
        for (let turn = 0; turn < 25; turn += 1) {
          const key = `deep/er/folder/${worker}`;
          await store.put(key, utf8(String(turn)));
          if (turn < 24) await store.delete(key);
        }
      }),
    );
    expect(await keysOf(store)).toHaveLength(8);
  });

  it('of racing processes exactly one wins each key, and its bytes stay', async () => {
    const { store, root } = setUp();
    const script = join(folder.path, 'race.mjs');
    await build({
      stdin: { contents: RACE, resolveDir: import.meta.dirname, loader: 'ts' },
      outfile: script,
      bundle: true,
      platform: 'node',
      format: 'esm',
    });
    const racers = ['1', '2', '3', '4'].map((racer) =>
      run(process.execPath, [script, folder.path, `bucket-${count}`, racer]),
    );
    const won = (await Promise.all(racers)).map(({ stdout }) => JSON.parse(stdout) as string[]);
    expect(won.flat().toSorted()).toEqual(
      Array.from({ length: 100 }, (_, at) => `commit/${String(at).padStart(3, '0')}`),
    );
    for (const [at, keys] of won.entries()) {
      for (const key of keys) expect(textOf(await store.get(key))).toBe(`racer ${at + 1}`);
    }
    expect(await readdir(join(root, '.tmp'))).toEqual([]);
  });

  it.each(['', '..', 'a/b', '.hidden', '/abs', 'a\\b'])('refuses the bucket name %j', (bucket) => {
    expect(() => filesystemStore({ folder: folder.path, bucket })).toThrow(
      expect.objectContaining({ kind: 'config-invalid' }),
    );
  });
});

const RACE = `
  import { filesystemStore } from '../../services/adapters/object-store/filesystem.ts';
  const [folder, bucket, racer] = process.argv.slice(2);
  const store = filesystemStore({ folder, bucket });
  const won = [];
  for (let at = 0; at < 100; at += 1) {
    const key = 'commit/' + String(at).padStart(3, '0');
    const info = await store.putIfAbsent(key, new TextEncoder().encode('racer ' + racer));
    if (info !== null) won.push(key);
  }
  console.log(JSON.stringify(won));
`;
