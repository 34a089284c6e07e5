import { PipelineError } from '../../core/error.ts';
import { sha256 } from '../../core/manifest.ts';

/** Where files arrive, and where their summaries go (requirements 5.2). */
export const UPLOADS = 'uploads/';
export const PROCESSED = 'processed/';

/** How the names of files end that are profiled, in any case of letters. */
export const ENDINGS: readonly string[] = ['.csv', '.csv.gz'];

/** Names longer than this in UTF-8 are kept under their hash: a key has at most 1,024 bytes. */
const NAME_BYTES_MAX = 900;

/** Whether a key is one of a file that is profiled: below `uploads/`, a CSV by its name, gzip or not, in any case. */
export function isUpload(key: string): boolean {
  const name = key.toLowerCase();
  return key.startsWith(UPLOADS) && ENDINGS.some((ending) => name.endsWith(ending));
}

/** Why a key is none of a file that is profiled, for people. */
export function whySkipped(key: string): string {
  return key.startsWith(UPLOADS)
    ? 'skipped: its name ends neither in .csv nor in .csv.gz'
    : `skipped: it is not below ${UPLOADS}`;
}

/** What a file is called in records: the path below `uploads/`, so that equal names in two folders stay apart. */
export function fileNameOf(key: string): string {
  return key.slice(UPLOADS.length);
}

/**
 * Where the summary of a file goes: `processed/{name}_summary.json`, the name without its `.csv`. Other endings
 * (`.CSV`, `.csv.gz`) stay in the name, so that no two files share a summary.
 */
export function summaryKeyOf(fileName: string): string {
  const stem = fileName.replace(/\.csv$/, '');
  // Another upload may be called like that, and keep its whole name.
  const isTaken = /\.csv(?:\.gz)?$/i.test(stem) && !stem.endsWith('.csv');
  return `${PROCESSED}${shortened(isTaken ? fileName : stem)}_summary.json`;
}

/** The id of a file in records. */
export function fileId(fileName: string): string {
  return shortened(fileName);
}

/** The id of one version of a file: the bytes it had under one etag. */
export function versionId(fileName: string, etag: string): string {
  return `${fileId(fileName)}/${sha256(etag).slice(0, 16)}`;
}

function shortened(name: string): string {
  return Buffer.byteLength(name) <= NAME_BYTES_MAX ? name : `_long/${sha256(name)}`;
}

/** A name given on the command line as a file's name: with `uploads/` before it or without. */
export function givenName(name: string): string {
  const fileName = name.startsWith(UPLOADS) ? fileNameOf(name) : name;
  if (fileName !== '') return fileName;
  throw new PipelineError('config-invalid', 'the name of the file is empty', {
    hint: 'argosy files lists the names',
  });
}
