import { PipelineError, toPipelineError } from '../../core/error.ts';
import { sha256 } from '../../core/manifest.ts';
import type { SourceReply } from '../../ports/source.ts';
import type { RunIdentity, StepPorts } from '../../ports/step.ts';
import { offer } from '../../stages/shape/publish.ts';
import type { ArchiveLink } from './archive-page.ts';
import { type DownloadRecord, type DownloadRow, DOWNLOADS } from './ledger.ts';
import { urlHash, zipKey } from './vintage.ts';

/** Status of a link whose bytes are here already. */
export const UNCHANGED = 'skipped_unchanged';
const ZIP_BYTES_MAX = 64 * 2 ** 20;

type LandedArchive = NonNullable<DownloadRecord['archive']>;

/** How the try of one link ended. */
export interface Download {
  link: ArchiveLink;
  row: DownloadRow;
  record: DownloadRecord;
  /** False when a log CSV of another run tells all of it: nothing its reader would want to know. */
  isNews: boolean;
  failure: PipelineError | null;
  sizeBytes: number;
}

/** What the try of a link starts from. */
export interface DownloadContext {
  known: DownloadRecord | undefined;
  run: RunIdentity;
  /** The log CSV that an earlier try of this run began; null when there was none. */
  runLogKey: string | null;
  /** Asks for the bytes even when they are here, and checks those that are. */
  isForced: boolean;
}

/** Lands what a link leads to unless it is here, and keeps the record of it. A link that fails is an answer too. */
export async function download(
  ports: StepPorts,
  link: ArchiveLink,
  context: DownloadContext,
): Promise<Download> {
  const { known, run } = context;
  const here = await archiveHere(ports, known);
  const reply = await ask(ports, link, context.isForced ? null : here);
  if (reply instanceof PipelineError) return failedDownload(ports, link, context, reply);
  const { archive, isNew, sizeBytes } = await land(ports, link, here, { ...context, reply });
  const isUntold = !isTold(context) && known?.status !== undefined;
  const isNews = isNew || isUntold || known?.status !== 'success';
  const isLanding = isNew || (isUntold && known?.status === 'success');
  const { url, year, month } = link;
  const record = { url, year, month, status: 'success', archive };
  await keep(ports, record, isNews ? undefined : known?.logKey);
  ports.progress(isNew ? { objectsWritten: 1 } : { objectsSkipped: 1 });
  const status = isLanding ? 'success' : UNCHANGED;
  const row = logRow(ports, link, run, { key: archive.key, status });
  return { link, row, record, isNews, failure: null, sizeBytes };
}

/** Keeps the record of a download, with the log CSV that tells of it once there is one. */
export async function keep(
  { records }: StepPorts,
  record: DownloadRecord,
  logKey: string | undefined,
): Promise<void> {
  const { logKey: _older, ...rest } = record;
  const told = logKey === undefined ? rest : { ...rest, logKey };
  await records.put(DOWNLOADS, urlHash(record.url), told);
}

/** A log of this very run may have been cut off before extract refined it: it is written again. */
function isTold({ known, runLogKey }: DownloadContext): boolean {
  return known?.logKey !== undefined && known.logKey !== runLogKey;
}

/** What was landed from a link before, as long as the store still has it. */
async function archiveHere(
  { store, signal }: StepPorts,
  known: DownloadRecord | undefined,
): Promise<LandedArchive | null> {
  const archive = known?.archive;
  return archive && (await store.head(archive.key, { signal })) ? archive : null;
}

/** The reply, or why there is none; a link that fails is not the end of the others (requirements 1.4). */
async function ask(
  { source, signal }: StepPorts,
  link: ArchiveLink,
  here: LandedArchive | null,
): Promise<SourceReply | PipelineError> {
  try {
    return await source.fetch({
      url: link.url,
      sizeBytesMax: ZIP_BYTES_MAX,
      etag: here?.etag ?? undefined,
      lastModified: here?.lastModified ?? undefined,
      signal,
    });
  } catch (error) {
    const failure = toPipelineError(error);
    if (failure.kind === 'interrupted' || failure.kind === 'bug') throw error;
    return failure;
  }
}

async function failedDownload(
  ports: StepPorts,
  link: ArchiveLink,
  context: DownloadContext,
  failure: PipelineError,
): Promise<Download> {
  const { known, run } = context;
  const status = `failed: ${failure.message}`;
  ports.log.warn('download.failed', { url: link.url, reason: failure.message });
  const isNews = known?.status !== status || !isTold(context);
  const { url, year, month } = link;
  const record: DownloadRecord = { ...known, url, year, month, status };
  await keep(ports, record, isNews ? undefined : known?.logKey);
  const key = zipKey({ url: link.url, logicalDate: run.logicalDate });
  const row = logRow(ports, link, run, { key, status });
  return { link, row, record, isNews, failure, sizeBytes: 0 };
}

function logRow(
  ports: StepPorts,
  link: ArchiveLink,
  run: RunIdentity,
  { key, status }: { key: string; status: string },
): DownloadRow {
  return {
    source_url: link.url,
    unique_filename: key.slice(key.lastIndexOf('/') + 1),
    s3_path: status.startsWith('failed') ? '' : `${ports.store.url}/${key}`,
    ingestion_time: ports.clock.now().toISOString(),
    ingested_by: run.actor,
    system: run.system,
    status,
  };
}

/** Stores the bytes of a reply unless they are here already. A raw object is never overwritten (design L1). */
async function land(
  ports: StepPorts,
  link: ArchiveLink,
  here: LandedArchive | null,
  { run, isForced, reply }: Pick<DownloadContext, 'run' | 'isForced'> & { reply: SourceReply },
) {
  if (reply.status === 'unchanged') {
    if (here) return { isNew: false, archive: here, sizeBytes: 0 };
    throw new PipelineError('unavailable', `${link.url}: no bytes came back`);
  }
  const { bytes, etag, lastModified } = reply;
  const hash = sha256(bytes);
  const archive = { sha256: hash, etag, lastModified };
  if (here?.sha256 === hash && (!isForced || (await isIntact(ports, here)))) {
    return { isNew: false, archive: { ...archive, key: here.key }, sizeBytes: bytes.length };
  }
  const key = await landAt(ports, zipKey({ url: link.url, logicalDate: run.logicalDate }), bytes);
  return { isNew: true, archive: { ...archive, key }, sizeBytes: bytes.length };
}

async function isIntact({ store, signal }: StepPorts, here: LandedArchive): Promise<boolean> {
  const stored = await store.get(here.key, { signal });
  return stored !== null && sha256(stored) === here.sha256;
}

async function landAt(ports: StepPorts, key: string, bytes: Uint8Array): Promise<string> {
  const hash = sha256(bytes);
  for (const name of [key, key.replace(/\.zip$/, `_${hash.slice(0, 8)}.zip`)]) {
    const offered = await offer(ports.store, name, bytes, ports.signal);
    if (offered.isOurs || sha256(offered.stored) === hash) return name;
  }
  throw new PipelineError('conflict', `${ports.store.url}/${key}: taken by other bytes`);
}
