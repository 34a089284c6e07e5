import { sha256 as hashOf, type Commit, type Part } from '../../../core/manifest.ts';
import type { ObjectStore } from '../../../ports/object-store.ts';
import type { StepSettings } from '../../../ports/step.ts';
import { hashesPersons, saltOf } from '../../../stages/shape/protect.ts';
import { newestSet } from './commit-set.ts';
import type { FeedName } from '../door/raw-key.ts';

/** Raised when the rules of a feed change: everything is made again from the raw files. */
const RULES_VERSION = '3';

/** `processed`: the good rows of one file. `curated`: one unit of the table. `quarantine`: rows that are in no table. */
export type Zone = 'processed' | 'curated' | 'quarantine';

/**
 * The bookmark ledger of a feed and its tables in one: the newest commit of the dataset of its name. Its processed parts
 * say which files were taken, by key and hash; attributes of parts are texts.
 */
export interface FeedSet {
  commit: Commit | null;
  processed: readonly Part[];
  curated: readonly Part[];
  quarantine: readonly Part[];
}

/** The newest set of a feed; without parts before the first. */
export async function readFeedSet(store: ObjectStore, feed: FeedName): Promise<FeedSet> {
  const commit = await newestSet(store, feed);
  const of = (zone: Zone): Part[] =>
    (commit?.parts ?? []).filter(({ attributes }) => attributes['zone'] === zone);
  return {
    commit,
    processed: of('processed'),
    curated: of('curated'),
    quarantine: of('quarantine'),
  };
}

/** What the parts of a set are made by: another value makes all of them again. */
export function fingerprints(settings: StepSettings): { rules: string; protection: string } {
  const way = hashesPersons(settings.environment) ? 'hashed' : 'open';
  const protection = `${way}-${hashOf(`fingerprint ${saltOf(settings).reveal()}`).slice(0, 8)}`;
  return { rules: RULES_VERSION, protection };
}

/** rows in = published + rejected, over all files that the set was made of. */
export interface FeedAccounts {
  rowsIn: number;
  published: number;
  rejected: number;
  rejectsByRule: Record<string, number>;
}

/** The account of a set, from its parts. */
export function accountsOf({ processed, curated, quarantine }: FeedSet): FeedAccounts {
  const sum = (parts: readonly Part[], of: (part: Part) => number): number =>
    parts.reduce((total, part) => total + of(part), 0);
  const rejectsByRule: Record<string, number> = {};
  for (const { attributes } of quarantine) {
    const counts = JSON.parse(attributes['rules'] ?? '{}') as Record<string, number>;
    for (const [rule, count] of Object.entries(counts))
      rejectsByRule[rule] = (rejectsByRule[rule] ?? 0) + count;
  }
  return {
    rowsIn: sum(processed, ({ attributes }) => Number(attributes['rows_in'])),
    published: sum(curated, ({ rows }) => rows),
    rejected: sum(quarantine, ({ rows }) => rows),
    rejectsByRule: Object.fromEntries(
      Object.entries(rejectsByRule).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ),
  };
}
