import { createReadStream, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROFILE_RULES } from '../../../services/stages/shape/profile/profile.ts';
import { profileFile } from '../../../services/stages/shape/profile/profile-file.ts';
import { profileStream } from '../../../services/stages/shape/profile/profile-stream.ts';
import { randomCsv } from '../../support/random-csv.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const WORKER = fileURLToPath(
  new URL('../../../services/stages/shape/profile/worker.ts', import.meta.url),
);
const FILES = process.env['ARGOSY_TEST_REQUIRE'] === 'all' ? 200 : 20;

let folder: Awaited<ReturnType<typeof tempFolder>>;
let program: URL;

beforeAll(async () => {
  folder = await tempFolder();
  const outfile = join(folder.path, 'worker.mjs');
  await build({
    entryPoints: [WORKER],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    outfile,
    logLevel: 'warning',
  });
  program = pathToFileURL(outfile);
});

afterAll(() => folder.remove());

function write(text: string | Uint8Array): string {
  const path = join(folder.path, 'file.csv');
  writeFileSync(path, text);
  return path;
}

function threaded(path: string, segmentBytes: number, signal = new AbortController().signal) {
  const file = { path, sizeBytes: statSync(path).size, program, segmentBytes };
  return profileFile(file, { rules: PROFILE_RULES, signal });
}

describe('several threads find what one finds', () => {
  it.each([40, 300])('on random CSVs, in segments of %i bytes', async (segmentBytes) => {
    for (let seed = 0; seed < FILES; seed += 1) {
      const rows = Array.from({ length: 5 }, (_, at) => randomCsv(seed * 100 + at).text);
      const path = write(rows.join('\n'));
      const whole = await profileStream(createReadStream(path));
      // A file that cannot be cut is left to one thread.
      const isCut = !readFileSync(path).includes(13) || whole.dialect.newline !== 'cr';
      const found = await threaded(path, segmentBytes);
      expect(found, `seed ${seed}`).toEqual(isCut ? whole : null);
    }
  });

  it('where line feeds stand within quotes, and a row is longer than a segment', async () => {
    const rows = Array.from(
      { length: 400 },
      (_, at) => `${at},"a\n\n"",\n${'x\n'.repeat(at % 70)}",2`,
    );
    const path = write(`id,text,n\n${rows.join('\n')}\n`);
    const whole = await profileStream(createReadStream(path));
    expect(whole.row_count).toBe(400);
    for (const segmentBytes of [16, 100, 1_000]) {
      expect(await threaded(path, segmentBytes)).toEqual(whole);
    }
  });

  it('in Latin-1, with an unclosed quote, and without a last line end', async () => {
    for (const text of ['a,b\né,1\nx,2\nü,3', 'a,b\n1,2\n"3,4\n5,6\n7,8\n', 'a,b\n1,2\n3,']) {
      const path = write(Buffer.from(text, 'latin1'));
      expect(await threaded(path, 4)).toEqual(await profileStream(createReadStream(path)));
    }
  });

  it('leaves alone what cannot be cut', async () => {
    expect(await threaded(write('a,b\r1,2\r3,4\r'), 4)).toBeNull();
    expect(await threaded(write(Buffer.from('\ufeffa,b\n1,2\n', 'utf16le')), 4)).toBeNull();
  });

  it('ends, though the file has become shorter since its size was asked', async () => {
    const path = write(`a,b\n${'1,2\n'.repeat(1_000)}`);
    const file = { path, sizeBytes: statSync(path).size + 10_000, program, segmentBytes: 512 };
    const { signal } = new AbortController();
    const found = await profileFile(file, { rules: PROFILE_RULES, signal });
    expect(found?.row_count).toBe(1_000);
  });

  it('ends when it is told to', async () => {
    const path = write(`a,b\n${'1,2\n'.repeat(200_000)}`);
    const stop = new AbortController();
    const work = threaded(path, 64, stop.signal);
    stop.abort();
    await expect(work).rejects.toThrow(/abort/i);
  });
});
