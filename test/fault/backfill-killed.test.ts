import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { folderStore } from '../../services/adapters/object-store/filesystem.ts';
import { objectRecords } from '../../services/adapters/record-store/object.ts';
import type { RunRecord } from '../../services/stages/observe/run-record.ts';
import { cli } from '../support/cli.ts';
import { describeLong } from '../support/require-component.ts';
import { tempFolder } from '../support/temp-folder.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/argosy.mjs', import.meta.url));
const BUCKET = '.argosy/store/argosy-csv-intake';
const FILES = 12;
/** After so many lines about runs the process is killed, so many milliseconds later. */
const POINTS = [1, 2, 3, 5, 8, 13, 18, 22].flatMap((lines) => [0, 7, 23].map((ms) => [lines, ms]));

const DAYS = ['--from', '2020-01-01', '--to', '2099-12-31'];
const ARGV = ['backfill', 'csv-intake', ...DAYS, '--yes', '--concurrency', '3'];

/** Starts the backfill as a process and kills it; returns what it has said. */
async function killed(cwd: string, [linesMax = 0, waitMs = 0]: readonly number[]): Promise<string> {
  const child = spawn(process.execPath, [PROGRAM, ...ARGV], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
    if (text.split('\n[').length > linesMax) setTimeout(() => child.kill('SIGKILL'), waitMs);
  });
  await once(child, 'close');
  return text;
}

describeLong('a backfill whose process is killed', () => {
  it.each(POINTS)(
    'after %i lines and %i ms is resumed: each file is profiled once, and the plan adds up',
    async (...point) => {
      await using home = await tempFolder();
      await mkdir(join(home.path, BUCKET, 'uploads'), { recursive: true });
      for (let at = 0; at < FILES; at += 1)
        await writeFile(join(home.path, BUCKET, `uploads/${at}.csv`), `x,y\n${at},2\n`);
      const said = await killed(home.path, point);
      const id = /plan ([0-9a-f]{12})/.exec(said)?.[1] ?? '';
      const end = await cli(['backfill', '--resume', id], { cwd: home.path });
      expect([end.exitCode, end.stderr]).toEqual([0, expect.any(String)]);
      const list = await cli(['backfill', '--list', '--json'], { cwd: home.path });
      const counts = { runs: FILES, done: FILES, failed: 0, left: 0, state: 'ended' };
      expect(JSON.parse(list.stdout)).toEqual([expect.objectContaining(counts)]);
      const records = objectRecords(folderStore(join(home.path, BUCKET)));
      const good: string[] = [];
      for await (const { value } of records.scan<RunRecord>('runs/csv-intake')) {
        if (value.status === 'success') good.push(value.run_id.split('-')[4] ?? '');
      }
      // Every file has one good run: none was done twice, and none was left out.
      expect([good.length, new Set(good).size]).toEqual([FILES, FILES]);
    },
    60_000,
  );
});
