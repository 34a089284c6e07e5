import type { StepPorts } from '../../ports/step.ts';

/** Raised whenever the same CSV would give other rows, so that every vintage is transformed anew. */
export const PARSER_VERSION = '1';
export const DATASET = 'raw_data';

/** What is known of one link: kept under the first 8 hex digits of the MD5 of its URL. */
export interface DownloadRecord {
  url: string;
  /** What the link told of its vintage; records of an older form lack both. */
  year?: number;
  month?: number | null;
  /** `success` or `failed: …`: how the last try ended. */
  status: string;
  /** Key of the log CSV that told of this status; absent until that is written. */
  logKey?: string;
  /** The ZIP that holds the bytes last received; absent while every try has failed. */
  archive?: { key: string; sha256: string; etag: string | null; lastModified: string | null };
}

/** One extracted CSV. */
export interface CsvEntry {
  key: string;
  sha256: string;
  /** Ends the names of its metrics when its ZIP holds several CSVs (decisions). */
  qualifier?: string;
}

/** What came out of one ZIP: kept under the name of its object without `.zip`. */
export interface ArchiveRecord {
  key: string;
  url: string;
  sha256: string;
  outcome: 'extracted' | 'corrupt' | 'empty' | 'without-csv' | 'superseded';
  message: string;
  csvs: CsvEntry[];
  /** Only of a ZIP put there by hand: it may be replaced under its name. */
  etag?: string;
}

/** A CSV that could not be read as a library file, so that it is not tried again until it or the parser changes. */
export interface RefusedCsvRecord extends CsvEntry {
  parser: string;
  message: string;
}

/** One row of the log CSV (requirements 1.4), before it is written. */
export interface DownloadRow {
  source_url: string;
  unique_filename: string;
  s3_path: string;
  ingestion_time: string;
  ingested_by: string;
  system: string;
  status: string;
}

/** A landed ZIP to unpack, with what its link told of its vintage. */
export interface PlannedArchive {
  key: string;
  url: string;
  sha256: string;
  year: number | null;
  month: number | null;
  /** Only of a ZIP put there by hand, of which no download tells; its `url` is then that of the object. */
  etag?: string;
}

/** What fetch hands to extract, or, in a run without a fetch, what extract has found by itself. */
export interface ExtractPlan {
  archives: PlannedArchive[];
  rows: DownloadRow[];
  /** Where the log CSV of this run is; empty when nothing was worth a log. */
  logKey: string;
  /** False in a run that was told not to fetch. */
  isFetched?: boolean;
}

/** Ids in the collection of a run's plans. */
export const EXTRACT_PLAN = 'extract-plan';
export const FETCH_LOG = 'fetch-log';

/** What the ids of all transform plans begin with. */
export const SHARD_PREFIX = 'transform-plan-';

/** How many shards extract has planned: those of an earlier try of the run may be more. */
export interface ShardCount {
  shards: number;
}

export const SHARD_COUNT = 'transform-shards';

/** What extract hands to one shard of transform. */
export interface TransformPlan {
  csvs: CsvEntry[];
}

export const DOWNLOADS = 'downloads';
export const ARCHIVES = 'archives';
export const REFUSED_CSVS = 'refused-csvs';

/** All records of a collection by id. */
export async function allRecords<T>(
  records: StepPorts['records'],
  collection: string,
): Promise<Map<string, T>> {
  const all = new Map<string, T>();
  for await (const { id, value } of records.scan<T>(collection)) all.set(id, value);
  return all;
}
