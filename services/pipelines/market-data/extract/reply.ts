import type { ErrorKind } from '../../../core/error.ts';
import { sessionOn } from '../../../core/trading-calendar.ts';
import { errorWords } from './error-reply.ts';
import { dayFault } from '../plan/price-day.ts';
import { readRegular } from './regular-reply.ts';
import { repeatedDays } from './repeated-days.ts';

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
  rule:
    | 'date-invalid'
    | 'date-future'
    | 'day-repeated'
    | 'text-expected'
    | 'text-too-long'
    | 'text-unstorable'
    | 'row-expected';
  text: string;
}

/** Prices of a symbol. */
export interface PriceReply {
  outcome: 'prices';
  rows: FlatRow[];
  rejects: FlatReject[];
  /** The oldest and the newest day of the rows, `YYYY-MM-DD`. */
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
 * What the service has answered with status 200 to a query for a symbol (requirements 2.3) on the day `extractedOn`:
 * prices, or which error. Days that there are not, that the trading calendar does not know or that were still to come
 * are rejects. A byte order mark is passed over. Never throws for what the bytes hold.
 */
export function readReply(
  bytes: Uint8Array,
  symbol: string,
  extractedOn: string,
): PriceReply | ErrorReply {
  const text = decoded(bytes);
  if (text === null) return unreadable(`${symbol}: the reply is not UTF-8`);
  const regular = readRegular(text, extractedOn);
  if (regular !== null && regular.rows.length <= ROWS_MAX) {
    const refusal = isOther(regular.meta, symbol);
    const refreshed = refreshedOf(regular.meta);
    if (refusal) return unreadable(`${symbol}: the reply is for another symbol`);
    if (refreshed.length <= 10) return pricesFrom(regular.rows, []);
  }
  return readAny(text, { symbol, extractedOn });
}

/** What a reply was asked for, and when. */
interface Asked {
  symbol: string;
  extractedOn: string;
}

function readAny(text: string, asked: Asked): PriceReply | ErrorReply {
  const { symbol } = asked;
  const reply = parsed(text);
  if (typeof reply === 'string') return unreadable(`${symbol}: the reply ${reply}`);
  const said = errorWords(reply);
  if (said !== null) return { ...said, message: `${symbol}: ${said.message}` };
  const series = fieldOf(reply, 'Time Series (Daily)');
  if (!isObject(series)) return unreadable(`${symbol}: the reply has no "Time Series (Daily)"`);
  const meta = fieldOf(reply, 'Meta Data');
  if (isOther(meta, symbol)) return unreadable(`${symbol}: the reply is for another symbol`);
  return pricesOf(series, { ...asked, refreshed: refreshedOf(meta), text });
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
  { symbol, extractedOn, refreshed, text }: Asked & { refreshed: string; text: string },
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
    const row = flatRow(at + 1, { key, value, refreshed, extractedOn });
    if ('rule' in row) rejects.push(row);
    else rows.push(row);
  }
  if (rows.length === 0) {
    return unreadable(`${symbol}: the reply has no day up to ${extractedOn} that can be read`);
  }
  return pricesFrom(rows, [...rejects, ...repeatedOnes(text, Object.keys(series))]);
}

/** JSON takes the last of a day that is there twice: the others are kept, as what was not taken. */
function repeatedOnes(text: string, days: readonly string[]): FlatReject[] {
  return repeatedDays(text).flatMap(({ day, text: passedOver }) => {
    const line = days.indexOf(day) + 1;
    return line === 0 ? [] : [{ line, rule: 'day-repeated', text: `${day} ${passedOver}` }];
  });
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

function flatRow(
  line: number,
  {
    key,
    value,
    refreshed,
    extractedOn,
  }: { key: string; value: unknown; refreshed: string; extractedOn: string },
): FlatRow | FlatReject {
  const reject = (rule: FlatReject['rule']): FlatReject => ({
    line,
    rule,
    text: shown(key, value),
  });
  const fault = dayFault(key, extractedOn);
  if (fault !== null) return reject(fault);
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
  if (refreshDate.length === 10 && PLAIN_VALUES.test(`${open},${high},${low},${close},${volume}`)) {
    return { ...row, isPlain: true };
  }
  const cellFault = faultOf([open, high, low, close, volume]);
  return cellFault === null ? { ...row, isPlain: false } : reject(cellFault);
}

function isText(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
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
  const time = /^\d{4}-\d{2}-\d{2} ((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)/.exec(refreshed)?.[1];
  if (time === undefined || key !== refreshed.slice(0, 10)) return false;
  return time < (sessionOn(key)?.isHalf === true ? '13:00:00' : '16:00:00');
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
