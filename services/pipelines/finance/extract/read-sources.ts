import { join } from 'node:path';
import pLimit from 'p-limit';
import { PipelineError } from '../../../core/error.ts';
import { type Parameters, switchParameter, wholeParameter } from '../../../core/parameter.ts';
import type { RunIdentity, StepPorts } from '../../../ports/step.ts';
import { readAddresses, type SourceAddress } from '../../../stages/land/feed/address.ts';
import type { Feed, FeedRequest } from '../../../stages/land/feed/feed.ts';
import { openFeeds } from '../../../stages/land/feed/open-feeds.ts';
import { spool, type Spooled } from '../../../stages/land/feed/spool.ts';
import { allSettled } from '../../../stages/shape/settle.ts';
import type { FinanceDataset } from './extract-manifest.ts';
import type { SourceDataset } from './sources.ts';
import { loadedBefore, sourceId } from './watermark.ts';

/** Files of which it is asked at once whether they were loaded before. */
const CHECKS_AT_ONCE = 16;

/** What the parameters ask for. */
export interface Wish {
  addresses: Readonly<Record<FinanceDataset, readonly SourceAddress[]>>;
  queries: Readonly<Record<FinanceDataset, string>>;
  pageRows: number;
  isIncrement: boolean;
}

/** Read as a whole before anything is asked of a source. */
export function wishOf(parameters: Parameters): Wish {
  const addresses = (name: FinanceDataset) => readAddresses(name, parameters[name] ?? '');
  const query = (name: FinanceDataset) => parameters[`${name}-query`] ?? '';
  return {
    addresses: { transactions: addresses('transactions'), customers: addresses('customers') },
    queries: { transactions: query('transactions'), customers: query('customers') },
    pageRows: wholeParameter(parameters, 'page-size', 0),
    isIncrement: switchParameter(parameters, 'increment'),
  };
}

/** A source whose rows are in scratch. */
export interface ReadSource {
  dataset: FinanceDataset;
  feed: Feed;
  file: Spooled;
  /** No other source has rows of the dataset. */
  isOnly: boolean;
}

/** A dataset, and what is wanted of it. */
interface Extraction {
  wish: Wish;
  dataset: SourceDataset;
}

/** Reads every source of a dataset into scratch, and checks it at the door; nothing is landed yet. */
export async function readDataset(
  ports: StepPorts,
  run: RunIdentity,
  { wish, dataset }: Extraction,
): Promise<ReadSource[]> {
  const { name, columns, moment } = dataset;
  const feeds = await wantedFeeds(ports, run, { wish, dataset });
  const read: ReadSource[] = [];
  for (const [at, feed] of feeds.entries()) {
    const file = await spool(feed, {
      path: join(ports.scratch, `${name}-${at + 1}`),
      columns,
      moment: moment === null ? null : { column: moment, endMs: endOf(run) },
    });
    read.push({ dataset: name, feed, file, isOnly: feeds.length === 1 });
    ports.progress({ rowsRead: read.reduce((sum, one) => sum + one.file.rows, 0) });
    const { rows, rewrittenFrom } = file;
    ports.log.info('source.read', { dataset: name, source: feed.address, rows, rewrittenFrom });
  }
  const hasRows = read.some(({ file }) => file.rows > 0);
  if (!hasRows && !wish.isIncrement) throw noRows(name);
  return read;
}

async function wantedFeeds(
  ports: StepPorts,
  run: RunIdentity,
  { wish, dataset }: Extraction,
): Promise<Feed[]> {
  const request = requestOf(ports, run, { wish, dataset });
  const feeds: Feed[] = [];
  for (const address of wish.addresses[dataset.name]) {
    const found = await openFeeds(ports, address, request);
    if (found.length === 0 && !wish.isIncrement) throw nothingThere(dataset.name, address);
    feeds.push(...found);
  }
  const limit = pLimit(CHECKS_AT_ONCE);
  const wanted = await allSettled(feeds.map((feed) => limit(() => isWanted(feed, request))));
  return feeds.filter((_, at) => wanted[at]);
}

/** Without an increment nothing that was loaded before is left out. */
function requestOf(
  ports: StepPorts,
  { logicalDate: day }: RunIdentity,
  { wish, dataset }: Extraction,
): FeedRequest {
  const { records, signal } = ports;
  const { name } = dataset;
  const before = async (address: string): Promise<string | null> =>
    wish.isIncrement
      ? loadedBefore(records, { id: sourceId(name, address), day }, { signal })
      : null;
  return {
    dataset: name,
    columns: dataset.columns,
    sql: wish.queries[name],
    pageRows: wish.pageRows,
    since: async (address) => (dataset.moment === null ? null : before(address)),
    isTaken: async (address, etag) => (await before(address)) === etag,
  };
}

async function isWanted({ address, etag }: Feed, request: FeedRequest): Promise<boolean> {
  return etag === null || !(await request.isTaken(address, etag));
}

/** The end of the logical date: what is dated later was not there yet (milliseconds since 1970). */
function endOf({ logicalDate }: RunIdentity): number {
  return Date.parse(`${logicalDate}T00:00:00Z`) + 24 * 3600 * 1000;
}

function nothingThere(name: FinanceDataset, address: SourceAddress): PipelineError {
  const shown = address.kind === 'object' ? address.key || 'the bucket' : address.kind;
  return new PipelineError('not-found', `${name}: no .csv, .csv.gz or .parquet below ${shown}`, {
    hint: `name the sources with -p ${name}=…; docs/sources.md lists the kinds`,
  });
}

function noRows(name: FinanceDataset): PipelineError {
  return new PipelineError('input-invalid', `${name}: no source holds a row`, {
    hint: 'did the source deliver? with increment=true a run without new rows is fine',
  });
}
