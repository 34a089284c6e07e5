import pLimit from 'p-limit';
import { type ErrorKind, PipelineError, toPipelineError } from '../../core/error.ts';
import {
  optionalParameter,
  type Parameters,
  switchParameter,
  wholeParameter,
} from '../../core/parameter.ts';
import { sha256 } from '../../core/manifest.ts';
import { allSettled } from '../../stages/shape/settle.ts';
import type { SourceReply } from '../../ports/source.ts';
import type { Problem, RunIdentity, Step, StepPorts } from '../../ports/step.ts';
import { offer } from '../../stages/shape/publish.ts';
import { type ArchiveLink, readArchivePage } from './archive-page.ts';
import { writeDownloadLog } from './download-log.ts';
import {
  allRecords,
  type DownloadRecord,
  type DownloadRow,
  DOWNLOADS,
  type ExtractPlan,
  planCollection,
} from './ledger.ts';
import { pendingArchives, readKnown } from './pending.ts';
import { urlHash, zipKey } from './vintage.ts';

export const ARCHIVE_URL =
  'https://mba.tuck.dartmouth.edu/pages/faculty/ken.french/Data_Library/six_portfolios_archive.html';
const PAGE_BYTES_MAX = 16 * 2 ** 20;
const ZIP_BYTES_MAX = 64 * 2 ** 20;
const DOWNLOADS_AT_ONCE = 4;
const UNCHANGED = 'skipped_unchanged';
const VINTAGE_FORM = {
  pattern: /^\d{4}(-(0[1-9]|1[0-2]))?$/,
  words: 'a year or a month, 2017 or 2017-07',
};

type LandedArchive = NonNullable<DownloadRecord['archive']>;

interface Download {
  link: ArchiveLink;
  row: DownloadRow;
  record: DownloadRecord;
  /** False when the try ended as the one before it did: nothing a reader of the log would want to know. */
  isNews: boolean;
  failure: PipelineError | null;
  sizeBytes: number;
}

/** Reads the archive page and lands every ZIP that it links to and that is not here yet (requirements 1.4). */
export const fetch: Step = {
  name: 'fetch',
  summary: 'Read the archive page and land every new ZIP',
  parameters: [
    {
      name: 'archive-url',
      description: 'Archive page: http(s)://… or file:DIR',
      default: ARCHIVE_URL,
    },
    { name: 'min-year', description: 'First year whose files are wanted', default: '2017' },
    {
      name: 'vintage',
      description: 'Only this vintage, YYYY or YYYY-MM; empty for all',
      default: '',
    },
    {
      name: 'force',
      description: 'true: extract and transform again what is done',
      default: 'false',
    },
    {
      name: 'dry-run',
      description: 'true: say what would be fetched, change nothing',
      default: 'false',
    },
  ],
  async run(ports, parameters, run) {
    const links = await wantedLinks(ports, parameters);
    if (switchParameter(parameters, 'dry-run')) return dryRun(ports, links);

    const known = await allRecords<DownloadRecord>(ports.records, DOWNLOADS);
    const limit = pLimit(DOWNLOADS_AT_ONCE);
    const downloads = await allSettled(
      links.map((link) => limit(() => download(ports, link, known.get(urlHash(link.url)), run))),
    );
    const rows = downloads.map(({ row }) => row);
    const logKey = downloads.some(({ isNews }) => isNews)
      ? await writeDownloadLog(ports, rows)
      : '';
    refuseWhenAllFailed(downloads, parameters['archive-url'] ?? '');

    const isForced = switchParameter(parameters, 'force');
    const archives = pendingArchives(downloads, await readKnown(ports, isForced));
    const plan: ExtractPlan = { archives, rows, logKey };
    await ports.records.put(planCollection(run), 'extract-plan', plan);
    return result(downloads, archives.length);
  },
};

async function wantedLinks(ports: StepPorts, parameters: Parameters) {
  const pageUrl = parameters['archive-url'] ?? ARCHIVE_URL;
  const { signal } = ports;
  const reply = await ports.source.fetch({ url: pageUrl, sizeBytesMax: PAGE_BYTES_MAX, signal });
  if (reply.status === 'unchanged') throw new PipelineError('bug', `${pageUrl}: no page came back`);
  const html = Buffer.from(reply.bytes).toString('latin1');
  const { links, skipped } = await readArchivePage(
    html,
    reply.url,
    wholeParameter(parameters, 'min-year', 0),
  );
  for (const { href, reason } of skipped) {
    if (reason === 'invalid URL') ports.log.warn('link.skipped', { href, reason });
    else ports.log.debug('link.skipped', { href, reason });
  }
  if (links.length === 0) {
    throw new PipelineError(
      'input-invalid',
      `${pageUrl}: the page holds no link to a CSV ZIP (${skipped.length} other links)`,
      { hint: 'the page has changed: open it and compare its links with requirements 1.4' },
    );
  }
  const vintage = optionalParameter(parameters, 'vintage', VINTAGE_FORM);
  return vintage === null ? links : onlyVintage(links, vintage, pageUrl);
}

