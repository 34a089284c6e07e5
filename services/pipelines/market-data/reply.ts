import type { ErrorKind } from '../../core/error.ts';
import { dayNumber } from '../../core/calendar.ts';
import { CALENDAR_YEARS, sessionOn } from '../../core/trading-calendar.ts';
import { errorWords } from './error-reply.ts';
import { readRegular } from './regular-reply.ts';

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
  /** True when every value is seen to be what it should be: a day of the calendar, amounts with decimals, a count. */
  isPlain: boolean;
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
  const text = decoded(bytes);
  if (text === null) return unreadable(`${symbol}: the reply is not UTF-8`);
  const regular = readRegular(text);
  if (regular !== null && regular.rows.length <= ROWS_MAX) {
    const refusal = isOther(regular.meta, symbol);
    const refreshed = refreshedOf(regular.meta);
    if (refusal) return unreadable(`${symbol}: the reply is for another symbol`);
    if (refreshed.length <= 10) return pricesFrom(regular.rows, []);
  }
  return readAny(text, symbol);
}

function readAny(text: string, symbol: string): PriceReply | ErrorReply {
  const reply = parsed(text);
  if (typeof reply === 'string') return unreadable(`${symbol}: the reply ${reply}`);
  const said = errorWords(reply);
  if (said !== null) return { ...said, message: `${symbol}: ${said.message}` };
  const series = fieldOf(reply, 'Time Series (Daily)');
  if (!isObject(series)) return unreadable(`${symbol}: the reply has no "Time Series (Daily)"`);
  const meta = fieldOf(reply, 'Meta Data');
  if (isOther(meta, symbol)) return unreadable(`${symbol}: the reply is for another symbol`);
  return pricesOf(series, { symbol, refreshed: refreshedOf(meta) });
}

function isOther(meta: unknown, symbol: string): boolean {
  const named = isObject(meta) ? fieldOf(meta, '2. Symbol') : undefined;
  return typeof named === 'string' && named.toUpperCase() !== symbol;
}

function refreshedOf(meta: unknown): string {
  const refreshed = isObject(meta) ? fieldOf(meta, '3. Last Refreshed') : undefined;
  return typeof refreshed === 'string' ? refreshed : '';
}

/** The text without a byte order mark; null for bytes that are no UTF-8. */
function decoded(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Whatever it is, it is not what the service writes.
    return null;
  }
}

/** The object that the text is as JSON, or what is wrong with them, in words. */
function parsed(whole: string): Record<string, unknown> | string {
  const text = whole.trim();
  if (text === '') return 'is empty';
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
  if (rows.length === 0) return unreadable(`${symbol}: no day of the reply can be read`);
  return pricesFrom(rows, rejects);
}

function pricesFrom(rows: FlatRow[], rejects: FlatReject[]): PriceReply {
  let firstDay = '9999-12-31';
  let lastDay = '';
  let isFinal = true;
  for (const { refreshDate } of rows) {
    const day = refreshDate.slice(0, 10);
    if (day < firstDay) firstDay = day;
    if (day > lastDay) lastDay = day;
    if (refreshDate.length > 10) isFinal = false;
  }
  return { outcome: 'prices', rows, rejects, firstDay, lastDay, isFinal };
}

/** Four amounts and a count, as the service writes them. */
const PLAIN_VALUES = /^(?:\d{1,13}\.\d{1,4},){4}\d{1,18}$/;
/** Of every month there is a day up to the 28th. */
const PLAIN_DAY = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])$/;

function flatRow(
  line: number,
  { key, value, refreshed }: { key: string; value: unknown; refreshed: string },
): FlatRow | FlatReject {
  const reject = (rule: FlatReject['rule']): FlatReject => ({
    line,
    rule,
    text: shown(key, value),
  });
  if (!isObject(value)) return reject('row-expected');
  // No object inherits a field of such a name.
  const open = value['1. open'] ?? null;
  const high = value['2. high'] ?? null;
  const low = value['3. low'] ?? null;
  const close = value['4. close'] ?? null;
  const volume = value['5. volume'] ?? null;
  if (!isText(open) || !isText(high) || !isText(low) || !isText(close) || !isText(volume)) {
    return reject('text-expected');
  }
  const refreshDate = isRunning(key, refreshed) ? refreshed.slice(0, 19) : key;
  const row = { line, refreshDate, open, high, low, close, volume };
  if (isDay(refreshDate) && PLAIN_VALUES.test(`${open},${high},${low},${close},${volume}`)) {
    return { ...row, isPlain: true };
  }
  const fault = faultOf([refreshDate, open, high, low, close, volume]);
  return fault === null ? { ...row, isPlain: false } : reject(fault);
}

function isText(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

function isDay(text: string): boolean {
  if (PLAIN_DAY.test(text)) return true;
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const [year = 0, month = 0, day = 0] = text.split('-').map(Number);
  return dayNumber(year, month, day) !== 0;
}

/** Why the staging table would not take these values; null when it does. */
function faultOf(cells: readonly (string | null)[]): FlatReject['rule'] | null {
  for (const cell of cells) {
    if (cell === null) continue;
    if (UNSTORABLE.test(cell)) return 'text-unstorable';
    if (Buffer.byteLength(cell) > TEXT_BYTES_MAX) return 'text-too-long';
  }
  return null;
}

/** A row as it came, cut to what a person reads. Nested as deep as it may be, it is shown by its key alone. */
function shown(key: string, value: unknown): string {
  const text = isObject(value)
    ? JSON.stringify(Object.entries(value).map(flatEntry))
    : typeof value;
  return `${key.slice(0, 100)} ${text.slice(0, 400)}`;
}

function flatEntry([name, value]: [string, unknown]): [string, unknown] {
  return [name, typeof value === 'object' && value !== null ? 'object' : value];
}

/** The day named by "Last Refreshed" with a time before the close was not over when the reply was written. */
function isRunning(key: string, refreshed: string): boolean {
  if (refreshed.length <= 10) return false;
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
