import { PipelineError } from '../../../core/error.ts';
import { type Commit, decodeCommit, encodeCommit } from '../../../core/manifest.ts';
import type { ObjectStore } from '../../../ports/object-store.ts';
import { type Claim, damaged } from './claim.ts';

const COMMITS = '_commits/';

/**
 * The parts of every commit in a bucket. Those of the newest version of each partition have to be there; those of older
 * ones may have been swept. A commit that is not, byte for byte, what its digest and key were made for is damaged.
 */
export async function* commitClaims(store: ObjectStore, signal: AbortSignal): AsyncIterable<Claim> {
  const newest = new Map<string, string>();
  const keys: string[] = [];
  for await (const { key } of store.list(COMMITS, { signal })) {
    keys.push(key);
    // Versions of a partition are listed in their order.
    newest.set(folderOf(key), key);
  }
  for (const key of keys) {
    const bytes = await store.get(key, { signal });
    // Removed since it was listed.
    if (bytes === null) continue;
    const commit = readCommit(key, bytes);
    if (typeof commit === 'string') {
      yield damaged(key, commit);
      continue;
    }
    const isNeeded = newest.get(folderOf(key)) === key;
    for (const { key: part, sha256 } of commit.parts)
      yield { proof: { key: part, sha256, namedBy: key, isNeeded } };
  }
}

/** The commit, or what is wrong with it. */
function readCommit(key: string, bytes: Uint8Array): Commit | string {
  try {
    const commit = decodeCommit(key, bytes);
    // A space more or less leaves the digest as it is, and is damage all the same.
    const isExact = Buffer.compare(encodeCommit(commit), bytes) === 0;
    return isExact ? commit : 'its bytes are not those that were written';
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    return error.message.slice(error.message.indexOf(': ') + 2);
  }
}

function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/'));
}
