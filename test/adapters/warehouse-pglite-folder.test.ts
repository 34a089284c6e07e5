import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { lockFolder } from '../../services/adapters/warehouse/folder-lock.ts';
import { pgliteWarehouse } from '../../services/adapters/warehouse/pglite.ts';
import { describeLong, isEverythingRequired } from '../support/require-component.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Another process with the warehouse open: it commits one pair of rows after another until it is ended. */
const WRITER = `
  import { pgliteWarehouse } from './services/adapters/warehouse/pglite.ts';
  const warehouse = await pgliteWarehouse({ folder: process.argv[2] });
  await warehouse.transaction((tx) => tx.run('CREATE TABLE IF NOT EXISTS pair (n INTEGER, half INTEGER)'));
  if (process.argv[3] === 'stay') await warehouse.transaction((tx) => tx.run('INSERT INTO pair VALUES (0, 1)'));
  console.log('open');
  const { rows } = await warehouse.query('SELECT coalesce(max(n), 0) FROM pair');
  for (let n = Number(rows[0][0]) + 1; ; n++) {
    await warehouse.transaction(async (tx) => {
      await tx.run('INSERT INTO pair SELECT ' + n + ', 1 FROM generate_series(1, 500)');
      if (process.argv[3] === 'stay') {
        console.log('within');
        await new Promise((resolve) => setTimeout(resolve, 60_000));
      }
      await tx.run('INSERT INTO pair SELECT ' + n + ', 2 FROM generate_series(1, 500)');
    });
    console.log(n);
  }`;

describeLong('the folder of the embedded warehouse', () => {
  let folder: TempFolder;
  let program: string;
  let path: string;
  let holder: ChildProcess | null = null;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    folder = await tempFolder();
    path = join(folder.path, 'warehouse');
    program = join(folder.path, 'bundle', 'writer.mjs');
    await build({
      stdin: { contents: WRITER, resolveDir: ROOT, loader: 'ts' },
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      external: ['@electric-sql/pglite'],
      logLevel: 'warning',
    });
    await symlink(join(ROOT, 'node_modules'), join(folder.path, 'node_modules'));
  });
  afterAll(async () => {
    for (const child of children) await kill(child);
    await folder.remove();
  });

  /** Starts the writer; resolves when it has printed so many lines. */
  const write = async (mode: 'go' | 'stay', lines: number): Promise<ChildProcess> => {
    const child = spawn(process.execPath, [program, path, mode], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    let count = 0;
    for await (const _ of createInterface(child.stdout)) if (++count === lines) return child;
    throw new Error('the writer ended by itself');
  };

  it('is begun again when it was half made, and is open in one process at a time', async () => {
    const unfinished = join(path, '.data-unfinished');
    await mkdir(unfinished, { recursive: true });
    await writeFile(join(unfinished, 'PG_VERSION'), 'none\n');
    holder = await write('stay', 2);
    expect([existsSync(unfinished), existsSync(join(path, 'data'))]).toEqual([false, true]);
    const second = pgliteWarehouse({ folder: path, lockWaitMs: 0 });
    await expect(second).rejects.toMatchObject({ kind: 'conflict' });
    await expect(second).rejects.toThrow(`process ${holder.pid}`);
  }, 60_000);

  it('opens after kill -9 in the middle of a transaction, with what was committed before', async () => {
    if (holder !== null) await kill(holder);
    expect(existsSync(join(path, 'lock'))).toBe(true);
    const again = await pgliteWarehouse({ folder: path });
    try {
      expect((await again.query('SELECT * FROM pair')).rows).toEqual([[0, 1]]);
      await again.transaction((tx) => tx.run('DELETE FROM pair'));
    } finally {
      await again.close();
    }
  }, 60_000);

  it('holds whole transactions whenever kill -9 comes, and all that were told', async () => {
    const rounds = isEverythingRequired() ? 12 : 1;
    let toldBefore = 0;
    for (let round = 0; round < rounds; round++) {
      const told = 1 + (round % 5) * 3;
      // One line for the opening, one for each transaction.
      await kill(await write('go', told + 1));
      const warehouse = await pgliteWarehouse({ folder: path });
      const { rows } = await warehouse.query(
        'SELECT count(*), count(DISTINCT n), max(n), count(*) FILTER (WHERE half = 1) FROM pair',
      );
      await warehouse.close();
      const [count, distinct = 0, last, halves] = (rows[0] ?? []).map(Number);
      expect({ count, halves, last }).toEqual({
        count: distinct * 1000,
        halves: distinct * 500,
        last: distinct,
      });
      expect(distinct).toBeGreaterThanOrEqual(toldBefore + told);
      toldBefore = distinct;
    }
  }, 120_000);
});

describe('the lock of a folder', () => {
  const lockText = (holder: object): string => JSON.stringify({ start: null, ...holder });

  it('is given back, and then free for the next', async () => {
    await using folder = await tempFolder();
    const lock = await lockFolder(folder.path, 0);
    await expect(lockFolder(folder.path, 0)).rejects.toMatchObject({ kind: 'conflict' });
    await lock.release();
    await (await lockFolder(folder.path, 0)).release();
    expect(existsSync(join(folder.path, 'lock'))).toBe(false);
  });

  it.each([
    ['whose process is gone', { pid: 2 ** 22 - 3, host: hostname() }],
    [
      'whose process number another one has got',
      { pid: process.pid, host: hostname(), start: 'long ago' },
    ],
    ['that says nothing', {}],
  ])('%s is taken over', async (_, holder) => {
    await using folder = await tempFolder();
    await writeFile(join(folder.path, 'lock'), lockText(holder));
    const lock = await lockFolder(folder.path, 0);
    expect(JSON.parse(await readFile(join(folder.path, 'lock'), 'utf8'))).toMatchObject({
      pid: process.pid,
    });
    await lock.release();
  });

  it('of a process on another machine is respected, and the hint names the file', async () => {
    await using folder = await tempFolder();
    await writeFile(join(folder.path, 'lock'), lockText({ pid: 1, host: 'elsewhere' }));
    await expect(lockFolder(folder.path, 0)).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringMatching(/process 1 on elsewhere/) as string,
      hint: expect.stringContaining(join(folder.path, 'lock')) as string,
    });
  });

  it('is waited for', async () => {
    await using folder = await tempFolder();
    const first = await lockFolder(folder.path, 0);
    const second = lockFolder(folder.path, 10_000);
    await first.release();
    await (await second).release();
    expect(existsSync(join(folder.path, 'lock'))).toBe(false);
  });

  it('that is stale goes to exactly one of many that ask at once', async () => {
    await using folder = await tempFolder();
    await writeFile(join(folder.path, 'lock'), lockText({ pid: 2 ** 22 - 3, host: hostname() }));
    const asked = Array.from({ length: 20 }, () => lockFolder(folder.path, 0));
    const answers = await Promise.allSettled(asked);
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

it('a folder that is a file is config-invalid, and the hint names the setting', async () => {
  await using folder = await tempFolder();
  await writeFile(join(folder.path, 'file'), '');
  const opening = pgliteWarehouse({ folder: join(folder.path, 'file', 'warehouse') });
  await expect(opening).rejects.toMatchObject({
    kind: 'config-invalid',
    hint: expect.stringContaining('ARGOSY_WAREHOUSE') as string,
  });
});
