import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { filesystemStore } from '../../services/adapters/object-store/filesystem.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { isEverythingRequired } from '../support/require-component.ts';
import { BUCKET, waitFor, watchBench } from '../support/watch-bench.ts';

const PROGRAM = fileURLToPath(new URL('../support/watch-process.ts', import.meta.url));
const KILLS = isEverythingRequired() ? 20 : 2;
const OBJECTS_PER_LIFE = 15;

it(
  `a watcher killed ${KILLS} times loses nothing, and settles each object once`,
  { timeout: 60_000 },
  async () => {
    await using folder = await tempFolder();
    const program = join(folder.path, 'watch.mjs');
    await build({
      entryPoints: [PROGRAM],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      external: ['@aws-sdk/*'],
      logLevel: 'error',
    });
    const store = filesystemStore({ folder: join(folder.path, 'store'), bucket: BUCKET });
    const bench = watchBench(store);
    const keys: string[] = [];
    for (let life = 0; life < KILLS; life++) {
      const child = spawn(process.execPath, [program, join(folder.path, 'store')], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const seen = linesOf(child);
      await waitFor(() => seen.includes('swept'));
      for (let at = 0; at < OBJECTS_PER_LIFE; at++) {
        const key = `uploads/${life}-${at}.csv`;
        keys.push(key);
        await bench.put(key);
      }
      // Each life ends at another point: before the first run, between two, after the last.
      await waitFor(
        () => seen.filter((line) => line === 'settled').length >= life % OBJECTS_PER_LIFE,
      );
      await killed(child);
    }
    const before = (await bench.settled()).length;
    expect(before).toBeLessThan(keys.length);
    await bench.watch({});
    const settled = await bench.settled();
    expect(settled.map(({ key }) => key).toSorted()).toEqual(keys.toSorted());
    expect(settled.every(({ status }) => status === 'success')).toBe(true);
    expect(await bench.acceptedCount()).toBe(keys.length);
    bench.ran.length = 0;
    await bench.watch({});
    expect(bench.ran).toEqual([]);
  },
);

function linesOf(child: ChildProcess): string[] {
  const lines: string[] = [];
  child.stdout?.on('data', (chunk: Buffer) => {
    lines.push(...chunk.toString().split('\n').filter(Boolean));
  });
  return lines;
}

async function killed(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
