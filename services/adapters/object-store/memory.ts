import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { PipelineError } from '../../core/error.ts';
import { checkKey, checkPrefix, compareKeys } from '../../core/key.ts';
import { GET_BYTES_MAX } from '../../core/limit.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Body, CallOptions, ObjectInfo, ObjectStore } from '../../ports/object-store.ts';
import { bodyError, checkBodySize } from './filesystem-error.ts';

export interface MemoryStoreOptions {
  bucket: string;
  /** Tells `lastModified`. */
  clock: Clock;
}

interface Held {
  info: ObjectInfo;
  bytes: Uint8Array;
}

const CHUNK_BYTES = 64 * 1024;

/** A bucket that lives as long as the process: for tests. The etag is the MD5 of the bytes, as S3's is. */
export function memoryStore(options: MemoryStoreOptions): ObjectStore {
  const url = `mem://${options.bucket}`;
  const objects = new Map<string, Held>();

  const keep = (key: string, bytes: Uint8Array): ObjectInfo => {
    const etag = createHash('md5').update(bytes).digest('hex');
    const info = { key, sizeBytes: bytes.length, etag, lastModified: options.clock.now() };
    objects.set(key, { info, bytes });
    return { ...info };
  };

  return {
    url,
    capability: { putIfAbsent: true },
    put: async (key, body, callOptions) => {
      begin(key, callOptions);
      return keep(key, await copyOf(body));
    },
    putIfAbsent: async (key, body, callOptions) => {
      begin(key, callOptions);
      const bytes = await copyOf(body);
      return objects.has(key) ? null : keep(key, bytes);
    },
    get: async (key, callOptions) => {
      begin(key, callOptions);
      const held = objects.get(key);
      if (held === undefined) return null;
      if (held.bytes.length <= GET_BYTES_MAX) return new Uint8Array(held.bytes);
      throw new PipelineError('too-large', `${url}/${key} has ${held.bytes.length} bytes`, {
        hint: 'read it as a stream (open)',
      });
    },
    open: async (key, callOptions) => {
      begin(key, callOptions);
      const held = objects.get(key);
      if (held === undefined) throw new PipelineError('not-found', `no object ${url}/${key}`);
      return chunksOf(held.bytes, callOptions);
    },
    head: async (key, callOptions) => {
      begin(key, callOptions);
      const held = objects.get(key);
      return held === undefined ? null : { ...held.info };
    },
    list: (prefix, callOptions) => listHeld(objects, prefix, callOptions),
    delete: async (key, callOptions) => {
      begin(key, callOptions);
      objects.delete(key);
    },
    localPath: async (key) => {
      checkKey(key);
      return null;
    },
  };
}

function begin(key: string, options: CallOptions | undefined): void {
  checkKey(key);
  stopIfAborted(options);
}

function stopIfAborted(options: CallOptions | undefined): void {
  if (options?.signal?.aborted !== true) return;
  throw new PipelineError('interrupted', 'a call to the memory store was stopped');
}

async function copyOf(body: Body): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return new Uint8Array(body);
  const bytes = await readFile(body.path).catch((error: unknown) => {
    throw bodyError(body.path, error);
  });
  checkBodySize(body, bytes.length);
  return new Uint8Array(bytes);
}

async function* chunksOf(bytes: Uint8Array, options?: CallOptions): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    stopIfAborted(options);
    yield bytes.slice(at, at + CHUNK_BYTES);
  }
}

async function* listHeld(
  objects: ReadonlyMap<string, Held>,
  prefix: string,
  options?: CallOptions,
): AsyncGenerator<ObjectInfo> {
  checkPrefix(prefix);
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).toSorted(compareKeys);
  for (const key of keys) {
    stopIfAborted(options);
    const held = objects.get(key);
    if (held !== undefined) yield { ...held.info };
  }
}
