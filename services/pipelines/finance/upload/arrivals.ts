import { encodeEventKey } from '../../../core/key.ts';
import { sha256 } from '../../../core/manifest.ts';
import type { Arrivals } from '../../../ports/step.ts';

/** Where uploads arrive in the bucket of finance, and where they go in the processed bucket (requirements 4.11). */
export const UPLOADS = 'raw/';
const PROCESSED = 'processed/';
const REJECTS = '_quarantine/uploads/';

const ENDINGS: readonly string[] = ['.csv', '.csv.gz'];

/** Names longer than this in UTF-8 are kept under their hash: a key has at most 1,024 bytes. */
const NAME_BYTES_MAX = 900;

/** What arrives from outside in the bucket of finance: each CSV below `raw/` is a run of its own. */
export const arrivals: Arrivals = {
  prefix: UPLOADS,
  suffixes: ENDINGS,
  isDeep: true,
  // Encoded as in a notification: a key may hold braces, in which the engine would look for tags.
  parameters: ([arrival]) => (arrival ? { 'event-key': encodeEventKey(arrival.key) } : {}),
};

/** Whether a key is one of an upload that is processed: below `raw/`, a CSV by its name, gzip or not, in any case. */
export function isUpload(key: string): boolean {
  const name = key.toLowerCase();
  return key.startsWith(UPLOADS) && ENDINGS.some((ending) => name.endsWith(ending));
}

/** Why a key is none of an upload that is processed, for people. */
export function whySkipped(key: string): string {
  return key.startsWith(UPLOADS)
    ? 'skipped: its name ends neither in .csv nor in .csv.gz'
    : `skipped: it is not below ${UPLOADS}`;
}

/** Whether the bytes of this key are compressed, by its name. */
export function isGzip(key: string): boolean {
  return key.toLowerCase().endsWith('.gz');
}

/** Where the output of an upload goes: the same name below `processed/`. */
export function outputKeyOf(key: string): string {
  return `${PROCESSED}${uploadId(key)}`;
}

/** Where the rejected rows of one version of an upload go. */
export function rejectsKeyOf(key: string, etag: string): string {
  return `${REJECTS}${versionId(key, etag)}.jsonl`;
}

/** The id of an upload in records: its path below `raw/`, so that equal names in two folders stay apart. */
export function uploadId(key: string): string {
  const name = key.slice(UPLOADS.length);
  if (Buffer.byteLength(name) <= NAME_BYTES_MAX) return name;
  return `_long/${sha256(name)}${isGzip(name) ? '.csv.gz' : '.csv'}`;
}

/** The id of one version of an upload: the bytes it had under one etag. */
export function versionId(key: string, etag: string): string {
  return `${uploadId(key)}/${sha256(etag).slice(0, 16)}`;
}
