import type { ObjectInfo } from '../../../ports/object-store.ts';
import type { StepPorts } from '../../../ports/step.ts';
import { uploadId, versionId } from './arrivals.ts';

/** Every version of every upload that was processed or refused, once. */
const VERSIONS = 'uploads';
/** The etag of the version that the output was made of. */
const NEWEST = 'upload-newest';

/** What became of one version of an upload; the first three fields are those of requirements 4.11. */
export interface UploadRecord {
  message: string;
  records_processed: number;
  /** `bucket address/key`; null when the upload was refused as a whole. */
  output_file: string | null;
  status: 'success' | 'error';
  source_key: string;
  etag: string;
  size_bytes: number;
  rows_read: number;
  rows_rejected: number;
  rejects_by_reason: Record<string, number>;
  /** Key of the rejected rows; null when there are none. */
  rejects_key: string | null;
  /** As in the output: the logical date of the run that processed it. */
  processed_at: string;
}

type Ledger = Pick<StepPorts, 'records' | 'signal'>;

/** What has a record, by the ids alone: the versions of each upload. */
export type Known = ReadonlyMap<string, ReadonlySet<string>>;

/** Finds what has a record, by one listing. */
export async function readKnown({ records, signal }: Ledger): Promise<Known> {
  const known = new Map<string, Set<string>>();
  for await (const id of records.ids(VERSIONS, { signal })) {
    const upload = id.slice(0, id.lastIndexOf('/'));
    const versions = known.get(upload) ?? new Set();
    known.set(upload, versions.add(id));
  }
  return known;
}

/**
 * Whether nothing is to do for an object: this version has a record, and where the upload has had others, it is the
 * one that the output was made of.
 */
export async function isSettled(ledger: Ledger, known: Known, info: ObjectInfo): Promise<boolean> {
  const versions = known.get(uploadId(info.key));
  if (versions?.has(versionId(info.key, info.etag)) !== true) return false;
  return versions.size === 1 || isNewest(ledger, info);
}

/** The record of this version when it is the one that was processed last; null otherwise. */
export async function readNewest(ledger: Ledger, info: ObjectInfo): Promise<UploadRecord | null> {
  if (!(await isNewest(ledger, info))) return null;
  const { records, signal } = ledger;
  return records.get<UploadRecord>(VERSIONS, versionId(info.key, info.etag), { signal });
}

/** Keeps what became of a version; the last thing that is written of it. */
export async function keepVersion(
  { records, signal }: Ledger,
  record: UploadRecord,
): Promise<void> {
  const { source_key: key, etag } = record;
  await records.put(NEWEST, uploadId(key), { etag }, { signal });
  await records.put(VERSIONS, versionId(key, etag), record, { signal });
}

async function isNewest({ records, signal }: Ledger, info: ObjectInfo): Promise<boolean> {
  const newest = await records.get<{ etag: string }>(NEWEST, uploadId(info.key), { signal });
  return newest?.etag === info.etag;
}
