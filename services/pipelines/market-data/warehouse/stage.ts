import { PipelineError } from '../../../core/error.ts';
import type { StepPorts } from '../../../ports/step.ts';
import { quarantine } from '../../../stages/land/quarantine.ts';
import type { LandedName } from '../plan/landed.ts';
import { type FlatRow, readReply } from '../extract/reply.ts';

/** A landed reply whose rows are to be staged. */
export interface StagedReply extends LandedName {
  etag: string;
  /** True for one that is loaded, and staged again because an older day is. */
  isLoaded?: true;
}

/** What staging came to. */
export interface StagingCounts {
  replies: (StagedReply & { rows: number })[];
  /** Landed objects that are no replies with prices, with why. */
  unreadable: { key: string; message: string }[];
  rows: number;
  rejected: number;
  bytes: number;
}

/** The columns of the staging table, in the order of the CSV. */
export const STAGED_COLUMNS = [
  'symbol',
  'refresh_date',
  'open_price',
  'high_price',
  'low_price',
  'close_price',
  'volume_cnt',
  'extraction_date',
  'source_row',
  'is_plain',
] as const;

/**
 * The rows of landed replies as CSV for the staging table, one chunk a reply, every value as it was written. Counts go
 * to `counts` while it is read. A reply that has gone or is none is told and left out, but `not-found` when it was loaded; rows that no
 * table takes are kept in quarantine.
 */
export async function* stagedCsv(
  ports: StepPorts,
  replies: readonly StagedReply[],
  counts: StagingCounts,
): AsyncGenerator<Uint8Array> {
  for (const reply of replies) {
    const { key, date, symbol } = reply;
    const bytes = await ports.store.get(key, { signal: ports.signal });
    if (bytes === null && reply.isLoaded === true) throw lost(key);
    if (bytes === null) {
      counts.unreadable.push({ key, message: `${key}: the landed reply is gone` });
      continue;
    }
    const read = readReply(bytes, symbol, date);
    counts.bytes += bytes.length;
    if (read.outcome !== 'prices') {
      counts.unreadable.push({ key, message: `${key}: ${read.message}` });
      continue;
    }
    const { rows, rejects } = read;
    await quarantine(ports.store, {
      dataset: 'replies',
      partition: `${date}/${symbol}`,
      object: key,
      rejects,
    });
    counts.replies.push({ ...reply, rows: rows.length });
    counts.rows += rows.length;
    counts.rejected += rejects.length;
    ports.progress({ rowsRead: counts.rows + counts.rejected, objectsRead: counts.replies.length });
    yield Buffer.from(csvOf(rows, reply));
  }
}

/** Going on would put the values of an older day in place of its own. */
function lost(key: string): PipelineError {
  return new PipelineError('not-found', `${key}: it was loaded, and is gone`, {
    hint: 'restore that object from a version, or load again only days that are later',
  });
}

function csvOf(rows: readonly FlatRow[], { symbol, date }: LandedName): string {
  const head = cell(symbol);
  const tail = `${date} 00:00:00`;
  let csv = '';
  for (const row of rows) {
    const { line, refreshDate, open, high, low, close, volume } = row;
    csv += row.isPlain
      ? `${head},${refreshDate},${open},${high},${low},${close},${volume},${tail},${line},t\n`
      : `${head},${cell(refreshDate)},${cell(open)},${cell(high)},${cell(low)},${cell(close)},${cell(volume)},${tail},${line},f\n`;
  }
  return csv;
}

const PLAIN = /^[0-9A-Z.:^= -]+$/;

/** A value in PostgreSQL's CSV form: without quotes an empty field is NULL, with them it is an empty text. */
function cell(text: string | null): string {
  if (text === null) return '';
  return PLAIN.test(text) ? text : `"${text.replaceAll('"', '""')}"`;
}
