import pLimit from 'p-limit';
import {
  type Commit,
  commitKey,
  commitPrefix,
  decodeCommit,
  encodeCommit,
  makeCommit,
  type Part,
  parseCommitKey,
  sha256,
} from '../../core/manifest.ts';
import { isRetryable, PipelineError } from '../../core/error.ts';
import { allSettled } from './settle.ts';
import type { Body, ObjectStore } from '../../ports/object-store.ts';

/** Writes of one key whose answers may be lost before it is given up. */
const OFFERS_MAX = 4;
const PARTS_AT_ONCE = 8;
const COMMITS_READ_AT_ONCE = 16;

/** A part that is ready but not yet in the store. */
export interface StagedPart {
  /** The key the requirements name. Taken by other bytes, the part goes beside it, under a name with its hash. */
  key: string;
  bytes: Uint8Array;
  /** A finished file with these bytes, if there is one: a local store can take it as it is. */
  path?: string;
  rows: number;
  attributes: Record<string, string>;
}

export interface Publication {
  dataset: string;
  partition: string;
  attributes: Record<string, string>;
  parts: readonly StagedPart[];
  /** The newest commit when the writer began; null when there was none. */
  base: Commit | null;
  signal?: AbortSignal;
}

export interface Published {
  /** `already`: this very content was committed before, by this writer or another. */
  outcome: 'committed' | 'already';
  commit: Commit;
}

/**
 * Makes a set of parts visible at once (design A7, steps 1, 2 and 4): parts are written at keys that hold no other
 * bytes, read back, then one put-if-absent of the commit decides. Nothing that was there is ever overwritten.
 * Twice equals once. `conflict` when another writer committed other content since `base`.
 */
export async function publish(store: ObjectStore, publication: Publication): Promise<Published> {
  const { dataset, partition, attributes, base, signal } = publication;
  const limit = pLimit(PARTS_AT_ONCE);
  const writing = publication.parts.map((part) => limit(() => writePart(store, part, signal)));
  const parts = await allSettled(writing);
  const version = (base?.version ?? 0) + 1;
  const commit = makeCommit({ dataset, partition, version, attributes, parts });
  if (base?.digest === commit.digest) return { outcome: 'already', commit: base };
  return settle(store, commit, signal);
}

/** The newest commit of one partition; `null` when it has none. */
export async function latestCommit(
  store: ObjectStore,
  dataset: string,
  partition: string,
): Promise<Commit | null> {
  let newest = '';
  for await (const { key } of store.list(`${commitPrefix(dataset)}${partition}/`)) {
    if (parseCommitKey(dataset, key)?.partition === partition) newest = key;
  }
  return newest === '' ? null : readCommit(store, newest);
}

/** The newest commit of every partition of a dataset, by partition. */
export async function latestCommits(
  store: ObjectStore,
  dataset: string,
): Promise<Map<string, Commit>> {
  const newest = new Map<string, string>();
  for await (const { key } of store.list(commitPrefix(dataset))) {
    const named = parseCommitKey(dataset, key);
    if (named) newest.set(named.partition, key);
  }
  const limit = pLimit(COMMITS_READ_AT_ONCE);
  const reading = [...newest].map(([partition, key]) =>
    limit(async () => [partition, await readCommit(store, key)] as const),
  );
  const commits = new Map<string, Commit>();
  for (const [partition, commit] of await Promise.all(reading)) {
    if (commit) commits.set(partition, commit);
  }
  return commits;
}

async function readCommit(store: ObjectStore, key: string): Promise<Commit | null> {
  const bytes = await store.get(key);
  return bytes && decodeCommit(key, bytes);
}

async function writePart(
  store: ObjectStore,
  part: StagedPart,
  signal?: AbortSignal,
): Promise<Part> {
  const hash = sha256(part.bytes);
  const { bytes, path } = part;
  const body: Body = path === undefined ? bytes : { path, sizeBytes: bytes.length };
  const dot = part.key.lastIndexOf('.');
  const named = (digits: number) =>
    `${part.key.slice(0, dot)}-${hash.slice(0, digits)}${part.key.slice(dot)}`;
  // The last is for bytes of ours that the store has damaged: nothing is overwritten, not even those.
  for (const key of [part.key, named(8), named(16)]) {
    await offer(store, key, body, signal);
    const stored = await store.get(key, { signal });
    if (stored && sha256(stored) === hash) {
      const { rows, attributes } = part;
      return { key, sizeBytes: part.bytes.length, rows, sha256: hash, attributes };
    }
  }
  throw new PipelineError(
    'unavailable',
    `${store.url}/${named(8)}: bytes read back are not those sent`,
    {
      hint: 'check the store for damage, then run again',
    },
  );
}

async function settle(
  store: ObjectStore,
  commit: Commit,
  signal?: AbortSignal,
): Promise<Published> {
  const key = commitKey(commit.dataset, commit.partition, commit.version);
  const offered = await offer(store, key, encodeCommit(commit), signal);
  if (offered.isOurs) return { outcome: 'committed', commit };
  const stored = decodeCommit(key, offered.stored);
  if (stored.digest === commit.digest) {
    return { outcome: offered.wasLost ? 'committed' : 'already', commit: stored };
  }
  throw new PipelineError(
    'conflict',
    `${key}: another writer committed version ${stored.version} first`,
    {
      hint: 'run again: the run starts from the new version',
    },
  );
}

/** `isOurs`: the write was answered. Else what stands there, which may be ours when an answer was lost. */
export type Offered = { isOurs: true } | { isOurs: false; stored: Uint8Array; wasLost: boolean };

/**
 * Puts the bytes if the key is free. When no answer comes the key is read, never deleted: the bytes found there
 * decide, and only a key that is still free is offered again; `commit-unknown` after four writes without an answer.
 */
export async function offer(
  store: ObjectStore,
  key: string,
  body: Body,
  signal?: AbortSignal,
): Promise<Offered> {
  let wasLost = false;
  for (let attempt = 1; attempt <= OFFERS_MAX; attempt++) {
    try {
      if (await store.putIfAbsent(key, body, { signal })) return { isOurs: true };
    } catch (error) {
      const isUnknown = error instanceof PipelineError && error.kind === 'commit-unknown';
      if (!isUnknown && (!isRetryable(error) || error.isUnwritten)) throw error;
      wasLost = true;
    }
    const stored = await store.get(key, { signal });
    if (stored) return { isOurs: false, stored, wasLost };
  }
  throw new PipelineError(
    'commit-unknown',
    `${store.url}/${key}: no answer to ${OFFERS_MAX} writes`,
    {
      hint: 'run again: nothing is visible yet, and a write that did arrive is found then',
    },
  );
}
