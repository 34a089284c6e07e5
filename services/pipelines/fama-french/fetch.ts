import pLimit from 'p-limit';
import { type ErrorKind, PipelineError } from '../../core/error.ts';
import {
  optionalParameter,
  type Parameters,
  switchParameter,
  wholeParameter,
} from '../../core/parameter.ts';
import type { Problem, RunIdentity, Step, StepPorts } from '../../ports/step.ts';
import { allSettled } from '../../stages/shape/settle.ts';
import { type ArchiveLink, readArchivePage } from './archive-page.ts';
import { decodeLibraryText } from './blocks.ts';
import { type Download, download, keep, UNCHANGED } from './download.ts';
import { logKeyOf, writeDownloadLog } from './download-log.ts';
import { landedByHand, landedZips } from './landed.ts';
import {
  allRecords,
  type DownloadRecord,
  DOWNLOADS,
  EXTRACT_PLAN,
  type ExtractPlan,
  FETCH_LOG,
  type PlannedArchive,
} from './ledger.ts';
import { stepCollection } from '../../stages/observe/run-record.ts';
import { pendingArchives, readKnown } from './pending.ts';
import { urlHash, VINTAGE_FORM } from './vintage.ts';

export const ARCHIVE_URL =
  'https://mba.tuck.dartmouth.edu/pages/faculty/ken.french/Data_Library/six_portfolios_archive.html';
const PAGE_BYTES_MAX = 16 * 2 ** 20;
const DOWNLOADS_AT_ONCE = 4;

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
    const wish = wishOf(parameters);
    const links = await wantedLinks(ports, wish);
    if (switchParameter(parameters, 'dry-run')) return dryRun(ports, links);

    const { isForced } = wish;
    const known = await allRecords<DownloadRecord>(ports.records, DOWNLOADS);
    const begun = await ports.records.get<{ key: string }>(stepCollection(run), FETCH_LOG);
    const context = { run, isForced, runLogKey: begun?.key ?? null };
    const limit = pLimit(DOWNLOADS_AT_ONCE);
    const one = (link: ArchiveLink) =>
      limit(() => download(ports, link, { ...context, known: known.get(urlHash(link.url)) }));
    const downloads = await allSettled(links.map(one));
    const logKey = await tellNews(ports, downloads, context);
    ports.check('link-downloaded', downloads.filter(({ failure }) => failure).length);
    refuseWhenAllFailed(downloads, wish.pageUrl);

    for (const { record } of downloads) known.set(urlHash(record.url), record);
    const records = wish.vintage === null ? known.values() : downloads.map(({ record }) => record);
    const left = await readKnown(ports, isForced);
    const { here, problems } = await stillHere(ports, pendingArchives(records, left), downloads);
    if (wish.vintage === null) {
      const zips = await landedZips(ports);
      const from = { zips, downloads: known.values(), known: left, withOwnNames: false };
      here.push(...(await landedByHand(ports, from)));
    }
    ports.check('archive-kept', problems.length);
    const plan: ExtractPlan = { archives: here, rows: downloads.map(({ row }) => row), logKey };
    await ports.records.put(stepCollection(run), EXTRACT_PLAN, plan);
    return result(downloads, here.length, problems);
  },
};

interface Wish {
  pageUrl: string;
  yearMin: number;
  vintage: string | null;
  isForced: boolean;
}

/** Read as a whole before anything is asked of the source: what cannot be must not come to light after it. */
function wishOf(parameters: Parameters): Wish {
  return {
    pageUrl: parameters['archive-url'] ?? ARCHIVE_URL,
    yearMin: wholeParameter(parameters, 'min-year', 0),
    vintage: optionalParameter(parameters, 'vintage', VINTAGE_FORM),
    isForced: switchParameter(parameters, 'force'),
  };
}

/**
 * Writes the log CSV when there is news, then notes in the records that it tells of them. Its key is kept first, so
 * that another try of the run writes the same object again. Returns the key; '' without news.
 */
async function tellNews(
  ports: StepPorts,
  downloads: readonly Download[],
  { run, runLogKey }: { run: RunIdentity; runLogKey: string | null },
): Promise<string> {
  const news = downloads.filter(({ isNews }) => isNews);
  if (news.length === 0) return '';
  const key = runLogKey ?? logKeyOf(ports.clock.now());
  if (runLogKey === null) await ports.records.put(stepCollection(run), FETCH_LOG, { key });
  const rows = downloads.map(({ row }) => row);
  await writeDownloadLog(ports, rows, key);
  const limit = pLimit(DOWNLOADS_AT_ONCE);
  await allSettled(news.map(({ record }) => limit(() => keep(ports, record, key))));
  return key;
}

/** A ZIP of an earlier run may have been removed since: that is its problem, not the end of the run. */
async function stillHere(
  { store, signal, log }: StepPorts,
  pending: readonly PlannedArchive[],
  downloads: readonly Download[],
): Promise<{ here: PlannedArchive[]; problems: Problem[] }> {
  const fresh = new Set(downloads.flatMap(({ link, failure }) => (failure ? [] : [link.url])));
  const here: PlannedArchive[] = [];
  const problems: Problem[] = [];
  for (const archive of pending) {
    if (fresh.has(archive.url) || (await store.head(archive.key, { signal }))) here.push(archive);
    else {
      const message = `${archive.key}: the landed ZIP is gone, and no link leads to it`;
      log.warn('archive.gone', { object: archive.key, url: archive.url });
      problems.push({ object: archive.url, message });
    }
  }
  return { here, problems };
}

async function wantedLinks(ports: StepPorts, { pageUrl, yearMin, vintage }: Wish) {
  const { signal } = ports;
  const reply = await ports.source.fetch({ url: pageUrl, sizeBytesMax: PAGE_BYTES_MAX, signal });
  if (reply.status === 'unchanged') throw new PipelineError('bug', `${pageUrl}: no page came back`);
  const html = decodeLibraryText(reply.bytes);
  const { links, skipped } = await readArchivePage(html, reply.url, yearMin);
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

function result(downloads: readonly Download[], pending: number, gone: readonly Problem[]) {
  const failed: Problem[] = downloads.flatMap(({ link, failure }) =>
    failure ? [{ object: link.url, message: failure.message }] : [],
  );
  const count = (status: string) => downloads.filter(({ row }) => row.status === status).length;
  return {
    outputs: { pending: String(pending), landed: String(count('success')) },
    counts: {
      objectsRead: downloads.length,
      objectsWritten: count('success'),
      objectsSkipped: count(UNCHANGED),
      objectsFailed: failed.length,
      bytesRead: downloads.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    },
    problems: [...failed, ...gone],
  };
}
