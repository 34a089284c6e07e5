import { type DecimalSum, decimalSum, mergeSums } from '../../../core/decimal-sum.ts';
import { type Histogram, histogram, mergeHistograms } from '../../../core/histogram.ts';

/**
 * What a cell is by itself, whatever its column turns out to be. `BLANK` is empty after trimming. A date that fits two
 * formats has a class of its own, so that each format can be counted.
 */
export const CELL = {
  BLANK: 0,
  INT: 1,
  FLOAT: 2,
  /** A whole number that begins with a needless zero: 007, 08123. */
  ZERO_LED: 3,
  /** YYYY-MM-DD */
  ISO: 4,
  /** YYYY/MM/DD */
  YMD: 5,
  /** MM/DD/YYYY and no other */
  MDY: 6,
  /** DD/MM/YYYY and no other */
  DMY: 7,
  /** MM/DD/YYYY and DD/MM/YYYY */
  MDY_DMY: 8,
  TEXT: 9,
} as const;

export const CELL_CLASSES = 10;

/** Examples kept of each class in each column, and how much of one is kept. */
export const EXAMPLES_MAX = 5;
export const EXAMPLE_BYTES_MAX = 64;

/** One cell as it stood in the file: its content in the file's own encoding, cut short, and its line. */
export interface RawExample {
  line: number;
  bytes: Uint8Array;
  isCut: boolean;
}

/** The first and the last day seen, as `yyyymmdd`. */
export interface DayRange {
  first: number;
  last: number;
}

/** What is counted of one column. Tallies of consecutive parts of a file add up to that of the whole. */
export interface ColumnTally {
  /** Cells by class. */
  counts: Float64Array;
  /** The classes of which more examples are wanted, as bits. */
  wanted: number;
  examples: (RawExample[] | null)[];
  /** Over whole numbers of more than 15 digits; exact. */
  wideMin: bigint | null;
  wideMax: bigint | null;
  sum: DecimalSum;
  numbers: Histogram;
  iso: DayRange;
  ymd: DayRange;
  mdy: DayRange;
  dmy: DayRange;
  /** The longest cell, in bytes of the file after trimming. */
  bytesMax: number;
}

export function columnTally(): ColumnTally {
  return {
    counts: new Float64Array(CELL_CLASSES),
    wanted: 2 ** CELL_CLASSES - 1 - 2 ** CELL.BLANK,
    examples: Array.from({ length: CELL_CLASSES }, () => null),
    wideMin: null,
    wideMax: null,
    sum: decimalSum(),
    numbers: histogram(),
    iso: { first: 99_999_999, last: 0 },
    ymd: { first: 99_999_999, last: 0 },
    mdy: { first: 99_999_999, last: 0 },
    dmy: { first: 99_999_999, last: 0 },
    bytesMax: 0,
  };
}

/** Keeps a cell as an example of its class; the caller has seen that it is wanted. */
export function keepExample(
  column: ColumnTally,
  cellClass: number,
  cell: { line: number; content: Uint8Array },
): void {
  const { line, content } = cell;
  const isCut = content.length > EXAMPLE_BYTES_MAX;
  const bytes = Uint8Array.from(content.subarray(0, EXAMPLE_BYTES_MAX));
  addExample(column, cellClass, { line, bytes, isCut });
}

/** Whether a cell of this class is wanted as an example. */
export function isWanted(column: ColumnTally, cellClass: number): boolean {
  return ((column.wanted >> cellClass) & 1) === 1;
}

function addExample(column: ColumnTally, cellClass: number, example: RawExample): void {
  const examples = (column.examples[cellClass] ??= []);
  if (examples.push(example) === EXAMPLES_MAX) column.wanted -= 2 ** cellClass;
}

/** Adds the tally of the part of the file that follows; its lines are counted from `lineBase`. */
export function mergeColumns(into: ColumnTally, from: ColumnTally, lineBase: number): void {
  for (let at = 0; at < CELL_CLASSES; at += 1) {
    into.counts[at] = into.counts[at]! + from.counts[at]!;
    for (const example of from.examples[at] ?? []) {
      if (isWanted(into, at)) addExample(into, at, { ...example, line: example.line + lineBase });
    }
  }
  into.wideMin = lesser(into.wideMin, from.wideMin);
  into.wideMax = greater(into.wideMax, from.wideMax);
  mergeSums(into.sum, from.sum);
  mergeHistograms(into.numbers, from.numbers);
  for (const format of ['iso', 'ymd', 'mdy', 'dmy'] as const) {
    into[format].first = Math.min(into[format].first, from[format].first);
    into[format].last = Math.max(into[format].last, from[format].last);
  }
  into.bytesMax = Math.max(into.bytesMax, from.bytesMax);
}

export function lesser(a: bigint | null, b: bigint | null): bigint | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}

export function greater(a: bigint | null, b: bigint | null): bigint | null {
  if (a === null || b === null) return a ?? b;
  return a > b ? a : b;
}
