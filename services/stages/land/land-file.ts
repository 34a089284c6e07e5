import { createHash } from 'node:crypto';
import { isRetryable, PipelineError } from '../../core/error.ts';
import { CONDITIONAL_PUT_BYTES_MAX } from '../../core/limit.ts';
import type { ObjectStore } from '../../ports/object-store.ts';

/** Writes of one key whose answers may be lost before it is given up. */
const WRITES_MAX = 4;

/** A finished file, and the keys under which its bytes may lie. */
export interface Landing {
  path: string;
  sizeBytes: number;
  sha256: string;
  /** The first that is free, or holds these bytes already, is taken. */
  keys: readonly string[];
  signal?: AbortSignal;
}

/**
 * Lands a file under the first of its keys that holds no other bytes. What is there is never overwritten (design L1);
 * the same bytes twice are written once. `conflict` when all keys hold other bytes.
 */
export async function landFile(
  store: ObjectStore,
  landing: Landing,
): Promise<{ key: string; isNew: boolean }> {
  for (const key of landing.keys) {
    const outcome = await landAt(store, key, landing);
    if (outcome !== 'taken') return { key, isNew: outcome === 'written' };
  }
  throw new PipelineError('conflict', `${store.url}/${landing.keys[0]}: taken by other bytes`, {
    hint: 'landed objects are never overwritten: was one damaged or changed by hand?',
  });
}

async function landAt(
  store: ObjectStore,
  key: string,
  { path, sizeBytes, sha256, signal }: Landing,
): Promise<'written' | 'there' | 'taken'> {
  if (sizeBytes > CONDITIONAL_PUT_BYTES_MAX) {
    throw new PipelineError('too-large', `${store.url}/${key}: ${sizeBytes} bytes`);
  }
  for (let attempt = 1; attempt <= WRITES_MAX; attempt += 1) {
    const stored = await store.head(key, { signal });
    if (stored !== null) {
      const isSame =
        stored.sizeBytes === sizeBytes && (await hashAt(store, key, signal)) === sha256;
      return isSame ? 'there' : 'taken';
    }
    try {
      if (await store.putIfAbsent(key, { path, sizeBytes }, { signal })) return 'written';
    } catch (error) {
      // No answer came: what stands there now decides.
      const isUnknown = error instanceof PipelineError && error.kind === 'commit-unknown';
      if (!isUnknown && (!isRetryable(error) || error.isUnwritten)) throw error;
    }
  }
  throw new PipelineError(
    'commit-unknown',
    `${store.url}/${key}: no answer to ${WRITES_MAX} writes`,
    {
      hint: 'run again: a write that did arrive is found then',
    },
  );
}

async function hashAt(store: ObjectStore, key: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of await store.open(key, { signal })) hash.update(chunk);
  return hash.digest('hex');
}
