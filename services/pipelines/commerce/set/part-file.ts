import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PipelineError } from '../../../core/error.ts';
import { sha256 as sha256Of, type Part } from '../../../core/manifest.ts';
import type { StepPorts } from '../../../ports/step.ts';

const READ_BYTES = 1 << 18;
/** Up to this size a stream takes longer than the bytes. */
const SMALL_BYTES_MAX = 2 ** 20;
/** What the engine takes for a pattern in a path: it would read other files too. */
const PATTERN = /[*?[\]]/;

type Workplace = Pick<StepPorts, 'store' | 'scratch' | 'signal'>;

/** sha256 of a finished file. */
export async function hashOfFile(path: string): Promise<string> {
  const { size } = await stat(path);
  return size <= SMALL_BYTES_MAX
    ? sha256Of(readFileSync(path))
    : hashOf(createReadStream(path, { highWaterMark: READ_BYTES }));
}

async function hashOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

/**
 * A committed object as a file that the engine may read: where it lies, or copied below scratch. `input-invalid` when its
 * bytes are not those that were committed, `not-found` when it is gone.
 */
export async function localFile(
  { store, scratch, signal }: Workplace,
  object: { key: string; sha256: string },
): Promise<string> {
  const there = await store.localPath(object.key);
  const isUsable = there !== null && !PATTERN.test(there);
  const path = isUsable ? there : join(scratch, 'fetched', object.sha256);
  const found = isUsable
    ? await hashOfFile(path)
    : await copied(await store.open(object.key, { signal }), path);
  if (found === object.sha256) return path;
  throw new PipelineError(
    'input-invalid',
    `${store.url}/${object.key}: bytes are not those that were accepted`,
    {
      hint: 'the object is damaged or was replaced: run the pipeline again from the step validate',
    },
  );
}

async function copied(chunks: AsyncIterable<Uint8Array>, path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await using file = await open(path, 'w');
  const hash = createHash('sha256');
  for await (const chunk of chunks) {
    hash.update(chunk);
    await file.writeFile(chunk);
  }
  return hash.digest('hex');
}

/** A finished file below scratch that is to be an object. `{hash}` in its key stands for 16 digits of its sha256. */
export interface FreshPart {
  keyPattern: string;
  path: string;
  rows: number;
  attributes: Record<string, string>;
}

/**
 * Has the store hold the file under a key with its hash, and reads it back; what is there already is not written.
 * `unavailable` when other bytes come back than were sent.
 */
export async function keepPart(
  { store, signal }: Workplace,
  { keyPattern, path, rows, attributes }: FreshPart,
): Promise<{ part: Part; isNew: boolean }> {
  const sha256 = await hashOfFile(path);
  const { size: sizeBytes } = await stat(path);
  const key = keyPattern.replace('{hash}', sha256.slice(0, 16));
  const part = { key, sizeBytes, rows, sha256, attributes };
  const isStored = async (): Promise<boolean> => {
    const info = await store.head(key, { signal });
    if (info === null) return false;
    if (info.sizeBytes > SMALL_BYTES_MAX)
      return (await hashOf(await store.open(key, { signal }))) === sha256;
    const bytes = await store.get(key, { signal });
    return bytes !== null && sha256Of(bytes) === sha256;
  };
  if (await isStored()) return { part, isNew: false };
  await store.put(key, { path, sizeBytes }, { signal });
  if (await isStored()) return { part, isNew: true };
  throw new PipelineError(
    'unavailable',
    `${store.url}/${key}: bytes read back are not those sent`,
    {
      hint: 'check the store for damage, then run again',
    },
  );
}
