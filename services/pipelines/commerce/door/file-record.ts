import type { StepPorts } from '../../../ports/step.ts';
import { FEED_NAMES, type FeedName, RAW } from './raw-key.ts';

/** A column as the first rows of a file show it. */
export interface SeenColumn {
  name: string;
  type: 'BIGINT' | 'DOUBLE' | 'BOOLEAN' | 'TIMESTAMP' | 'VARCHAR';
  /** No row that was looked at has a value: any type would do. */
  isEmpty?: boolean;
}

/** What validation says of the newest version of a raw object (requirements 3.5); kept in the records of the bucket. */
export interface FileRecord {
  key: string;
  feed: FeedName;
  /** The day of its folder; '' where it has none. */
  date: string;
  etag: string;
  isValid: boolean;
  /** All that is wrong, at once; words of ours. */
  errors: readonly string[];
  warnings: readonly string[];
  /** The object with the same content that was accepted first. */
  duplicateOf: string | null;
  /** The object is not there any more. What was taken of a valid one stays in the tables. */
  isGone?: boolean;
  /** The run that has looked. */
  runId: string;
  metadata: {
    size_bytes: number;
    last_modified: string;
    md5: string;
    sha256: string;
    /** Above 1 GiB. */
    use_glue: boolean;
    /** `light` below 100 MB: read together with others like it; else `large`: read alone. */
    route: 'light' | 'large';
    rows: number;
    columns: readonly SeenColumn[];
    /** What has to be undone before it is read: gzip, byte order mark, another delimiter; null for plain files. */
    rewrittenFrom: string | null;
  };
}

/** The reason of a refusal that ends by itself: a run of that day or a later one looks again. */
export const EARLY = 'its day is after the logical date of the run';
/** What a copy is refused for; with it alone it is no fault. */
export const COPY = 'the same content was accepted under another name';

const FILES = 'files';
const HASHES = 'file-hashes';

type Ledger = Pick<StepPorts, 'records' | 'signal'>;

/** The record of a raw object; null before it was looked at. */
export function readFileRecord(
  { records, signal }: Ledger,
  key: string,
): Promise<FileRecord | null> {
  return records.get<FileRecord>(FILES, key.slice(RAW.length), { signal });
}

/** Keeps the record, and, of a valid file, only after it the hash by which a later copy is known. */
export async function keepFileRecord(
  { records, signal }: Ledger,
  record: FileRecord,
): Promise<void> {
  const { key, isValid, metadata } = record;
  await records.put(FILES, key.slice(RAW.length), record, { signal });
  if (!isValid) return;
  const hash = { file_hash: metadata.md5, s3_key: key, timestamp: metadata.last_modified };
  await records.put(HASHES, metadata.md5, hash, { signal });
}

/** The object that was accepted last with this content, by the hash alone; it may hold other bytes now. */
export async function hashHolder({ records, signal }: Ledger, md5: string): Promise<string | null> {
  return (await records.get<{ s3_key: string }>(HASHES, md5, { signal }))?.s3_key ?? null;
}

/** Not taken only because another file with the same content was. */
export function isCopy({ duplicateOf, errors }: FileRecord): boolean {
  return duplicateOf !== null && errors.length === 1;
}

/** There, with something wrong. */
export function isRefused(record: FileRecord): boolean {
  return !record.isValid && record.isGone !== true && !isCopy(record);
}

/** The records of a feed, or of all, in the order of keys. */
export async function fileRecords(
  { records, signal }: Ledger,
  feed?: FeedName,
): Promise<readonly FileRecord[]> {
  const found: FileRecord[] = [];
  for (const name of feed === undefined ? FEED_NAMES : [feed])
    for await (const { value } of records.scan<FileRecord>(`${FILES}/${name}`, { signal }))
      found.push(value);
  return found;
}
