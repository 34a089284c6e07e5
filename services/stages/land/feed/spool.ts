import { PipelineError } from '../../../core/error.ts';
import { SOURCE_ROW_BYTES_MAX } from '../../../core/limit.ts';
import { printable } from '../../../core/printable.ts';
import { csvText } from './csv-text.ts';
import type { Feed, FeedContent, RowBatch } from './feed.ts';
import { gateCsv } from './gate.ts';
import { type Newest, newestBefore } from './newest.ts';
import { type ScratchFile, writeScratch } from './scratch-file.ts';

/** The rows of one feed as a CSV file in scratch, ready to land. */
export interface Spooled extends ScratchFile {
  columns: readonly string[];
  rows: number;
  /** What the source says of itself; null where it says nothing. */
  reportedTotal: number | null;
  /** The newest moment of the column asked for, as written; null for files, which are known by their etag. */
  newest: string | null;
  /** How the source was written, when its bytes are not those that landed; null else. */
  rewrittenFrom: string | null;
}

export interface SpoolRequest {
  path: string;
  /** The columns that must be there. */
  columns: readonly string[];
  /** The column whose newest moment before `endMs` is kept; null for none. */
  moment: { column: string; endMs: number } | null;
  onRows?: (count: number) => void;
}

/**
 * Reads a feed into scratch and checks it at the door: the wanted columns are there, and as many rows came as the
 * source says it has. `input-invalid` else, and for rows that cannot be; other kinds as the source fails.
 */
export async function spool(feed: Feed, request: SpoolRequest): Promise<Spooled> {
  const spooled =
    feed.content.kind === 'bytes'
      ? await spoolBytes(feed.address, feed.content, request)
      : await spoolRows(feed.address, feed.content.open(), request);
  refuseColumns(feed.address, spooled.columns, request.columns);
  refuseShort(feed.address, spooled);
  await feed.verify();
  return spooled;
}

async function spoolBytes(
  address: string,
  content: Extract<FeedContent, { kind: 'bytes' }>,
  { path, onRows }: SpoolRequest,
): Promise<Spooled> {
  const gated = await gateCsv(await content.open(), { address, path });
  onRows?.(gated.rows);
  const rewrittenFrom = content.madeFrom ?? gated.rewrittenFrom;
  return { ...gated, rewrittenFrom, reportedTotal: null, newest: null };
}

async function spoolRows(
  address: string,
  batches: AsyncIterable<RowBatch>,
  { path, moment, onRows }: SpoolRequest,
): Promise<Spooled> {
  const newest = newestBefore(moment?.endMs ?? -Infinity);
  const { result, ...file } = await writeScratch(path, address, async (write) => {
    let known: { columns: readonly string[]; at: number } | null = null;
    let rows = 0;
    let reportedTotal: number | null = null;
    for await (const batch of batches) {
      if (known === null) {
        const { columns } = batch;
        known = { columns, at: moment === null ? -1 : columns.indexOf(moment.column) };
        await write(Buffer.from(csvText([columns])));
      }
      checkRows(address, batch, rows);
      see(newest, batch, known.at);
      await write(Buffer.from(csvText(batch.rows)));
      rows += batch.rows.length;
      reportedTotal = batch.total;
      onRows?.(batch.rows.length);
    }
    return { columns: known?.columns ?? [], rows, reportedTotal };
  });
  return { ...file, ...result, newest: newest.value(), rewrittenFrom: null };
}

function see(newest: Newest, { rows }: RowBatch, at: number): void {
  if (at >= 0) for (const row of rows) newest.see(row[at] ?? null);
}

function checkRows(address: string, { rows }: RowBatch, before: number): void {
  for (const [at, row] of rows.entries()) {
    let length = 0;
    for (const value of row) length += value?.length ?? 0;
    if (length * 3 <= SOURCE_ROW_BYTES_MAX) continue;
    const message = `${address}: row ${before + at + 1} has more than ${SOURCE_ROW_BYTES_MAX / 3} characters`;
    throw new PipelineError('too-large', message);
  }
}

function refuseColumns(address: string, found: readonly string[], wanted: readonly string[]): void {
  // Readers of SQL take no notice of case, and of two such columns they would take one without a word.
  const plain = found.map((name) => name.trim().toLowerCase());
  const twin = found.find((_, at) => plain.indexOf(plain[at] ?? '') !== at);
  if (twin !== undefined) {
    const message = `${address}: two columns are named ${printable(twin.slice(0, 60))}, but for case`;
    throw new PipelineError('input-invalid', message, { hint: 'which one holds?' });
  }
  const missing = wanted.filter((name) => !found.includes(name));
  if (missing.length === 0) return;
  // Without a single known name the first line may hold data, which must not be told.
  const isNamed = missing.length < wanted.length;
  const shown = printable(found.join(', ').slice(0, 200));
  throw new PipelineError('input-invalid', `${address}: no column ${missing.join(', ')}`, {
    hint: isNamed
      ? `found: ${shown}; columns are told by their exact names`
      : `none of its ${found.length} columns is known: is the header row missing?`,
  });
}

function refuseShort(address: string, { rows, reportedTotal }: Spooled): void {
  if (reportedTotal === null || reportedTotal === rows) return;
  const message = `${address}: says it has ${reportedTotal} rows, and gave ${rows}`;
  throw new PipelineError('input-invalid', message, {
    hint: 'do its pages repeat or leave out rows? nothing was loaded',
  });
}
