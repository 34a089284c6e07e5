import type { StepPorts } from '../../../ports/step.ts';
import { FEED_NAMES, type FeedName, RAW } from './raw-key.ts';

/** A column as the first rows of a file show it. */
export interface SeenColumn {
  name: string;
  type: 'BIGINT' | 'DOUBLE' | 'BOOLEAN' | 'TIMESTAMP' | 'VARCHAR';
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
  /** The run that has looked. */
  runId: string;
  metadata: {
    size_bytes: number;
    last_modified: string;
    md5: string;
    sha256: string;
    /** Above 1 GiB. */
    use_glue: boolean;
    /** `light` below 100 MB, else `large`: what transforms it. */
    route: 'light' | 'large';
    rows: number;
    columns: readonly SeenColumn[];
    /** What has to be undone before it is read: gzip, byte order mark, another delimiter; null for plain files. */
    rewrittenFrom: string | null;
  };
}

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

/** The other object that has this content and was accepted; null when there is none, or it holds other bytes now. */
export async function duplicateOf(
  ledger: Ledger,
  key: string,
  md5: string,
): Promise<string | null> {
  const { records, signal } = ledger;
  const hash = await records.get<{ s3_key: string }>(HASHES, md5, { signal });
  if (hash === null || hash.s3_key === key) return null;
  const holder = await readFileRecord(ledger, hash.s3_key);
  return holder?.isValid === true && holder.metadata.md5 === md5 ? hash.s3_key : null;
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
