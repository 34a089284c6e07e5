import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { filesystemStore } from '../../services/adapters/object-store/filesystem.ts';
import { sha256 } from '../../services/core/manifest.ts';
import { cli } from '../support/cli.ts';
import { describeLong } from '../support/require-component.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** The zones that are made of what came from outside. The map of fama-french holds the times at which parts were stored. */
const MADE: Readonly<Record<string, readonly string[]>> = {
  commerce: ['curated/', 'processed/', 'quarantine/', '_catalog/curated.json', '_commits/'],
  'fama-french': ['transformed_data/', 'raw_data/csv/', '_commits/', '_catalog/'],
  finance: ['clean/', '_quarantine/'],
};
const LOST: Readonly<Record<string, readonly string[]>> = {
  commerce: ['curated', 'processed', 'quarantine'],
  'fama-french': ['transformed_data', 'raw_data/csv', 'ingestion_map'],
  finance: ['clean', '_quarantine'],
};

it('a replay without --yes says what it would do and changes nothing', async () => {
  await using folder = await tempFolder();
  const store = filesystemStore({ folder: join(folder.path, 'store'), bucket: 'argosy-finance' });
  const day = 'extracted/2026-01-05';
  await store.put(`${day}/raw_transactions_20260105_000000.csv`, Buffer.from('a,b\n1,2\n'));
  await store.put(`${day}/manifest.json`, Buffer.from('{}'));
  await store.put('extracted/2026-01-04/raw_transactions_20260104_000000.csv', Buffer.from('x'));
  const argv = ['replay', 'finance', '--from', 'raw', '--since', '2026-01-01'];
  const env = { ARGOSY_STORE: 'file:store' };
  const end = await cli(argv, { cwd: folder.path, env });
  expect(end).toMatchObject({ exitCode: 0 });
  expect(end.stdout).toContain('1 raw objects, 8 B (2026-01-05)');
  expect(end.stdout).toContain('argosy run finance -p extract=false -p logical-date=2026-01-05');
  expect(end.stdout).not.toContain('2026-01-04');
  expect(end.stdout).toContain('nothing was changed: add --yes to do it');
  const json = await cli([...argv, '--json'], { cwd: folder.path, env });
  expect(JSON.parse(json.stdout)).toMatchObject({ objects: 1, isDone: false });
  expect(await contentIn(join(folder.path, 'store'), 'finance', [''])).toHaveProperty('size', 3);
});

it('of many runs the preview tells the first 20, and how many more there are', async () => {
  await using folder = await tempFolder();
  const store = filesystemStore({ folder: join(folder.path, 'store'), bucket: 'argosy-finance' });
  for (let day = 1; day <= 25; day += 1) {
    const date = `2026-01-${String(day).padStart(2, '0')}`;
    await store.put(`extracted/${date}/raw_transactions_x.csv`, Buffer.from('a'));
    await store.put(`extracted/${date}/manifest.json`, Buffer.from('{}'));
  }
  const argv = ['replay', 'finance', '--since', '2026-01-01'];
  const env = { ARGOSY_STORE: 'file:store' };
  const { stdout } = await cli(argv, { cwd: folder.path, env });
  expect(stdout.match(/^ {2}run: /gm)).toHaveLength(20);
  expect(stdout).toContain('  and 5 more (--json lists all)\n25 runs, nothing was changed');
});

it('a day that is none is refused with an example', async () => {
  await using folder = await tempFolder();
  const end = await cli(['replay', 'finance', '--since', 'May'], { cwd: folder.path });
  expect(end.exitCode).toBe(51);
  expect(end.stderr).toContain('2026-01-31');
});

describeLong('replay from raw', () => {
  for (const pipeline of Object.keys(MADE))
    it(`what is made of the raw objects of ${pipeline}, once lost, comes back byte for byte`, async () => {
      await using folder = await tempFolder();
      const { path: cwd } = folder;
      const first = await cli(['run', pipeline, '--sample'], { cwd });
      expect(first).toMatchObject({ exitCode: 0 });
      const stores = join(cwd, '.argosy/sample/store');
      const before = await contentIn(stores, pipeline, MADE[pipeline] ?? []);
      expect(before.size).toBeGreaterThan(4);
      for (const zone of LOST[pipeline] ?? [])
        await rm(join(stores, `argosy-${pipeline}`, zone), { recursive: true });
      const lost = await cli(['verify', pipeline, '--sample'], { cwd });
      expect(lost.exitCode).toBe(20);
      const argv = ['replay', pipeline, '--sample', '--since', '2020-01-01', '--yes'];
      const end = await cli(argv, { cwd });
      expect(end).toMatchObject({ exitCode: 0 });
      expect(await contentIn(stores, pipeline, MADE[pipeline] ?? [])).toEqual(before);
      const whole = await cli(['verify', pipeline, '--sample'], { cwd });
      expect(whole).toMatchObject({ exitCode: 0 });
    }, 180_000);
});

/** sha256 by key. */
async function contentIn(
  folder: string,
  pipeline: string,
  prefixes: readonly string[],
): Promise<Map<string, string>> {
  const store = filesystemStore({ folder, bucket: `argosy-${pipeline}` });
  const content = new Map<string, string>();
  for (const prefix of prefixes)
    for await (const { key } of store.list(prefix))
      content.set(key, sha256((await store.get(key)) ?? ''));
  return content;
}
