import {
  closeSync,
  constants,
  fstatSync,
  fsync,
  futimesSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { copyFile, open, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BigIntStats, Stats } from 'node:fs';

import type { Clock } from '../../ports/clock.ts';
import type { Body } from '../../ports/object-store.ts';
import { bodyError, checkBodySize, codeOf } from './filesystem-error.ts';
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
/** The last stamp given by each clock; writers without a clock share the disk's. */
const lastStampsUs = new WeakMap<object, number>();
const DISK_CLOCK = {};

/**
 * Bytes up to this size are written by synchronous calls, all but the wait for the disk: each asynchronous call costs
 * a change of threads, which for a small object is dearer than the write itself.
 */
const SMALL_BYTES_MAX = 1024 * 1024;

/** Writes the bytes to a file of their own below `root`, as far as the disk itself. */
export async function writeTemp(root: string, body: Body, clock?: Clock): Promise<TempFile> {
  const folder = join(root, TEMP_FOLDER);
  const path = await fill(folder, body);
  const descriptor = openSync(path, 'r');
  try {
    stamp(descriptor, clock);
    await sync(descriptor);
    return { path, stats: fstatSync(descriptor, { bigint: true }) };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

async function fill(folder: string, body: Body): Promise<string> {
  for (;;) {
    tempCount += 1;
    const path = join(folder, `${process.pid}-${tempCount}`);
    if (!(body instanceof Uint8Array) && linkBody(body, path)) return path;
    const descriptor = openNew(folder, path);
    if (descriptor === null) continue;
    await fillOne(descriptor, path, body);
    return path;
  }
}

/**
 * A finished file that nobody changes any more can be the object itself, under a second name: nothing is copied. False
 * where that cannot be: on another disk, or the name or its folder is not to be had yet.
 */
function linkBody(body: { path: string; sizeBytes: number }, path: string): boolean {
  checkBodySize(body, statBody(body.path).size);
  try {
    linkSync(body.path, path);
    return true;
  } catch (error) {
    if (!LINK_REFUSALS.has(codeOf(error))) throw error;
    return false;
  }
}

const LINK_REFUSALS = new Set([
  'ENOENT',
  'EEXIST',
  'EXDEV',
  'EPERM',
  'EMLINK',
  'ENOTSUP',
  'ENOSYS',
]);

function statBody(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    throw bodyError(path, error);
  }
}

/** `null` when another name must be tried, or this one again in the folder just made. */
function openNew(folder: string, path: string): number | null {
  try {
    return openSync(path, 'wx');
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') mkdirSync(folder, { recursive: true });
    // A process of the same id (in another container, or before a crash) has used the name.
    else if (code !== 'EEXIST') throw error;
    return null;
  }
}

async function fillOne(descriptor: number, path: string, body: Body): Promise<void> {
  try {
    if (!(body instanceof Uint8Array)) await copyWhole(body, path);
    else if (body.length <= SMALL_BYTES_MAX) writeFileSync(descriptor, body);
    else await writeLarge(path, body);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

async function writeLarge(path: string, body: Uint8Array): Promise<void> {
  const handle = await open(path, 'w');
  try {
    await handle.writeFile(body);
  } finally {
    await handle.close();
  }
}

async function copyWhole(body: { path: string; sizeBytes: number }, path: string): Promise<void> {
  await copyFile(body.path, path, constants.COPYFILE_FICLONE).catch((error: unknown) => {
    throw bodyError(body.path, error);
  });
  checkBodySize(body, (await stat(path)).size);
}

/**
 * Gives the file a time that no file of this process had before. Kernels stamp files by a coarse tick and reuse
 * inodes, so without it two quick writes of equal length could look the same.
 */
function stamp(descriptor: number, clock: Clock | undefined): void {
  const nowMs = clock?.now().getTime() ?? fstatSync(descriptor).mtimeMs;
  const stampUs = Math.max(
    Math.floor(nowMs * 1000),
    (lastStampsUs.get(clock ?? DISK_CLOCK) ?? 0) + 1,
  );
  lastStampsUs.set(clock ?? DISK_CLOCK, stampUs);
  futimesSync(descriptor, stampUs / 1e6, stampUs / 1e6);
}

function sync(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fsync(descriptor, (error) => (error ? reject(error) : resolve()));
  });
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
    const firstMade = mkdirSync(dirname(target), { recursive: true });
    try {
      if (how === 'replace') renameSync(temp.path, target);
      else linkSync(temp.path, target);
    } catch (error) {
      if (attempt === PLACE_ATTEMPTS_MAX) throw error;
      const code = codeOf(error);
      if (code === 'ENOENT') continue;
      if (code !== 'EEXIST' && code !== 'EISDIR' && code !== 'ENOTEMPTY') throw error;
      if (!(await removeEmptyFolder(target)) && how === 'if-absent') return false;
      continue;
    }
    await syncFolders(dirname(target), firstMade);
    return true;
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
  await syncFolder(folder);
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

/** Syncs that have not begun yet: whoever joins one before it begins is served by it. */
const waitingSyncs = new Map<string, Promise<void>>();
const runningSyncs = new Map<string, Promise<void>>();

/** Writers into one folder share its syncs, for one covers every name that was there when it began. */
function syncFolder(folder: string): Promise<void> {
  const waiting = waitingSyncs.get(folder);
  if (waiting !== undefined) return waiting;
  const next = (async () => {
    await runningSyncs.get(folder)?.catch(() => undefined);
    waitingSyncs.delete(folder);
    const running = syncFolderNow(folder);
    runningSyncs.set(folder, running);
    try {
      await running;
    } finally {
      if (runningSyncs.get(folder) === running) runningSyncs.delete(folder);
    }
  })();
  waitingSyncs.set(folder, next);
  return next;
}

async function syncFolderNow(folder: string): Promise<void> {
  // Windows has no way to open a folder for this; its renames are journalled.
  if (process.platform === 'win32') return;
  let descriptor: number;
  try {
    descriptor = openSync(folder, 'r');
  } catch (error) {
    // Emptied and removed by another process since, which makes that durable itself.
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  try {
    await sync(descriptor);
  } finally {
    closeSync(descriptor);
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
