import type { Commit } from '../../core/manifest.ts';
import type { ObjectInfo } from '../../ports/object-store.ts';
import type { StepPorts } from '../../ports/step.ts';
import { latestCommits } from '../../stages/shape/publish.ts';
import { isWhole } from './ingestion-map.ts';
import {
  allRecords,
  type ArchiveRecord,
  ARCHIVES,
  DATASET,
  type DownloadRecord,
  type CsvEntry,
  PARSER_VERSION,
  type PlannedArchive,
  REFUSED_CSVS,
  type RefusedCsvRecord,
} from './ledger.ts';
import { csvOwners, type CsvOwners, isOutdated } from './supersede.ts';
import { csvStem, linkDate } from './vintage.ts';

/** What earlier runs have left behind. */
export interface Known {
  archives: ReadonlyMap<string, ArchiveRecord>;
  /** The newest commit of each partition, which is the stem of a CSV. */
  commits: ReadonlyMap<string, Commit>;
  refused: ReadonlyMap<string, RefusedCsvRecord>;
  /** Partitions of which the store lacks a part, or has one cut short. */
  broken: ReadonlySet<string>;
  isForced: boolean;
}

/** Reads what earlier runs have left behind. */
export async function readKnown(
  { records, store, signal }: Pick<StepPorts, 'records' | 'store' | 'signal'>,
  isForced: boolean,
): Promise<Known> {
  const commits = await latestCommits(store, DATASET);
  const stored = new Map<string, ObjectInfo>();
  for await (const info of store.list('transformed_data/', { signal })) stored.set(info.key, info);
  const broken = [...commits].filter(([, commit]) => !isWhole(commit, stored));
  return {
    archives: await allRecords(records, ARCHIVES),
    commits,
    broken: new Set(broken.map(([partition]) => partition)),
    refused: await allRecords(records, REFUSED_CSVS),
    isForced,
  };
}

/**
 * The landed ZIPs of these downloads that extract and transform have still to work on. A link need not lead to them
 * any more: what was landed is worked on.
 */
export function pendingArchives(
  downloads: Iterable<DownloadRecord>,
  known: Known,
): PlannedArchive[] {
  const owners = csvOwners(known.archives.values());
  return [...downloads].flatMap(({ url, year, month, archive }) => {
    if (!archive) return [];
    // Worked on when no download told of it yet: only now its vintage is known for sure.
    const wasByHand = known.archives.get(archiveId(archive.key))?.etag !== undefined;
    if (!known.isForced && !wasByHand && isWorkedOn(archive.key, known, owners)) return [];
    const { key, sha256 } = archive;
    const told = year === undefined ? linkDate({ label: '', url }) : { year, month: month ?? null };
    return [{ key, url, sha256, ...told }];
  });
}

/** The id of an archive's record: the name of its object without `.zip`. */
export function archiveId(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1).replace(/\.zip$/, '');
}

/** True when nothing is left to do of what came out of the ZIP of this key when it was unpacked. */
export function isWorkedOn(key: string, known: Known, owners: CsvOwners): boolean {
  const record = known.archives.get(archiveId(key));
  return (
    record !== undefined &&
    record.csvs.every((csv) => isSettled(csv, known) || isOutdated(record, owners.get(csv.key)))
  );
}

/** True when these bytes were committed, or refused, by the parser as it is now. */
export function isSettled(csv: CsvEntry, known: Known): boolean {
  const stem = csvStem(csv.key);
  const made = known.commits.get(stem)?.attributes;
  const isMade =
    made?.['source_sha256'] === csv.sha256 &&
    made['parser'] === PARSER_VERSION &&
    made['qualifier'] === csv.qualifier;
  if (isMade) return !known.broken.has(stem);
  const refused = known.refused.get(stem);
  return refused?.sha256 === csv.sha256 && refused.parser === PARSER_VERSION;
}
