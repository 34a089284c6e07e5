import { createReadStream } from 'node:fs';
import { PipelineError } from '../../../core/error.ts';
import { checkKey, checkPrefix } from '../../../core/key.ts';
import { SOURCE_FILES_MAX } from '../../../core/limit.ts';
import { printable } from '../../../core/printable.ts';
import type { ObjectInfo, ObjectStore } from '../../../ports/object-store.ts';
import type { Feed } from './feed.ts';
import { parquetAsCsv, type ParquetPorts } from './parquet.ts';

/** What of a step's ports objects are read by. */
export type ObjectPorts = ParquetPorts & { signal: AbortSignal };

const READ_BYTES = 256 * 1024;

/** Names that hold rows; others beside them (a `_SUCCESS`, a checksum) are left alone. */
const ROWS = /\.(?:csv|csv\.gz|parquet)$/i;
const PARQUET = /\.parquet$/i;
const OTHER_TABLE = /\.(?:xlsx?|jsonl?|ndjson|avro|orc|zip|csv\.\w+)$/i;

/**
 * The CSV and Parquet objects that a key names: the object itself, or in the order of keys all below a prefix, which is empty or
 * ends with a slash. `not-found` for a key that is not there; nothing below a prefix is an empty list.
 */
export async function objectFeeds(
  store: ObjectStore,
  key: string,
  ports: ObjectPorts,
): Promise<Feed[]> {
  const { signal } = ports;
  const isPrefix = key === '' || key.endsWith('/');
  const found = isPrefix ? await below(store, key, signal) : [await one(store, key, signal)];
  return found.map((info) => objectFeed(store, info, ports));
}

async function one(store: ObjectStore, key: string, signal: AbortSignal): Promise<ObjectInfo> {
  const info = await store.head(checkKey(key), { signal });
  if (info !== null) return info;
  throw new PipelineError('not-found', `${store.url}/${printable(key)}: there is no such object`, {
    hint: 'a prefix ends with a slash',
  });
}

async function below(store: ObjectStore, key: string, signal: AbortSignal): Promise<ObjectInfo[]> {
  const prefix = checkPrefix(key);
  const found: ObjectInfo[] = [];
  for await (const info of store.list(prefix, { signal })) {
    if (!ROWS.test(info.key) && OTHER_TABLE.test(info.key)) {
      throw new PipelineError('unsupported', `${store.url}/${printable(info.key)} is not read`, {
        hint: 'below a prefix .csv, .csv.gz and .parquet are read; move it elsewhere',
      });
    }
    if (!ROWS.test(info.key)) continue;
    found.push(info);
    if (found.length > SOURCE_FILES_MAX) throw tooMany(`${store.url}/${prefix}`);
  }
  return found;
}

function tooMany(address: string): PipelineError {
  const message = `${address}: more than ${SOURCE_FILES_MAX} files`;
  return new PipelineError('too-large', message, { hint: 'name a prefix with fewer files' });
}

function objectFeed(store: ObjectStore, info: ObjectInfo, ports: ObjectPorts): Feed {
  const { signal } = ports;
  const { key, etag } = info;
  const address = `${store.url}/${printable(key)}`;
  return {
    address,
    etag,
    content: {
      kind: 'bytes',
      ...(PARQUET.test(key) && { madeFrom: 'parquet' }),
      open: async () => {
        const bytes = await bytesOf(store, key, signal);
        return PARQUET.test(key) ? parquetAsCsv(bytes, ports, address) : bytes;
      },
    },
    verify: async () => {
      const now = await store.head(key, { signal });
      if (now?.etag === etag) return;
      throw new PipelineError('conflict', `${address}: changed while it was read`, {
        hint: 'run again: it is read as it is then',
      });
    },
  };
}

async function bytesOf(
  store: ObjectStore,
  key: string,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const path = await store.localPath(key);
  if (path === null) return store.open(key, { signal });
  return createReadStream(path, { highWaterMark: READ_BYTES, signal });
}
