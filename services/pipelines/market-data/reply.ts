import type { ErrorKind } from '../../core/error.ts';
import { CALENDAR_YEARS, sessionOn } from '../../core/trading-calendar.ts';
import { errorWords } from './error-reply.ts';

/** A full history is about 1 MB; more than this is no reply of the service. */
export const REPLY_BYTES_MAX = 16 * 2 ** 20;
/** Sessions since 1990 are fewer than 12,000. */
const ROWS_MAX = 50_000;
/** What a column of the staging table holds, in UTF-8. */
const TEXT_BYTES_MAX = 20;
/** What no warehouse stores as text. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

/** One day of a reply, every value as it was written; null where it was absent. */
export interface FlatRow {
  /** Its place among the rows of the reply, from 1. */
  line: number;
  /** `YYYY-MM-DD`, with a time after it when the session was not over. */
  refreshDate: string;
  open: string | null;
  high: string | null;
  low: string | null;
  close: string | null;
  volume: string | null;
}

/** A row that cannot go into the staging table, with its place among the rows of the reply, from 1. */
export interface FlatReject {
  line: number;
  rule: 'text-expected' | 'text-too-long' | 'text-unstorable' | 'row-expected';
  text: string;
}

/** Prices of a symbol. */
export interface PriceReply {
  outcome: 'prices';
  rows: FlatRow[];
  rejects: FlatReject[];
  /** The oldest and the newest day, `YYYY-MM-DD`. */
  firstDay: string;
  lastDay: string;
  /** False when a session was not over. */
  isFinal: boolean;
}

/** Anything else. The message holds no word of the reply, in which the API key may stand. */
export interface ErrorReply {
  outcome: 'minute-quota' | 'day-quota' | 'bad-key' | 'premium' | 'bad-symbol' | 'unreadable';
  kind: ErrorKind;
  message: string;
}

/**
 * What the service has answered with status 200 to a query for a symbol (requirements 2.3): prices, or which error.
 * A byte order mark is passed over. Never throws for what the bytes hold.
 */
export function readReply(bytes: Uint8Array, symbol: string): PriceReply | ErrorReply {
  const reply = parsed(bytes);
  if (typeof reply === 'string') return unreadable(`${symbol}: the reply ${reply}`);
  const said = errorWords(reply);
  if (said !== null) return { ...said, message: `${symbol}: ${said.message}` };
  const series = fieldOf(reply, 'Time Series (Daily)');
  if (!isObject(series)) return unreadable(`${symbol}: the reply has no "Time Series (Daily)"`);
  const meta = fieldOf(reply, 'Meta Data');
  const named = isObject(meta) ? fieldOf(meta, '2. Symbol') : undefined;
  if (typeof named === 'string' && named.toUpperCase() !== symbol) {
    return unreadable(`${symbol}: the reply is for another symbol`);
  }
  const refreshed = isObject(meta) ? fieldOf(meta, '3. Last Refreshed') : undefined;
  return pricesOf(series, { symbol, refreshed: typeof refreshed === 'string' ? refreshed : '' });
}

/** The object that the bytes are as JSON, or what is wrong with them, in words. */
function parsed(bytes: Uint8Array): Record<string, unknown> | string {
  if (bytes.length === 0) return 'is empty';
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim();
  } catch {
    // Whatever it is, it is not what the service writes.
    return 'is not UTF-8';
  }
  if (text.startsWith('<')) return 'is a page, not JSON';
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : 'is JSON, but no object';
  } catch {
    // The parser's words would quote the reply.
    return /^[[{]/.test(text) ? 'is JSON that breaks off or is damaged' : 'is not JSON';
  }
}

function pricesOf(
  series: Record<string, unknown>,
  { symbol, refreshed }: { symbol: string; refreshed: string },
): PriceReply | ErrorReply {
  const entries = Object.entries(series);
  if (entries.length === 0) return unreadable(`${symbol}: the reply has no days`);
  if (entries.length > ROWS_MAX) {
    const message = `${symbol}: the reply has more than ${ROWS_MAX} days`;
    return { outcome: 'unreadable', kind: 'too-large', message };
  }
  const rows: FlatRow[] = [];
  const rejects: FlatReject[] = [];
  for (const [at, [key, value]] of entries.entries()) {
    const row = flatRow(at + 1, { key, value, refreshed });
    if ('rule' in row) rejects.push(row);
    else rows.push(row);
  }
  const days = rows.map(({ refreshDate }) => refreshDate.slice(0, 10)).toSorted();
  if (days.length === 0) return unreadable(`${symbol}: no day of the reply can be read`);
  return {
    outcome: 'prices',
    rows,
    rejects,
    firstDay: days[0] ?? '',
    lastDay: days.at(-1) ?? '',
    isFinal: rows.every(({ refreshDate }) => refreshDate.length <= 10),
  };
}

const FIELDS = ['1. open', '2. high', '3. low', '4. close', '5. volume'] as const;

function flatRow(
  line: number,
  { key, value, refreshed }: { key: string; value: unknown; refreshed: string },
): FlatRow | FlatReject {
  const reject = (rule: FlatReject['rule']): FlatReject => ({ line, rule, text: shown(key, value) });
  if (!isObject(value)) return reject('row-expected');
  const cells = FIELDS.map((field) => fieldOf(value, field) ?? null);
  if (!cells.every((cell) => cell === null || typeof cell === 'string')) {
    return reject('text-expected');
  }
  const refreshDate = isRunning(key, refreshed) ? refreshed.slice(0, 19) : key;
  for (const cell of [refreshDate, ...cells]) {
    if (cell === null) continue;
    if (UNSTORABLE.test(cell)) return reject('text-unstorable');
    if (cell.length > TEXT_BYTES_MAX || Buffer.byteLength(cell) > TEXT_BYTES_MAX) {
      return reject('text-too-long');
    }
  }
  const [open = null, high = null, low = null, close = null, volume = null] = cells;
  return { line, refreshDate, open, high, low, close, volume };
}

/** A row as it came, cut to what a person reads. Nested as deep as it may be, it is shown by its key alone. */
function shown(key: string, value: unknown): string {
  const text = isObject(value) ? JSON.stringify(Object.entries(value).map(flatEntry)) : typeof value;
  return `${key.slice(0, 100)} ${text.slice(0, 400)}`;
}

function flatEntry([name, value]: [string, unknown]): [string, unknown] {
  return [name, typeof value === 'object' && value !== null ? 'object' : value];
}

/** The day named by "Last Refreshed" with a time before the close was not over when the reply was written. */
function isRunning(key: string, refreshed: string): boolean {
  const time = /^\d{4}-\d{2}-\d{2} (\d{2}:\d{2}:\d{2})/.exec(refreshed)?.[1];
  if (time === undefined || key !== refreshed.slice(0, 10)) return false;
  const year = Number(key.slice(0, 4));
  const isKnown = year >= CALENDAR_YEARS.first && year <= CALENDAR_YEARS.last;
  const isHalf = isKnown && sessionOn(key)?.isHalf === true;
  return time < (isHalf ? '13:00:00' : '16:00:00');
}

function unreadable(message: string): ErrorReply {
  return { outcome: 'unreadable', kind: 'input-invalid', message };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field of its own; what every object inherits is none. */
function fieldOf(object: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
