import { readFileSync, rmSync, statSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { PipelineError } from '../../core/error.ts';
import { checkKey, checkPrefix } from '../../core/key.ts';
import { GET_BYTES_MAX } from '../../core/limit.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Body, CallOptions, ObjectInfo, ObjectStore } from '../../ports/object-store.ts';
import { isMissing, translateFileError } from './filesystem-error.ts';
import { type Candidate, type OnUnreadable, walk } from './filesystem-list.ts';
import { keyToNames } from './filesystem-name.ts';
import { place, removeEmptyParents, removeOldTemps, writeTemp } from './filesystem-write.ts';

export interface FilesystemStoreOptions {
  /** Holds one folder per bucket. Made at the first write. */
  folder: string;
  bucket: string;
  /** Tells `lastModified`; without it, the disk's own time. */
  clock?: Clock | undefined;
  /** Absent: a folder that may not be read ends a listing with `denied`. */
  onUnreadable?: OnUnreadable | undefined;
}

/** Files looked at together while listing. */
const STAT_BATCH = 64;
const CHUNK_BYTES = 256 * 1024;
const SMALL_BYTES_MAX = 1024 * 1024;

/**
 * A bucket as a folder on this machine: an object is a file under its key's own name (`filesystem-name.ts` tells the
 * few exceptions). A bucket that is not there lists as empty and is made at the first write. An object and others
 * "below" it (`a` and `a/b`) cannot both be: the second is refused as `unsupported`.
 */
export function filesystemStore(options: FilesystemStoreOptions): ObjectStore {
  return folderStore(resolve(options.folder, checkBucket(options.bucket)), options);
}

/** Any folder as a store, whatever it is called. */
export function folderStore(
  root: string,
  options: Pick<FilesystemStoreOptions, 'clock' | 'onUnreadable'> = {},
): ObjectStore {
  const url = pathToFileURL(root).href;
  const pathOf = (key: string): string => join(root, ...keyToNames(checkKey(key)));
  let isSwept = false;

  const write = async (
    key: string,
    body: Body,
    how: 'replace' | 'if-absent',
  ): Promise<ObjectInfo | null> => {
    const target = pathOf(key);
    const temp = await writeTemp(root, body, options.clock);
    try {
      if (!isSwept) await removeOldTemps(root, temp);
      isSwept = true;
      const isPlaced = await place(temp, target, how);
      return isPlaced ? infoOf(key, temp.stats) : null;
    } finally {
      rmSync(temp.path, { force: true });
    }
  };

  const head = async (key: string): Promise<ObjectInfo | null> => {
    const stats = fileStats(pathOf(key));
    return stats === null ? null : infoOf(key, stats);
  };

  const guard = async <T>(
    call: { method: string; key: string; options: CallOptions | undefined },
    act: () => Promise<T>,
  ): Promise<T> => {
    try {
      call.options?.signal?.throwIfAborted();
      return await act();
    } catch (error) {
      throw translateFileError(asAbort(error, call.options), {
        method: call.method,
        object: `${url}/${call.key}`,
      });
    }
  };

  return {
    url,
    capability: { putIfAbsent: true },
    put: (key, body, callOptions) =>
      guard({ method: 'put', key, options: callOptions }, async () => {
        const info = await write(key, body, 'replace');
        if (info !== null) return info;
        throw new PipelineError('bug', `put of ${url}/${key} replaced nothing and wrote nothing`);
      }),
    putIfAbsent: (key, body, callOptions) =>
      guard({ method: 'putIfAbsent', key, options: callOptions }, () =>
        write(key, body, 'if-absent'),
      ),
    get: (key, callOptions) =>
      guard({ method: 'get', key, options: callOptions }, async () => {
        const stats = fileStats(pathOf(key));
        if (stats === null) return null;
        if (stats.size > BigInt(GET_BYTES_MAX)) throw tooLarge(`${url}/${key}`, stats.size);
        return await readWhole(pathOf(key), Number(stats.size), callOptions);
      }),
    open: (key, callOptions) =>
      guard({ method: 'open', key, options: callOptions }, async () => {
        const object = `${url}/${key}`;
        if (fileStats(pathOf(key)) === null) throw notFound(object);
        return readChunks(pathOf(key), object, callOptions);
      }),
    head: (key, callOptions) =>
      guard({ method: 'head', key, options: callOptions }, () => head(key)),
    list: (prefix, callOptions) =>
      listFiles({ root, url, prefix, callOptions, onUnreadable: options.onUnreadable }),
    delete: (key, callOptions) =>
      guard({ method: 'delete', key, options: callOptions }, async () => {
        const path = pathOf(key);
        if (fileStats(path) === null) return;
        await rm(path, { force: true });
        await removeEmptyParents(root, path);
      }),
    localPath: (key) =>
      guard({ method: 'localPath', key, options: undefined }, async () =>
        fileStats(pathOf(key)) === null ? null : pathOf(key),
      ),
  };
}

function checkBucket(bucket: string): string {
  if (/^[a-zA-Z0-9_-][a-zA-Z0-9._-]*$/.test(bucket)) return bucket;
  throw new PipelineError('config-invalid', `bucket name ${JSON.stringify(bucket)} is refused`, {
    hint: 'use letters, digits, "-" and "." as in argosy-finance',
  });
}

function infoOf(key: string, stats: BigIntStats): ObjectInfo {
  return {
    key,
    sizeBytes: Number(stats.size),
    etag: [stats.mtimeNs, stats.size, stats.ino].map((part) => part.toString(36)).join('-'),
    lastModified: stats.mtime,
  };
}

/** What is known of a plain file; `null` for anything else, and for nothing. */
function fileStats(path: string): BigIntStats | null {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stats?.isFile() ? stats : null;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Small objects are read at once: a change of threads costs more than the read. */
async function readWhole(
  path: string,
  sizeBytes: number,
  options?: CallOptions,
): Promise<Uint8Array | null> {
  try {
    const isSmall = sizeBytes <= SMALL_BYTES_MAX;
    const bytes = isSmall ? readFileSync(path) : await readFile(path, { signal: options?.signal });
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Opens the file only when it is read, so a stream that nobody reads holds nothing open. */
async function* readChunks(
  path: string,
  object: string,
  options?: CallOptions,
): AsyncGenerator<Uint8Array> {
  try {
    const handle = await open(path, 'r');
    const { size } = await handle.stat();
    let seenBytes = 0;
    // The stream closes the handle, also when its reader stops early.
    for await (const chunk of handle.createReadStream({ highWaterMark: CHUNK_BYTES })) {
      options?.signal?.throwIfAborted();
      seenBytes += (chunk as Uint8Array).length;
      yield chunk as Uint8Array;
    }
    if (seenBytes >= size) return;
    throw new PipelineError(
      'unavailable',
      `${object} was cut short at ${seenBytes} of ${size} bytes`,
    );
  } catch (error) {
    if (isMissing(error)) throw notFound(object, error);
    throw translateFileError(asAbort(error, options), { method: 'open', object });
  }
}

async function* listFiles(listing: {
  root: string;
  url: string;
  prefix: string;
  callOptions: CallOptions | undefined;
  onUnreadable: OnUnreadable | undefined;
}): AsyncGenerator<ObjectInfo> {
  const { root, url, prefix, callOptions } = listing;
  checkPrefix(prefix);
  let batch: Candidate[] = [];
  try {
    for await (const candidate of walk(root, prefix, listing.onUnreadable)) {
      callOptions?.signal?.throwIfAborted();
      batch.push(candidate);
      if (batch.length < STAT_BATCH) continue;
      yield* statBatch(batch);
      batch = [];
    }
    callOptions?.signal?.throwIfAborted();
    yield* statBatch(batch);
  } catch (error) {
    throw translateFileError(asAbort(error, callOptions), {
      method: 'list',
      object: `${url}/${prefix}`,
    });
  }
}

function statBatch(batch: readonly Candidate[]): ObjectInfo[] {
  const stats = batch.map(({ path }) => fileStats(path));
  return batch.flatMap(({ key }, at) => {
    const found = stats[at];
    return found === null || found === undefined ? [] : [infoOf(key, found)];
  });
}

/** An abort may carry any reason; the caller's signal tells that it was one. */
function asAbort(error: unknown, options: CallOptions | undefined): unknown {
  if (options?.signal?.aborted !== true || error instanceof PipelineError) return error;
  return Object.assign(new Error('aborted', { cause: error }), { name: 'AbortError' });
}

function notFound(object: string, cause?: unknown): PipelineError {
  return new PipelineError('not-found', `no object ${object}`, { cause });
}

function tooLarge(object: string, sizeBytes: bigint): PipelineError {
  return new PipelineError('too-large', `${object} has ${sizeBytes} bytes`, {
    hint: 'read it as a stream (open)',
  });
}
