import { isInMonth, isKnownDay } from '../plan/price-day.ts';
import type { FlatRow } from './reply.ts';

/** The series of a reply, and what stands before it as an object of its own. */
export interface RegularReply {
  meta: unknown;
  rows: FlatRow[];
}

const SERIES = '"Time Series (Daily)"';
const OPENING = /\s*:\s*\{\s*/y;
/** A day whose values are in their places and have the form that a cast takes; then a comma, or the end of the reply. */
const ROW =
  /"(\d{4}-\d{2}-\d{2})"\s*:\s*\{\s*"1\. open"\s*:\s*"(\d{1,13}\.\d{1,4})"\s*,\s*"2\. high"\s*:\s*"(\d{1,13}\.\d{1,4})"\s*,\s*"3\. low"\s*:\s*"(\d{1,13}\.\d{1,4})"\s*,\s*"4\. close"\s*:\s*"(\d{1,13}\.\d{1,4})"\s*,\s*"5\. volume"\s*:\s*"(\d{1,18})"\s*\}\s*(,\s*|\}\s*\}\s*$)/y;

/**
 * Reads a reply that is written as the service writes them, in a quarter of the time that JSON takes; null for any
 * other, which is then read as JSON. Days fall strictly, so that none is there twice, from no later one than `extractedOn`.
 */
export function readRegular(text: string, extractedOn: string): RegularReply | null {
  const at = text.indexOf(SERIES);
  // Before the series stands `{`, or `{"Meta Data":{…},`.
  const meta = at < 0 ? null : headOf(text.slice(0, at));
  if (meta === null) return null;
  OPENING.lastIndex = at + SERIES.length;
  if (!OPENING.test(text)) return null;
  ROW.lastIndex = OPENING.lastIndex;
  const rows: FlatRow[] = [];
  for (let before = '9999'; ;) {
    const match = ROW.exec(text);
    if (match === null) return null;
    const [, refreshDate = '', open = '', high = '', low = '', close = '', volume = '', end] =
      match;
    if (refreshDate >= before || !isInMonth(refreshDate)) return null;
    before = refreshDate;
    const line = rows.length + 1;
    rows.push({ line, refreshDate, open, high, low, close, volume, isPlain: true });
    if (end?.startsWith('}') !== true) continue;
    const newest = rows[0]?.refreshDate ?? '';
    const isKnown = isKnownDay(refreshDate) && isKnownDay(newest) && newest <= extractedOn;
    return isKnown ? { meta: meta['Meta Data'], rows } : null;
  }
}

function headOf(text: string): Record<string, unknown> | null {
  try {
    const head: unknown = JSON.parse(`${text.trimEnd().replace(/,$/, '')}}`);
    if (typeof head !== 'object' || head === null || Array.isArray(head)) return null;
    // A message beside the prices is weighed where any JSON is read.
    const isUsual = Object.keys(head).every((name) => name === 'Meta Data');
    return isUsual ? (head as Record<string, unknown>) : null;
  } catch {
    // Not a beginning of ours: the reader of any JSON says what it is.
    return null;
  }
}
