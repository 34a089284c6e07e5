import { PipelineError } from '../../core/error.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { PartitionRequest } from '../../stages/observe/partitions/source.ts';
import { readCleanManifest } from './clean/clean-manifest.ts';

const CLEAN = 'clean/';
const PART = /^clean\/(\d{4}-\d{2}-\d{2})\/(manifest|transactions|customers)-[0-9a-f]{16}\./;

/** What transform has made, as the store lists it. */
export interface Made {
  /** Whether the clean manifest of this key is there, and the objects that it names. */
  isWhole(manifestKey: string): Promise<boolean>;
}

/** Lists what was cleaned, once for all days. */
export async function readMade({
  store,
  signal,
}: Pick<PartitionRequest, 'store' | 'signal'>): Promise<Made> {
  const keys = new Set<string>();
  const counts = new Map<string, number>();
  for await (const { key, sizeBytes } of store.list(CLEAN, { signal })) {
    if (sizeBytes === 0) continue;
    keys.add(key);
    const [, day, part] = PART.exec(key) ?? [];
    if (day !== undefined) counts.set(`${day} ${part}`, (counts.get(`${day} ${part}`) ?? 0) + 1);
  }
  const isOneOf = (day: string, part: string) => counts.get(`${day} ${part}`) === 1;
  return {
    isWhole: async (manifestKey) => {
      if (!keys.has(manifestKey)) return false;
      const day = PART.exec(manifestKey)?.[1] ?? '';
      // Of one manifest these are the objects; of several only the manifest itself tells which are its own.
      if (['manifest', 'transactions', 'customers'].every((part) => isOneOf(day, part)))
        return true;
      const named = await partsOf(store, manifestKey, signal);
      return named !== null && named.every((key) => keys.has(key));
    },
  };
}

/** The objects that a clean manifest names; null for one that is gone or damaged. */
async function partsOf(
  store: ObjectStore,
  manifestKey: string,
  signal: AbortSignal,
): Promise<string[] | null> {
  try {
    const { manifest } = await readCleanManifest(store, manifestKey, signal);
    return [manifest.transactions.key, manifest.customers.key];
  } catch (error) {
    const isGone =
      error instanceof PipelineError &&
      (error.kind === 'not-found' || error.kind === 'input-invalid');
    if (isGone) return null;
    throw error;
  }
}
