import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import type { PGlite } from '@electric-sql/pglite';

/** PostgreSQL's own mark of a finished data folder. */
const MARK = 'PG_VERSION';
/** Beside the data of a warehouse until it is whole. */
const UNFINISHED = '.data-unfinished';

/** True when a warehouse was made in this folder before. */
export function hasData(folder: string): boolean {
  return existsSync(join(folder, 'data', MARK));
}

/**
 * The data folder of the embedded PostgreSQL below this one, made when it is not there: from the template that the
 * build has made, in a moment, else by `create`, which takes seconds and hundreds of megabytes. What is half made has
 * another name and is begun again.
 */
export async function dataFolder(
  folder: string,
  create: (path: string) => Promise<PGlite>,
): Promise<string> {
  const data = join(folder, 'data');
  if (hasData(folder)) return data;
  const unfinished = join(folder, UNFINISHED);
  await rm(unfinished, { recursive: true, force: true });
  const template = findTemplate();
  if (template === null) await (await create(unfinished)).close();
  else await unpack(await readFile(template), unfinished);
  await rename(unfinished, data);
  return data;
}

/** Beside the bundle's chunks, or in the folder that the bundle is built into when this runs from its source. */
function findTemplate(): string | null {
  const places = ['../warehouse-template.br', '../../../dist/warehouse-template.br'];
  const paths = places.map((place) => fileURLToPath(new URL(place, import.meta.url)));
  return paths.find((path) => existsSync(path)) ?? null;
}

/**
 * A folder as one file: a line of JSON that names every folder and every file with its bytes, then the bytes. Made by
 * bin/warehouse-template.mjs.
 */
interface Listing {
  folders: string[];
  files: [path: string, bytes: number][];
}

async function unpack(packed: Buffer, target: string): Promise<void> {
  const whole = await promisify(brotliDecompress)(packed);
  const head = whole.indexOf('\n');
  const { folders, files } = JSON.parse(whole.toString('utf8', 0, head)) as Listing;
  await mkdir(target, { recursive: true, mode: 0o700 });
  for (const path of folders) await mkdir(join(target, path), { recursive: true, mode: 0o700 });
  let at = head + 1;
  for (const [path, bytes] of files) {
    await writeFile(join(target, path), whole.subarray(at, at + bytes), { mode: 0o600 });
    at += bytes;
  }
}
