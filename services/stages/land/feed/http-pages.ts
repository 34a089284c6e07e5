import { PipelineError } from '../../../core/error.ts';
import { PAGE_BYTES_MAX, PAGES_MAX } from '../../../core/limit.ts';
import { sha256 } from '../../../core/manifest.ts';
import type { Secret } from '../../../core/secret.ts';
import type { Source } from '../../../ports/source.ts';
import { showAddress } from './address.ts';
import { decodeJson } from './decode-json.ts';
import type { Feed, FeedRequest, RowBatch } from './feed.ts';
import { type JsonPage, type JsonRow, readJsonPage, wholeOf } from './json-page.ts';
import { nextPage, withParameter } from './next-page.ts';

export interface HttpPagesOptions {
  source: Source;
  /** The whole value of the header `Authorization`. */
  authorization: Secret | undefined;
  signal: AbortSignal;
}

/**
 * All rows of a JSON API, page by page (`next-page.ts` says how pages follow). The first request has `page=1` and
 * `page_size=…` unless the address has its own or no size is wanted, and `since=…` for an increment. The wanted columns
 * come first, then whatever else the rows of the first page have.
 */
export function httpFeed(
  url: string,
  request: Pick<FeedRequest, 'columns' | 'pageRows' | 'since'>,
  options: HttpPagesOptions,
): Feed {
  const address = showAddress(url);
  return {
    address,
    etag: null,
    content: { kind: 'rows', open: () => batches(url, request, { ...options, address }) },
    verify: async () => undefined,
  };
}

type Reading = HttpPagesOptions & { address: string };

async function* batches(
  text: string,
  request: Pick<FeedRequest, 'columns' | 'pageRows' | 'since'>,
  reading: Reading,
): AsyncGenerator<RowBatch> {
  const { address } = reading;
  const first = firstPage(text, request.pageRows, await request.since(address), address);
  const seen = new Set<string>();
  const found = new Set<string>();
  let columns: readonly string[] | null = null;
  let last = { hash: '', total: null as number | null, rows: 0 };
  for (let url: URL | null = first.url; url !== null;) {
    refuseCircle(url, seen, address);
    const reply = await readPage(url, reading);
    const { page } = reply;
    const total = agreedTotal(last.total, reply.total, { address, isFirst: seen.size === 1 });
    const isRepeated = reply.hash === last.hash;
    // A server that knows no pages gives all of its rows again: they are the same rows, not more of them.
    const rows = last.rows + (isRepeated ? 0 : page.rows.length);
    columns ??= columnsOf(request.columns, page.rows);
    for (const row of page.rows) for (const name of row.keys()) found.add(name);
    if (!isRepeated) yield { columns, rows: page.rows.map(cellsOf(columns)), total };
    const progress = {
      url,
      page,
      link: reply.link,
      rows,
      total,
      pageRows: first.pageRows,
      isRepeated,
    };
    url = nextPage(progress, address);
    last = { hash: reply.hash, total, rows };
  }
  refuseMissing(request.columns, found, { address, rows: last.rows });
}

/** The address to begin with, and how many rows it asks for by page. */
function firstPage(
  text: string,
  pageRows: number,
  since: string | null,
  address: string,
): { url: URL; pageRows: number } {
  if (!URL.canParse(text)) {
    throw new PipelineError('config-invalid', `${address} is no address`, {
      hint: 'write https://…',
    });
  }
  let url = new URL(text);
  if (since !== null) url = withParameter(url, 'since', since);
  const own = url.searchParams.get('page_size');
  if (own !== null) return { url, pageRows: wholeOf(own) ?? 0 };
  if (pageRows === 0) return { url, pageRows };
  url = withParameter(url, 'page_size', String(pageRows));
  if (!url.searchParams.has('page')) url = withParameter(url, 'page', '1');
  return { url, pageRows };
}

function refuseCircle(url: URL, seen: Set<string>, address: string): void {
  if (seen.has(url.href)) {
    throw new PipelineError('input-invalid', `${address}: its pages lead in a circle`, {
      hint: `page ${seen.size} names one that was read before`,
    });
  }
  if (seen.size === PAGES_MAX) {
    throw new PipelineError('too-large', `${address}: more than ${PAGES_MAX} pages`, {
      hint: 'ask for larger pages (page-size), or for less',
    });
  }
  seen.add(url.href);
}

interface Reply {
  page: JsonPage;
  link: string | null;
  total: number | null;
  hash: string;
}

async function readPage(url: URL, reading: Reading): Promise<Reply> {
  const { source, authorization, signal, address } = reading;
  const asked = { url: url.href, sizeBytesMax: PAGE_BYTES_MAX, authorization, signal };
  const reply = await source.fetch(asked).catch((error: unknown) => {
    throw withHint(error, authorization);
  });
  if (reply.status === 'unchanged') throw new PipelineError('bug', `${address}: no page came back`);
  const page = readJsonPage(decodeJson(reply, address), address);
  const headed = wholeOf(reply.totalCount ?? '');
  const { link = null, bytes } = reply;
  return { page, link, total: page.total ?? headed, hash: sha256(bytes) };
}

/** Who is refused wants to know where the credential is said. */
function withHint(error: unknown, authorization: Secret | undefined): unknown {
  if (!(error instanceof PipelineError) || error.kind !== 'denied') return error;
  const isGiven = authorization !== undefined;
  return new PipelineError('denied', error.message, {
    hint: isGiven
      ? 'is ARGOSY_SOURCE_AUTHORIZATION right, and may it read this?'
      : 'set ARGOSY_SOURCE_AUTHORIZATION, for example to "Bearer …"',
    cause: error,
  });
}

/** The total must stay what it was: rows that come or go meanwhile shift the pages, and some row would be missed. */
function agreedTotal(
  before: number | null,
  now: number | null,
  { address, isFirst }: { address: string; isFirst: boolean },
): number | null {
  if (isFirst || before === now) return now;
  if (now === null || before === null) return before ?? now;
  const message = `${address}: changed while it was read: ${before} rows in all, then ${now}`;
  throw new PipelineError('unavailable', message, { hint: 'run again' });
}

function columnsOf(wanted: readonly string[], rows: readonly JsonRow[]): readonly string[] {
  return [...new Set([...wanted, ...rows.flatMap((row) => [...row.keys()])])];
}

function cellsOf(columns: readonly string[]): (row: JsonRow) => (string | null)[] {
  return (row) => columns.map((name) => row.get(name) ?? null);
}

/** A field that no row has is a column that is missing; one that some rows leave out is null there. */
function refuseMissing(
  wanted: readonly string[],
  found: ReadonlySet<string>,
  { address, rows }: { address: string; rows: number },
): void {
  const missing = wanted.filter((name) => !found.has(name));
  if (rows === 0 || missing.length === 0) return;
  throw new PipelineError('input-invalid', `${address}: no row has ${missing.join(', ')}`, {
    hint: `found: ${showAddress([...found].join(', ').slice(0, 200))}`,
  });
}
