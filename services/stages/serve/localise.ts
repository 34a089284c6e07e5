import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pLimit from 'p-limit';
import { PipelineError } from '../../core/error.ts';
import type { TableObject } from '../../core/dataset.ts';
import { sha256 } from '../../core/manifest.ts';
import { allSettled } from '../shape/settle.ts';
import type { StepPorts } from '../../ports/step.ts';
import { openVerified, type Verified } from './verified.ts';

const FETCHES_AT_ONCE = 16;
const SMALL_BYTES_MAX = 256 * 1024;

/** What answering a query needs of the ports. */
export interface ServePorts extends Pick<StepPorts, 'store' | 'openEngine' | 'log' | 'signal'> {
  /** A folder that keeps fetched objects from one query to the next. */
  cache: string;
  /** Told of the objects that a question opens, before one of them is fetched; what it throws ends the question. */
  opening?(objects: readonly OpenedObject[]): Promise<void>;
  /** Told where the bytes of these objects are on this machine, by key. */
  opened?(paths: ReadonlyMap<string, string>): void;
}

/** An object that a question opens. */
export type OpenedObject = Pick<TableObject, 'key' | 'sizeBytes'>;

/** What DuckDB takes for a pattern in a path: it would read other files too. */
const PATTERN = /[*?[\]]/;

/**
 * Objects as files that the engine may read: those of a local store where they are, others fetched once. All have the
 * hash that was committed: a local object is hashed when it is first asked for and when it has changed since.
 * `input-invalid` for a damaged one, `not-found` for one that is gone.
 */
export async function localise(
  ports: ServePorts,
  objects: readonly TableObject[],
): Promise<{ paths: Map<string, string>; folders: string[] }> {
  await ports.opening?.(objects);
  const limit = pLimit(FETCHES_AT_ONCE);
  const verified = await openVerified(ports.cache);
  const pathOf = async (object: TableObject) =>
    cached(ports, object) ??
    (await whereItIs(ports, object, verified)) ??
    (await fetched(ports, object));
  const found = await allSettled(
    objects.map((object) => limit(async () => [object.key, await pathOf(object)] as const)),
  );
  await verified.save();
  const paths = new Map(found);
  ports.opened?.(paths);
  const folders = new Set([...paths.values()].map((path) => dirname(path)));
  return { paths, folders: [...folders] };
}

function cached({ cache }: ServePorts, object: TableObject): string | null {
  const path = cachePath(cache, object.sha256);
  return existsSync(path) ? path : null;
}

async function whereItIs(
  { store, cache, signal }: ServePorts,
  object: TableObject,
  verified: Verified,
): Promise<string | null> {
  const path = await store.localPath(object.key);
  if (path === null) return null;
  const address = `${store.url}/${object.key}`;
  const isPattern = PATTERN.test(path);
  // Asked before the bytes are read, so that it never belongs to later ones.
  const info = await store.head(object.key, { signal });
  const etag = info?.etag ?? '';
  if (!isPattern && verified.has(address, etag, object.sha256)) return path;
  // A change of threads takes longer than reading a small file.
  const isSmall = info !== null && info.sizeBytes <= SMALL_BYTES_MAX;
  const bytes = isSmall ? readFileSync(path) : await readFile(path);
  if (sha256(bytes) !== object.sha256) throw damaged(address);
  if (isPattern) return keepInCache(cache, bytes);
  verified.add(address, etag, object.sha256);
  return path;
}

async function fetched(ports: ServePorts, object: TableObject): Promise<string> {
  const address = `${ports.store.url}/${object.key}`;
  const bytes = await ports.store.get(object.key, { signal: ports.signal });
  if (!bytes) {
    throw new PipelineError('not-found', `${address}: named by the map, but gone`, {
      hint: 'restore the object, or run the pipeline again with force=true',
    });
  }
  if (sha256(bytes) !== object.sha256) throw damaged(address);
  return keepInCache(ports.cache, bytes);
}

function damaged(address: string): PipelineError {
  return new PipelineError('input-invalid', `${address}: bytes are not those committed`, {
    hint: 'the object is damaged: restore it, or run the pipeline again with force=true',
  });
}

/**
 * Keeps bytes in the cache, where `localise` finds them by their hash, and returns their path. Whoever else keeps or
 * reads the same bytes at that moment, in this process or another, is not disturbed.
 */
export async function keepInCache(cache: string, bytes: Uint8Array): Promise<string> {
  const path = cachePath(cache, sha256(bytes));
  if (existsSync(path)) return path;
  await mkdir(dirname(path), { recursive: true });
  const own = await mkdtemp(join(cache, 'fetch-'));
  try {
    await writeFile(join(own, 'object'), bytes);
    await rename(join(own, 'object'), path);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
  return path;
}

function cachePath(cache: string, hash: string): string {
  return join(cache, hash.slice(0, 2), `${hash}.parquet`);
}
