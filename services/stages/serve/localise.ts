import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pLimit from 'p-limit';
import { PipelineError } from '../../core/error.ts';
import type { TableObject } from '../../core/dataset.ts';
import { sha256 } from '../../core/manifest.ts';
import { allSettled } from '../shape/settle.ts';
import type { StepPorts } from '../../ports/step.ts';

const FETCHES_AT_ONCE = 16;

/** What answering a query needs of the ports. */
export interface ServePorts extends Pick<StepPorts, 'store' | 'openEngine' | 'log' | 'signal'> {
  /** A folder that keeps fetched objects from one query to the next. */
  cache: string;
}

/** Objects as files that the engine may read: those of a local store where they are, others fetched once by hash. */
export async function localise(
  ports: ServePorts,
  objects: readonly TableObject[],
): Promise<{ paths: Map<string, string>; folders: string[] }> {
  const limit = pLimit(FETCHES_AT_ONCE);
  const found = await allSettled(
    objects.map((object) =>
      limit(
        async () =>
          [
            object.key,
            (await ports.store.localPath(object.key)) ?? (await fetched(ports, object)),
          ] as const,
      ),
    ),
  );
  const paths = new Map(found);
  const folders = new Set([...paths.values()].map((path) => dirname(path)));
  return { paths, folders: [...folders] };
}

async function fetched(ports: ServePorts, object: TableObject): Promise<string> {
  const path = cachePath(ports.cache, object.sha256);
  if (await isThere(path)) return path;
  const bytes = await ports.store.get(object.key, { signal: ports.signal });
  if (!bytes) {
    throw new PipelineError(
      'not-found',
      `${ports.store.url}/${object.key}: named by the map, but gone`,
      {
        hint: 'restore the object, or run the pipeline again with force=true',
      },
    );
  }
  if (sha256(bytes) !== object.sha256) {
    throw new PipelineError(
      'input-invalid',
      `${ports.store.url}/${object.key}: bytes are not those committed`,
      {
        hint: 'the object is damaged: restore it, or run the pipeline again with force=true',
      },
    );
  }
  return keepInCache(ports.cache, bytes);
}

/**
 * Keeps bytes in the cache, where `localise` finds them by their hash, and returns their path. Whoever else keeps or
 * reads the same bytes at that moment, in this process or another, is not disturbed.
 */
export async function keepInCache(cache: string, bytes: Uint8Array): Promise<string> {
  const path = cachePath(cache, sha256(bytes));
  if (await isThere(path)) return path;
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

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
