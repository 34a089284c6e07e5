import { commitKey, decodeCommit } from '../../../core/manifest.ts';
import type { ObjectStore } from '../../../ports/object-store.ts';
import type { QueryEngine } from '../../../ports/query-engine.ts';
import { FEED_NAMES, type FeedName, parseRawKey } from '../door/raw-key.ts';
import { ALL, newestSet } from '../set/commit-set.ts';
import type { FeedSet } from '../set/feed-set.ts';
import { CURATED_SET, shownBefore } from '../set/shown.ts';
import type { FeedSets } from '../set/set-tables.ts';

/** The table of files that came since the runs of earlier days: feed, day of the folder, rows in, and rows that break a rule. */
export const NEW_FILES = 'new_files';

interface NewFile {
  feed: FeedName;
  day: string;
  rowsIn: number;
  rejected: number;
}

/**
 * Gives the engine a row for each file of which readers had seen nothing when the last run of an earlier day ended: what
 * the gate has refused it refuses again, for as long as the file is as it is. Rows that another row stands for are no fault of a file, and are not counted.
 */
export async function putNewFiles(
  engine: QueryEngine,
  store: ObjectStore,
  { sets, logicalDate }: { sets: FeedSets; logicalDate: string },
): Promise<void> {
  const shown = shownBefore(await newestSet(store, CURATED_SET), logicalDate);
  const files: NewFile[] = [];
  for (const feed of FEED_NAMES) {
    const seen = await seenFiles(store, feed, shown[feed] ?? 0);
    files.push(...filesOf(feed, sets[feed]).filter(({ id }) => !seen.has(id)));
  }
  await engine.run(
    `CREATE OR REPLACE TABLE ${NEW_FILES} (feed VARCHAR, day VARCHAR, rows_in DOUBLE, rejected DOUBLE)`,
  );
  if (files.length === 0) return;
  await engine.append(NEW_FILES, [
    { type: 'VARCHAR', values: files.map(({ feed }) => feed) },
    { type: 'VARCHAR', values: files.map(({ day }) => day) },
    { type: 'DOUBLE', values: files.map(({ rowsIn }) => rowsIn) },
    { type: 'DOUBLE', values: files.map(({ rejected }) => rejected) },
  ]);
}

async function seenFiles(
  store: ObjectStore,
  feed: FeedName,
  version: number,
): Promise<ReadonlySet<string>> {
  const key = commitKey(feed, ALL, version);
  const bytes = version === 0 ? null : await store.get(key);
  if (bytes === null) return new Set();
  const { parts } = decodeCommit(key, bytes);
  return new Set(
    parts.flatMap(({ attributes }) =>
      attributes['zone'] === 'processed' ? [idOf(attributes)] : [],
    ),
  );
}

function idOf(attributes: Readonly<Record<string, string>>): string {
  return `${attributes['source']} ${attributes['source_sha256']}`;
}

function filesOf(feed: FeedName, { processed, quarantine }: FeedSet): (NewFile & { id: string })[] {
  const rejected = new Map<string, number>();
  for (const { attributes, rows } of quarantine)
    if (attributes['source'] !== undefined) rejected.set(idOf(attributes), rows);
  return processed.map(({ attributes }) => ({
    id: idOf(attributes),
    feed,
    day: parseRawKey(attributes['source'] ?? '')?.date ?? '',
    rowsIn: Number(attributes['rows_in']),
    rejected: rejected.get(idOf(attributes)) ?? 0,
  }));
}
