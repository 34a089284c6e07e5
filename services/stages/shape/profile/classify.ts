import { dayNumber } from '../../../core/calendar.ts';
import { addSmall, addWide } from '../../../core/decimal-sum.ts';
import { addToHistogram } from '../../../core/histogram.ts';
import { CELL, type ColumnTally, type DayRange, greater, lesser } from './column-tally.ts';

/** A number written with more characters than this is text. */
export const NUMBER_LENGTH_MAX = 400;
/** Up to so many digits a whole number and its sum are exact in a double. */
const PLAIN_DIGITS_MAX = 15;
/** Up to so many decimals, dividing by a power of ten rounds once, as reading the text does. */
const PLAIN_SCALE_MAX = 22;
const POWERS = Float64Array.from({ length: PLAIN_SCALE_MAX + 1 }, (_, scale) => 10 ** scale);

const PLUS = 43;
const MINUS = 45;
const POINT = 46;
const SLASH = 47;
const ZERO = 48;
const NINE = 57;
const LOWER_E = 101;

/**
 * Adds one cell, `bytes[start, end)`, to the tally of its column and returns its class. Nothing is copied and no string
 * is made, but for numbers of more than 15 digits and those with an exponent.
 */
export function addCell(
  column: ColumnTally,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  let from = start;
  let to = end;
  if (from < to && (bytes[from]! <= 32 || bytes[to - 1]! <= 32)) {
    while (from < to && isSpace(bytes[from]!)) from += 1;
    while (to > from && isSpace(bytes[to - 1]!)) to -= 1;
  }
  // What begins with a letter is neither a number nor a day.
  const isText = from < to && bytes[from]! > NINE;
  const cellClass = isText
    ? CELL.TEXT
    : from === to
      ? CELL.BLANK
      : classOf(column, bytes, from, to);
  column.counts[cellClass] = column.counts[cellClass]! + 1;
  if (to - from > column.bytesMax) column.bytesMax = to - from;
  return cellClass;
}

/** Space, tab, line feed, vertical tab, form feed, carriage return. */
export function isSpace(byte: number): boolean {
  return byte === 32 || (byte <= 13 && byte >= 9);
}

function classOf(column: ColumnTally, bytes: Uint8Array, from: number, to: number): number {
  if (to - from === 10 && isLikeDate(bytes, from)) return addDate(column, bytes, from);
  const sign = bytes[from]!;
  const first = sign === MINUS || sign === PLUS ? from + 1 : from;
  let at = first;
  let mantissa = 0;
  let byte = 0;
  while (at < to && (byte = bytes[at]!) >= ZERO && byte <= NINE) {
    mantissa = mantissa * 10 + (byte - ZERO);
    at += 1;
  }
  const whole = at - first;
  if (at === to && whole > 0) {
    if (whole > 1 && bytes[first] === ZERO) return CELL.ZERO_LED;
    if (whole > PLAIN_DIGITS_MAX) return addLongNumber(column, bytes, from, to);
    addPlain(column, sign === MINUS ? -mantissa : mantissa, 0);
    return CELL.INT;
  }
  if (at === to || (whole === 0 && byte !== POINT)) return CELL.TEXT;
  if (byte === POINT) {
    at += 1;
    while (at < to && (byte = bytes[at]!) >= ZERO && byte <= NINE) {
      mantissa = mantissa * 10 + (byte - ZERO);
      at += 1;
    }
    const digits = at - first - 1;
    const scale = digits - whole;
    if (digits === 0) return CELL.TEXT;
    if (at === to && digits <= PLAIN_DIGITS_MAX) {
      addPlain(column, sign === MINUS ? -mantissa : mantissa, scale);
      return CELL.FLOAT;
    }
    if (at === to) return addLongNumber(column, bytes, from, to);
  }
  if ((byte | 32) === LOWER_E) return addLongNumber(column, bytes, from, to);
  return CELL.TEXT;
}

function addPlain(column: ColumnTally, mantissa: number, scale: number): void {
  addSmall(column.sum, mantissa, scale);
  const value = scale === 0 ? mantissa : mantissa / POWERS[scale]!;
  addToHistogram(column.numbers, value);
}

/** Sign, digits with or without a point, and an exponent or none. */
const LONG_NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** More than 15 digits, or an exponent: read as text, added exactly. What a double cannot hold (1e400) is text. */
function addLongNumber(column: ColumnTally, bytes: Uint8Array, from: number, to: number): number {
  if (to - from > NUMBER_LENGTH_MAX) return CELL.TEXT;
  const text = String.fromCharCode(...bytes.subarray(from, to));
  const match = LONG_NUMBER.exec(text);
  const value = Number(text);
  if (match === null || !Number.isFinite(value)) return CELL.TEXT;
  const [, sign, whole = '', decimals, exponent] = match;
  const magnitude = BigInt(`${whole}${decimals ?? ''}`);
  const mantissa = sign === '-' ? -magnitude : magnitude;
  // A mantissa of zero is zero, however large its exponent.
  if (magnitude !== 0n) {
    addWide(column.sum, mantissa, (decimals ?? '').length - Number(exponent ?? 0));
  }
  addToHistogram(column.numbers, value);
  if (decimals === undefined && exponent === undefined) {
    column.wideMin = lesser(column.wideMin, mantissa);
    column.wideMax = greater(column.wideMax, mantissa);
    return CELL.INT;
  }
  return CELL.FLOAT;
}

/** Whether ten bytes have the separators of a day, which no number has at these places. */
function isLikeDate(bytes: Uint8Array, at: number): boolean {
  const separator = bytes[at + 4];
  if (separator === MINUS || separator === SLASH) return bytes[at + 7] === separator;
  return bytes[at + 2] === SLASH && bytes[at + 5] === SLASH;
}

/** Ten bytes with separators: a day in one of the four formats, or text. */
function addDate(column: ColumnTally, bytes: Uint8Array, at: number): number {
  const separator = bytes[at + 4]!;
  if (separator === MINUS || separator === SLASH) {
    const year = pair(bytes, at) * 100 + pair(bytes, at + 2);
    const day = dayNumber(year, pair(bytes, at + 5), pair(bytes, at + 8));
    if (day === 0) return CELL.TEXT;
    addDay(separator === MINUS ? column.iso : column.ymd, day);
    return separator === MINUS ? CELL.ISO : CELL.YMD;
  }
  const first = pair(bytes, at);
  const second = pair(bytes, at + 3);
  const year = pair(bytes, at + 6) * 100 + pair(bytes, at + 8);
  const monthFirst = dayNumber(year, first, second);
  const dayFirst = dayNumber(year, second, first);
  if (monthFirst !== 0) addDay(column.mdy, monthFirst);
  if (dayFirst !== 0) addDay(column.dmy, dayFirst);
  if (monthFirst !== 0) return dayFirst === 0 ? CELL.MDY : CELL.MDY_DMY;
  return dayFirst === 0 ? CELL.TEXT : CELL.DMY;
}

/** Two digits as a number; far below zero when one of them is none, so that no day comes of it. */
function pair(bytes: Uint8Array, at: number): number {
  const high = bytes[at]! - ZERO;
  const low = bytes[at + 1]! - ZERO;
  // Negative when a difference is negative or above nine.
  return (high | low | (9 - high) | (9 - low)) < 0 ? -99_999 : high * 10 + low;
}

function addDay(range: DayRange, day: number): void {
  if (day < range.first) range.first = day;
  if (day > range.last) range.last = day;
}
