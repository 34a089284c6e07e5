import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { PipelineError } from '../../../core/error.ts';
import type { ObjectStore } from '../../../ports/object-store.ts';

const READ_BYTES = 1 << 18;

/** Something that is to be in the store: bytes, or a finished file. */
export type Content = Uint8Array | { path: string };

/** sha256 of a finished file. */
export async function hashOfFile(path: string): Promise<string> {
  return hashOf(createReadStream(path, { highWaterMark: READ_BYTES }));
}

/**
 * Has the object hold this content: `already` when it did, else it is written and read back. Twice equals once.
 * `unavailable` when other bytes come back than were sent.
 */
export async function keepObject(
  store: ObjectStore,
  key: string,
  { content, signal }: { content: Content; signal: AbortSignal },
): Promise<'written' | 'already'> {
  const isFile = 'path' in content;
  const sha256 = await (isFile ? hashOfFile(content.path) : hashOf([content]));
  if ((await storedHash(store, key, signal)) === sha256) return 'already';
  const body = isFile
    ? { path: content.path, sizeBytes: (await stat(content.path)).size }
    : content;
  await store.put(key, body, { signal });
  if ((await storedHash(store, key, signal)) === sha256) return 'written';
  throw new PipelineError(
    'unavailable',
    `${store.url}/${key}: bytes read back are not those sent`,
    {
      hint: 'check the store for damage, then run again',
    },
  );
}

/**
 * Has the object that points at the newest of its kind hold these bytes. Another run may replace it at once, so it is not
 * read back.
 */
export async function keepNewest(
  store: ObjectStore,
  key: string,
  { content, signal }: { content: Uint8Array; signal: AbortSignal },
): Promise<'written' | 'already'> {
  if ((await storedHash(store, key, signal)) === (await hashOf([content]))) return 'already';
  await store.put(key, content, { signal });
  return 'written';
}

async function storedHash(
  store: ObjectStore,
  key: string,
  signal: AbortSignal,
): Promise<string | null> {
  if ((await store.head(key, { signal })) === null) return null;
  return hashOf(await store.open(key, { signal }));
}

async function hashOf(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}
