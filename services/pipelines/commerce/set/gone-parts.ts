import type { Commit, Part } from '../../../core/manifest.ts';
import type { ObjectStore } from '../../../ports/object-store.ts';
import { DERIVED } from '../merge/derived.ts';
import type { FeedName } from '../door/raw-key.ts';
import type { FeedSet } from './feed-set.ts';

/** Where committed parts lie that runs make again from raw files. */
const MADE = ['processed/', 'curated/'];

/** Whether a part is there as long as it was committed; every prefix is listed once. */
export async function listParts(
  store: ObjectStore,
  signal: AbortSignal,
): Promise<(part: Part) => boolean> {
  const sizes = new Map<string, number>();
  for (const prefix of MADE) {
    for await (const { key, sizeBytes } of store.list(prefix, { signal }))
      sizes.set(key, sizeBytes);
  }
  return ({ key, sizeBytes }) => sizes.get(key) === sizeBytes;
}

/** What is gone of a feed. */
export interface GoneParts {
  /** Keys of raw files of which the processed part is gone. */
  sources: ReadonlySet<string>;
  /** Days, months or `all` of which a curated part is gone. */
  units: ReadonlySet<string>;
  /** A part is gone of a table that is made of this feed first. */
  isDerived: boolean;
}

/** What is gone of the parts of a feed, and of those that readers see. */
export function goneParts(
  feed: FeedName,
  { set, shown, isThere }: { set: FeedSet; shown: Commit | null; isThere: (part: Part) => boolean },
): GoneParts {
  const seen = (shown?.parts ?? []).filter((part) => !isThere(part));
  const ofTable = (table: string) => seen.filter(({ attributes }) => attributes['table'] === table);
  const curated = [...set.curated.filter((part) => !isThere(part)), ...ofTable(feed)];
  const processed = set.processed.filter((part) => !isThere(part));
  const derived = DERIVED.filter(({ feeds }) => feeds[0] === feed);
  return {
    sources: new Set(processed.map(({ attributes }) => attributes['source'] ?? '')),
    units: new Set(curated.map(({ attributes }) => attributes['unit'] ?? '')),
    isDerived: derived.some(({ name }) => ofTable(name).length > 0),
  };
}
