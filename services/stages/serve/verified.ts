import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Which local objects have been found whole: by address, the etag that each had then and its sha256. */
type Entries = Record<string, [etag: string, sha256: string]>;

/** What is remembered of local objects from one query to the next, so that each is hashed once. */
export interface Verified {
  /** True when the object with this etag was found to have this hash. */
  has(address: string, etag: string, sha256: string): boolean;
  add(address: string, etag: string, sha256: string): void;
  /** Writes what was added, whole or not at all. Of two processes that write at once one is forgotten, no more. */
  save(): Promise<void>;
}

const NAME = 'verified.json';

/** Opens the memory in a cache folder; one that is not there or cannot be read is empty. */
export async function openVerified(cache: string): Promise<Verified> {
  const entries = await readEntries(join(cache, NAME));
  let isChanged = false;
  return {
    has: (address, etag, sha256) => {
      const entry = entries[address];
      return Array.isArray(entry) && entry[0] === etag && entry[1] === sha256;
    },
    add: (address, etag, sha256) => {
      entries[address] = [etag, sha256];
      isChanged = true;
    },
    save: async () => {
      if (!isChanged) return;
      await mkdir(cache, { recursive: true });
      const own = await mkdtemp(join(cache, 'verified-'));
      try {
        await writeFile(join(own, NAME), JSON.stringify(entries));
        await rename(join(own, NAME), join(cache, NAME));
      } finally {
        await rm(own, { recursive: true, force: true });
      }
    },
  };
}

async function readEntries(path: string): Promise<Entries> {
  const text = await readFile(path, 'utf8').catch(() => '{}');
  try {
    const parsed: unknown = JSON.parse(text);
    return parsed !== null && typeof parsed === 'object' ? (parsed as Entries) : {};
  } catch {
    // A damaged memory costs one more hashing of each object.
    return {};
  }
}
