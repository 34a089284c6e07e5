import { isoDay } from '../../../core/calendar.ts';
import { meanOf } from '../../../core/decimal-sum.ts';
import { barsOf } from '../../../core/histogram.ts';
import { CELL, type ColumnTally, EXAMPLES_MAX, type RawExample } from './column-tally.ts';
import type {
  ColumnProfile,
  ColumnType,
  DateFormat,
  Example,
  NumberStatistics,
  ProfileRules,
} from './profile.ts';
import { decodeText, type Encoding } from './text-encoding.ts';

const BARS_MAX = 24;

/** The classes of cells that are days in each format; MM/DD comes before DD/MM, which settles a tie. */
const FORMATS: readonly (readonly [
  DateFormat,
  'iso' | 'ymd' | 'mdy' | 'dmy',
  readonly number[],
])[] = [
  ['YYYY-MM-DD', 'iso', [CELL.ISO]],
  ['YYYY/MM/DD', 'ymd', [CELL.YMD]],
  ['MM/DD/YYYY', 'mdy', [CELL.MDY, CELL.MDY_DMY]],
  ['DD/MM/YYYY', 'dmy', [CELL.DMY, CELL.MDY_DMY]],
];

/** What the conclusion needs besides the tally itself. */
export interface ColumnContext {
  name: string;
  rows: number;
  encoding: Encoding;
  rules: ProfileRules;
}

/** Every class of cell that is not blank. */
const PRESENT: readonly number[] = Object.values(CELL).filter((one) => one !== CELL.BLANK);

interface Verdict {
  type: ColumnType;
  format: (typeof FORMATS)[number] | null;
  /** The classes of cells that are of the type. */
  fitting: readonly number[];
  isAmbiguous: boolean;
  isIdentifier: boolean;
}

/** The type of a column from the classes of its cells, and all that is told of it. */
export function concludeColumn(tally: ColumnTally, context: ColumnContext): ColumnProfile {
  const { counts } = tally;
  const { name, rows, encoding } = context;
  const present = counts.reduce((sum, count) => sum + count, 0) - counts[CELL.BLANK]!;
  const verdict = judge(tally, present, context.rules);
  const invalid = present - sumOf(counts, verdict.fitting);
  const blanks = rows - present;
  const misfits = PRESENT.filter((one) => !verdict.fitting.includes(one));
  return {
    name,
    type: verdict.type,
    date_format: verdict.format?.[0] ?? null,
    ambiguous_date_order: verdict.isAmbiguous,
    identifier_like: verdict.isIdentifier,
    blanks,
    blank_percentage: percentage(blanks, rows),
    invalid,
    invalid_percentage: percentage(invalid, rows),
    invalid_examples: examplesOf(tally, misfits, encoding),
    numbers: statisticsOf(tally, verdict.type),
    dates: daysOf(tally, verdict),
    histogram: barsOf(tally.numbers, BARS_MAX),
    cells: {
      int: counts[CELL.INT]!,
      float: counts[CELL.FLOAT]!,
      zero_led: counts[CELL.ZERO_LED]!,
      text: counts[CELL.TEXT]!,
      dates: dateCounts(counts),
    },
    examples: examplesOf(tally, PRESENT, encoding),
    bytes_max: tally.bytesMax,
  };
}

function judge({ counts }: ColumnTally, present: number, rules: ProfileRules): Verdict {
  const plain = { format: null, isAmbiguous: false, isIdentifier: false };
  const string = { ...plain, type: 'string' as const, fitting: PRESENT };
  const ints = counts[CELL.INT]!;
  const zeroLed = counts[CELL.ZERO_LED]!;
  const numbers = ints + counts[CELL.FLOAT]!;
  const hasIdentifiers = zeroLed > 0 && isAtLeast(zeroLed, rules.zeroLedShareMin, ints + zeroLed);
  if (hasIdentifiers && reaches(numbers + zeroLed, present, rules)) {
    return { ...string, isIdentifier: true };
  }
  if (reaches(numbers, present, rules)) {
    const type = numbers === ints ? ('int' as const) : ('float' as const);
    return { ...plain, type, fitting: [CELL.INT, CELL.FLOAT] };
  }
  const scored = FORMATS.map((format) => ({ format, days: sumOf(counts, format[2]) }));
  const best = scored.reduce((top, one) => (one.days > top.days ? one : top));
  if (!reaches(best.days, present, rules)) return string;
  const [mdy, dmy] = [scored[2]!.days, scored[3]!.days];
  const isAmbiguous = best === scored[2] && mdy === dmy;
  return { ...plain, type: 'date', format: best.format, fitting: best.format[2], isAmbiguous };
}

function reaches(fitting: number, present: number, rules: ProfileRules): boolean {
  if (fitting === 0) return false;
  if (isAtLeast(fitting, rules.typeShareMin, present)) return true;
  const isSmall = present - fitting <= rules.misfitsMax;
  return isSmall && isAtLeast(fitting, rules.smallShareMin, present);
}

/** `part >= share * whole`, for shares with up to six decimals, without the error of the product. */
function isAtLeast(part: number, share: number, whole: number): boolean {
  return part * 1_000_000 >= Math.round(share * 1_000_000) * whole;
}

function sumOf(counts: Float64Array, classes: readonly number[]): number {
  return classes.reduce((sum, one) => sum + counts[one]!, 0);
}

/** Of the whole, with two decimals. */
export function percentage(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 10_000) / 100;
}

function statisticsOf(tally: ColumnTally, type: ColumnType): NumberStatistics | null {
  const { counts, sum, numbers, wideMin, wideMax } = tally;
  const { min, max } = numbers;
  const count = counts[CELL.INT]! + counts[CELL.FLOAT]!;
  if (count === 0) return null;
  const avg = meanOf(sum, count);
  if (type === 'float' || counts[CELL.FLOAT]! > 0) {
    return { min: min + 0, max: max + 0, avg, count };
  }
  // Numbers of more than 15 digits lie beyond all others, below or above: an extreme is one of them, or exact.
  return {
    min: exact(wideMin !== null && Number(wideMin) === min ? wideMin : BigInt(min)),
    max: exact(wideMax !== null && Number(wideMax) === max ? wideMax : BigInt(max)),
    avg,
    count,
  };
}

function exact(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function daysOf(tally: ColumnTally, { format }: Verdict): ColumnProfile['dates'] {
  if (format === null) return null;
  const { first, last } = tally[format[1]];
  return { first: isoDay(first), last: isoDay(last) };
}

function dateCounts(counts: Float64Array): ColumnProfile['cells']['dates'] {
  const found = FORMATS.map(([format, , classes]) => [format, sumOf(counts, classes)] as const);
  return Object.fromEntries(found.filter(([, count]) => count > 0));
}

/** The first cells of these classes, in the order of the file. */
function examplesOf(
  { examples }: ColumnTally,
  classes: readonly number[],
  encoding: Encoding,
): Example[] {
  const found = classes.flatMap((one) => examples[one] ?? []);
  const first = found.toSorted((a, b) => a.line - b.line).slice(0, EXAMPLES_MAX);
  return first.map((example) => ({ line: example.line, value: textOf(example, encoding) }));
}

function textOf({ bytes, isCut }: RawExample, encoding: Encoding): string {
  return `${decodeText(bytes, encoding, isCut)}${isCut ? '…' : ''}`;
}
