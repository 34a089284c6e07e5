import type { Commit } from '../../core/manifest.ts';
import type { StepPorts } from '../../ports/step.ts';
import { latestCommits } from '../../stages/shape/publish.ts';
import type { ArchiveLink } from './archive-page.ts';
import {
  allRecords,
  type ArchiveRecord,
  ARCHIVES,
  DATASET,
  type DownloadRecord,
  type ExtractPlan,
  PARSER_VERSION,
  REFUSED_CSVS,
  type RefusedCsvRecord,
} from './ledger.ts';
import { csvOwners, type CsvOwners, isOutdated } from './supersede.ts';
import { csvStem } from './vintage.ts';

/** What earlier runs have left behind. */
export interface Known {
  archives: ReadonlyMap<string, ArchiveRecord>;
  /** The newest commit of each partition, which is the stem of a CSV. */
  commits: ReadonlyMap<string, Commit>;
  refused: ReadonlyMap<string, RefusedCsvRecord>;
  isForced: boolean;
}

/** Reads what earlier runs have left behind. */
export async function readKnown(
  { records, store }: Pick<StepPorts, 'records' | 'store'>,
  isForced: boolean,
): Promise<Known> {
  return {
    archives: await allRecords(records, ARCHIVES),
    commits: await latestCommits(store, DATASET),
    refused: await allRecords(records, REFUSED_CSVS),
    isForced,
  };
}

/** The landed ZIPs of these downloads that extract and transform have still to work on. */
export function pendingArchives(
  downloads: readonly { link: ArchiveLink; record: DownloadRecord }[],
  known: Known,
): ExtractPlan['archives'] {
  const owners = csvOwners(known.archives.values());
  return downloads.flatMap(({ link, record }) => {
    if (!record.archive || (!known.isForced && isDone(record.archive.key, known, owners)))
      return [];
    const { key, sha256 } = record.archive;
    return [{ key, url: link.url, sha256, year: link.year, month: link.month }];
  });
}

/** The id of an archive's record: the name of its object without `.zip`. */
export function archiveId(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1).replace(/\.zip$/, '');
}

function isDone(key: string, known: Known, owners: CsvOwners): boolean {
  const record = known.archives.get(archiveId(key));
  return (
    record !== undefined &&
    record.csvs.every((csv) => isSettled(csv, known) || isOutdated(record, owners.get(csv.key)))
  );
}

/** True when these bytes were committed, or refused, by the parser as it is now. */
export function isSettled(csv: { key: string; sha256: string }, known: Known): boolean {
  const stem = csvStem(csv.key);
  const made = known.commits.get(stem)?.attributes;
  if (made?.['source_sha256'] === csv.sha256 && made['parser'] === PARSER_VERSION) return true;
  const refused = known.refused.get(stem);
  return refused?.sha256 === csv.sha256 && refused.parser === PARSER_VERSION;
}
