import { PipelineError } from '../../core/error.ts';
import { sha256 } from '../../core/manifest.ts';
import type { StepPorts } from '../../ports/step.ts';
import { encodeSummary, type FileRecord, recordOf, type Summary } from './summary.ts';
import { fileId, summaryKeyOf, versionId } from './upload.ts';

/** Every version of every file, once, as its summary says it: what was profiled is never profiled again. */
export const VERSIONS = 'file-versions';
/** The metadata of the newest version of each file. */
export const FILES = 'files';

/** Writings of a file's newest version before giving up on others who keep writing it. */
const ROUNDS_MAX = 5;

type Ledger = Pick<StepPorts, 'records' | 'store' | 'signal'>;

/** What has a record, by the ids alone. */
export interface Known {
  /** The versions of each file. */
  versions: ReadonlyMap<string, ReadonlySet<string>>;
  /** The files of which a version is shown. */
  shown: ReadonlySet<string>;
}

/** Finds what has a record, by two listings. */
export async function readKnown({ records, signal }: Ledger): Promise<Known> {
  const versions = new Map<string, Set<string>>();
  for await (const id of records.ids(VERSIONS, { signal })) {
    const file = id.slice(0, id.lastIndexOf('/'));
    const ids = versions.get(file);
    if (ids === undefined) versions.set(file, new Set([id]));
    else ids.add(id);
  }
  const shown = new Set<string>();
  for await (const id of records.ids(FILES, { signal })) shown.add(id);
  return { versions, shown };
}

/**
 * Whether the version of a file that lies in the store needs nothing: it has a record, and is the one that is shown.
 * Which one is shown is read only where there were several, for the bytes of an old one may have come back.
 */
export async function isSettled(
  ledger: Ledger,
  known: Known,
  object: { fileName: string; etag: string },
): Promise<boolean> {
  const { fileName, etag } = object;
  const id = fileId(fileName);
  const versions = known.versions.get(id);
  if (versions?.has(versionId(fileName, etag)) !== true || !known.shown.has(id)) return false;
  return versions.size === 1 || isShown(ledger, fileName, etag);
}

/** Whether this version is the one that is shown of its file. */
export async function isShown(
  { records, signal }: Ledger,
  fileName: string,
  etag: string,
): Promise<boolean> {
  const file = await records.get<FileRecord>(FILES, fileId(fileName), { signal });
  return file?.etag === etag;
}

/**
 * Keeps the summary of a version, once: a version that has a record keeps it, unless `isForced`. Then the newest version
 * of the file becomes what `argosy files` lists and what `processed/` holds. Returns whether anything was written.
 */
export async function keepVersion(
  ledger: Ledger,
  summary: Summary,
  isForced: boolean,
): Promise<boolean> {
  const isNew = await putVersion(ledger, summary, isForced);
  const hasShown = await showNewest(ledger, summary.file_name);
  return isNew || hasShown;
}

async function putVersion(
  { records, signal }: Ledger,
  summary: Summary,
  isForced: boolean,
): Promise<boolean> {
  const id = versionId(summary.file_name, summary.etag);
  if (isForced) {
    await records.put(VERSIONS, id, summary, { signal });
    return true;
  }
  try {
    return await records.putIfAbsent(VERSIONS, id, summary, { signal });
  } catch (error) {
    // The answer was lost, so whether it is there has to be read.
    const isUnknown = error instanceof PipelineError && error.kind === 'commit-unknown';
    if (isUnknown && (await records.get(VERSIONS, id, { signal })) !== null) return true;
    throw error;
  }
}

/**
 * Writes the newest version of a file where readers look. Two runs may do so for two versions at once: each looks again
 * after it has written, so the last one to look has seen both.
 */
async function showNewest(ledger: Ledger, fileName: string): Promise<boolean> {
  let newest = await newestOf(ledger, fileName);
  let hasWritten = false;
  for (let round = 1; round <= ROUNDS_MAX; round += 1) {
    if (newest === null) return hasWritten;
    if (await show(ledger, newest)) hasWritten = true;
    const again = await newestOf(ledger, fileName);
    if (again?.etag === newest.etag) return hasWritten;
    newest = again;
  }
  throw new PipelineError('conflict', `${fileName}: other runs keep recording new versions of it`, {
    hint: 'run again: every version has its record, only the newest is not shown yet',
  });
}

/** The version whose bytes lie in the store now; of those that are gone, the one that came last. */
async function newestOf(ledger: Ledger, fileName: string): Promise<Summary | null> {
  const [first, ...older] = await versionsOf(ledger, fileName);
  if (first === undefined || older.length === 0) return first ?? null;
  const current = await ledger.store.head(first.source_key, { signal: ledger.signal });
  return [first, ...older].find(({ etag }) => etag === current?.etag) ?? first;
}

async function show({ records, store, signal }: Ledger, newest: Summary): Promise<boolean> {
  const bytes = encodeSummary(newest);
  const key = summaryKeyOf(newest.file_name);
  const stored = await store.get(key, { signal });
  const isThere = stored !== null && sha256(stored) === sha256(bytes);
  if (!isThere) await store.put(key, bytes, { signal });
  await records.put(FILES, fileId(newest.file_name), recordOf(newest), { signal });
  return !isThere;
}

/** Every version of a file that has a record, the newest first. */
export async function versionsOf(
  { records, signal }: Pick<Ledger, 'records' | 'signal'>,
  fileName: string,
): Promise<Summary[]> {
  const versions: Summary[] = [];
  const collection = `${VERSIONS}/${fileId(fileName)}`;
  for await (const { id, value } of records.scan<Summary>(collection, { signal })) {
    // A file whose name begins with this one and a slash has its versions below.
    if (!id.includes('/')) versions.push(value);
  }
  return versions.toSorted(
    (a, b) =>
      compare(b.upload_timestamp, a.upload_timestamp) ||
      compare(b.processed_timestamp, a.processed_timestamp),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What `argosy files` can be asked for. */
export interface FileQuery {
  status?: 'success' | 'error' | undefined;
  /** Profiled at this moment or later; ISO 8601. */
  since?: string | undefined;
}

/** The metadata of every file's newest version that meets the query, by name. */
export async function queryFiles(
  { records, signal }: Pick<Ledger, 'records' | 'signal'>,
  { status, since }: FileQuery = {},
): Promise<FileRecord[]> {
  const found: FileRecord[] = [];
  for await (const { value } of records.scan<FileRecord>(FILES, { signal })) {
    if (status !== undefined && value.status !== status) continue;
    if (since !== undefined && value.processed_timestamp < since) continue;
    found.push(value);
  }
  return found;
}
