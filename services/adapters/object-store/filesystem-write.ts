import { constants } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BigIntStats } from 'node:fs';

import { PipelineError } from '../../core/error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Body } from '../../ports/object-store.ts';
import { codeOf } from './filesystem-error.ts';
import { TEMP_FOLDER } from './filesystem-name.ts';

/** A finished file in the temp folder, on disk for good, waiting for its name. */
export interface TempFile {
  path: string;
  stats: BigIntStats;
}

/** Left-overs of killed processes are older than any write in progress. */
const TEMP_AGE_NS_MAX = 24n * 3600n * 1_000_000_000n;
/** How often a vanishing parent folder is made again: another process removes it while it is empty. */
const PLACE_ATTEMPTS_MAX = 32;

let tempCount = 0;
let lastStampUs = 0;

/** Writes the bytes to a file of their own below `root`, as far as the disk itself. */
export async function writeTemp(root: string, body: Body, clock?: Clock): Promise<TempFile> {
  const folder = join(root, TEMP_FOLDER);
  await mkdir(folder, { recursive: true });
  const path = await fill(folder, body);
  try {
    const handle = await open(path, 'r');
    try {
      await stamp(handle, clock);
      await handle.sync();
      return { path, stats: await handle.stat({ bigint: true }) };
    } finally {
      await handle.close();
    }
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

async function fill(folder: string, body: Body): Promise<string> {
  for (;;) {
    tempCount += 1;
    const path = join(folder, `${process.pid}-${tempCount}`);
    try {
      const handle = await open(path, 'wx');
      await fillOne(handle, path, body);
      return path;
    } catch (error) {
      // A process of the same id (in another container, or before a crash) has used the name.
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  }
}

async function fillOne(handle: FileHandle, path: string, body: Body): Promise<void> {
  try {
    if (body instanceof Uint8Array) await handle.writeFile(body);
    else await copyFile(body.path, path, constants.COPYFILE_FICLONE);
    const sizeBytes = body instanceof Uint8Array ? body.length : body.sizeBytes;
    const { size } = await handle.stat();
    if (size !== sizeBytes && !(body instanceof Uint8Array)) {
      throw new PipelineError('bug', `${body.path} has ${size} bytes, not the stated ${sizeBytes}`);
    }
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

/**
 * Gives the file a time that no file of this process had before. Kernels stamp files by a coarse tick and reuse
 * inodes, so without it two quick writes of equal length could look the same.
 */
async function stamp(handle: FileHandle, clock: Clock | undefined): Promise<void> {
  const nowMs = clock?.now().getTime() ?? (await handle.stat()).mtimeMs;
  lastStampUs = Math.max(Math.floor(nowMs * 1000), lastStampUs + 1);
  await handle.utimes(lastStampUs / 1e6, lastStampUs / 1e6);
}

/**
 * Gives the temp file its name in one atomic act and makes that durable. `replace` takes the place of what is there;
 * `if-absent` returns false when the name is taken.
 */
export async function place(
  temp: TempFile,
  target: string,
  how: 'replace' | 'if-absent',
): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    const firstMade = await mkdir(dirname(target), { recursive: true });
    try {
      if (how === 'replace') await rename(temp.path, target);
      else await link(temp.path, target);
      await syncFolders(dirname(target), firstMade);
      return true;
    } catch (error) {
      if (attempt === PLACE_ATTEMPTS_MAX) throw error;
      const code = codeOf(error);
      if (code === 'ENOENT') continue;
      if (code !== 'EEXIST' && code !== 'EISDIR' && code !== 'ENOTEMPTY') throw error;
      if (!(await removeEmptyFolder(target)) && how === 'if-absent') return false;
    }
  }
}

/** True when an empty folder stood there and is gone, or nothing stands there; false when a file does. */
async function removeEmptyFolder(path: string): Promise<boolean> {
  try {
    if (!(await stat(path)).isDirectory()) return false;
    await rmdir(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  return true;
}

/** Folders emptied by a delete go, up to `root`, so that their names are free for objects. */
export async function removeEmptyParents(root: string, target: string): Promise<void> {
  let folder = dirname(target);
  try {
    for (; folder !== root; folder = dirname(folder)) await rmdir(folder);
  } catch (error) {
    // Not empty (ENOTEMPTY; EEXIST on some systems), or already removed by another process: both are the end.
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(codeOf(error))) throw error;
  }
  await syncFolder(folder).catch((error: unknown) => {
    // Another process removed this folder too, and makes that durable itself.
    if (codeOf(error) !== 'ENOENT') throw error;
  });
}

async function syncFolders(folder: string, firstMade: string | undefined): Promise<void> {
  await syncFolder(folder);
  if (firstMade === undefined) return;
  const top = dirname(firstMade);
  for (let at = folder; at !== top && at !== dirname(at);) {
    at = dirname(at);
    await syncFolder(at);
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Windows has no way to open a folder for this; its renames are journalled.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes what killed processes left in the temp folder a day or more before `newest` was written. */
export async function removeOldTemps(root: string, newest: TempFile): Promise<void> {
  const folder = join(root, TEMP_FOLDER);
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const stats = await stat(path, { bigint: true }).catch(() => null);
    if (stats === null) continue;
    if (stats.ctimeNs < newest.stats.ctimeNs - TEMP_AGE_NS_MAX) await rm(path, { force: true });
  }
}
