import { PipelineError } from '../../../core/error.ts';
import {
  type Commit,
  commitKey,
  decodeCommit,
  encodeCommit,
  makeCommit,
  type Part,
} from '../../../core/manifest.ts';
import type { ObjectStore } from '../../../ports/object-store.ts';
import { latestCommit, offer } from '../../../stages/shape/publish.ts';

/** Every set of this pipeline is one partition: its readers see all of it change at once. */
export const ALL = 'all';

export interface SetRequest {
  dataset: string;
  attributes: Record<string, string>;
  /** All parts of the set, those that stay as they were too; each is in the store already. */
  parts: readonly Part[];
  base: Commit | null;
  signal: AbortSignal;
}

/**
 * Makes a set of parts the newest one of its dataset by one put-if-absent (design A7.4); parts that stay are named
 * again, not written again. Twice equals once; `conflict` when another writer was first with other content.
 */
export async function commitSet(
  store: ObjectStore,
  { dataset, attributes, parts, base, signal }: SetRequest,
): Promise<{ commit: Commit; isNew: boolean }> {
  const version = (base?.version ?? 0) + 1;
  const commit = makeCommit({ dataset, partition: ALL, version, attributes, parts: [...parts] });
  if (base?.digest === commit.digest) return { commit: base, isNew: false };
  const key = commitKey(dataset, ALL, version);
  const offered = await offer(store, key, encodeCommit(commit), signal);
  if (offered.isOurs) return { commit, isNew: true };
  const stored = decodeCommit(key, offered.stored);
  if (stored.digest === commit.digest) return { commit: stored, isNew: offered.wasLost };
  throw new PipelineError('conflict', `${store.url}/${key}: another run was first`, {
    hint: 'run again: the run starts from the new version',
  });
}

/** The newest set of a dataset; null before the first. */
export function newestSet(store: ObjectStore, dataset: string): Promise<Commit | null> {
  return latestCommit(store, dataset, ALL);
}