function onlyVintage(links: ArchiveLink[], vintage: string, pageUrl: string): ArchiveLink[] {
  const named = (link: ArchiveLink) =>
    `${link.year}${link.month === null ? '' : `-${String(link.month).padStart(2, '0')}`}`;
  const wanted = links.filter((link) => `${named(link)}-`.startsWith(`${vintage}-`));
  if (wanted.length > 0) return wanted;
  const there = [...new Set(links.map(named))].toSorted().join(', ');
  throw new PipelineError('not-found', `${pageUrl}: no link for vintage ${vintage}`, {
    hint: `the page links to ${there}`,
  });
}

function dryRun(ports: StepPorts, links: ArchiveLink[]) {
  for (const { url, label } of links) ports.log.info('fetch.planned', { url, label });
  return { outputs: { pending: '0' }, counts: { objectsSkipped: links.length }, problems: [] };
}

async function download(
  ports: StepPorts,
  link: ArchiveLink,
  known: DownloadRecord | undefined,
  run: RunIdentity,
): Promise<Download> {
  const here = await archiveHere(ports, known);
  const reply = await ask(ports, link, here);
  if (reply instanceof PipelineError)
    return failedDownload(ports, link, known, { run, failure: reply });
  const landed = await land(ports, link, here, { run, reply });
  const { archive, isNew, sizeBytes } = landed;
  const record: DownloadRecord = { url: link.url, status: 'success', archive };
  await ports.records.put(DOWNLOADS, urlHash(link.url), record);
  ports.progress(isNew ? { objectsWritten: 1 } : { objectsSkipped: 1 });
  const row = logRow(ports, link, run, { key: archive.key, status: isNew ? 'success' : UNCHANGED });
  const isNews = isNew || known?.status !== 'success';
  return { link, row, record, isNews, failure: null, sizeBytes };
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
  known: DownloadRecord | undefined,
  { run, failure }: { run: RunIdentity; failure: PipelineError },
): Promise<Download> {
  const status = `failed: ${failure.message}`;
  ports.log.warn('download.failed', { url: link.url, reason: failure.message });
  const record: DownloadRecord = { ...known, url: link.url, status };
  await ports.records.put(DOWNLOADS, urlHash(link.url), record);
  const key = zipKey({ url: link.url, logicalDate: run.logicalDate });
  const row = logRow(ports, link, run, { key, status });
  return { link, row, record, isNews: known?.status !== status, failure, sizeBytes: 0 };
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
  { run, reply }: { run: RunIdentity; reply: SourceReply },
) {
  if (reply.status === 'unchanged') {
    if (here) return { isNew: false, archive: here, sizeBytes: 0 };
    throw new PipelineError('unavailable', `${link.url}: no bytes came back`);
  }
  const { bytes, etag, lastModified } = reply;
  const hash = sha256(bytes);
  const archive = { sha256: hash, etag, lastModified };
  if (here?.sha256 === hash) {
    return { isNew: false, archive: { ...archive, key: here.key }, sizeBytes: bytes.length };
  }
  const key = await landAt(ports, zipKey({ url: link.url, logicalDate: run.logicalDate }), bytes);
  return { isNew: true, archive: { ...archive, key }, sizeBytes: bytes.length };
}

async function landAt(ports: StepPorts, key: string, bytes: Uint8Array): Promise<string> {
  const hash = sha256(bytes);
  for (const name of [key, key.replace(/\.zip$/, `_${hash.slice(0, 8)}.zip`)]) {
    const offered = await offer(ports.store, name, bytes, ports.signal);
    if (offered.isOurs || sha256(offered.stored) === hash) return name;
  }
  throw new PipelineError('conflict', `${ports.store.url}/${key}: taken by other bytes`);
}

function refuseWhenAllFailed(downloads: readonly Download[], pageUrl: string): void {
  const failures = downloads.flatMap(({ failure }) => (failure ? [failure] : []));
  const first = failures[0];
  if (!first || failures.length < downloads.length) return;
  const kinds = new Set<ErrorKind>(failures.map(({ kind }) => kind));
  throw new PipelineError(
    kinds.size === 1 ? first.kind : 'unavailable',
    `${pageUrl}: all ${failures.length} downloads failed; the first: ${first.message}`,
    {
      hint: 'open one of the links by hand; the log CSV under logs/download_logs/ names each',
      cause: first,
    },
  );
}

function result(downloads: readonly Download[], pending: number) {
  const problems: Problem[] = downloads.flatMap(({ link, failure }) =>
    failure ? [{ object: link.url, message: failure.message }] : [],
  );
  const count = (status: string) => downloads.filter(({ row }) => row.status === status).length;
  return {
    outputs: { pending: String(pending), landed: String(count('success')) },
    counts: {
      objectsRead: downloads.length,
      objectsWritten: count('success'),
      objectsSkipped: count(UNCHANGED),
      objectsFailed: problems.length,
      bytesRead: downloads.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    },
    problems,
  };
}
