import * as fc from 'fast-check';
import { quoteText } from '../../services/core/column.ts';
import type { Check } from '../../services/core/rule.ts';

/** The table that random rows go into. */
export const TABLE_SQL = 'CREATE TABLE t (word VARCHAR, amount DECIMAL(12,2), "at" TIMESTAMP)';

/** A row: a word, a whole number of cents, a second of one minute. */
export type Row = [word: string | null, cents: number | null, second: number | null];

const WORDS = ['a', 'A', 'b', '', ' a', "it's", '%', '\\', 'ä', '$1'];

export const rowArb: fc.Arbitrary<Row> = fc.tuple(
  fc.option(fc.constantFrom(...WORDS), { freq: 4 }),
  fc.option(fc.integer({ min: -500, max: 500 }), { freq: 4 }),
  fc.option(fc.integer({ min: 0, max: 59 }), { freq: 4 }),
);

const shareArb = fc.integer({ min: 0, max: 1000 }).map((n) => n / 1000);
const centsArb = fc.integer({ min: -500, max: 500 });
const columnArb = fc.constantFrom('word', 'amount', 'at');

export const checkArb: fc.Arbitrary<Check> = fc.oneof(
  columnArb.map((column): Check => ({ kind: 'not-null', column })),
  fc
    .uniqueArray(columnArb, { minLength: 1 })
    .map((columns): Check => ({ kind: 'unique', columns })),
  fc
    .record(
      { min: centsArb.map(decimalText), max: centsArb.map(decimalText) },
      { requiredKeys: [] },
    )
    .map((bounds): Check => ({ kind: 'range', column: 'amount', ...bounds })),
  fc
    .uniqueArray(fc.constantFrom(...WORDS))
    .map((values): Check => ({ kind: 'one-of', column: 'word', values })),
  fc
    .integer({ min: 0, max: 59 })
    .map((second): Check => ({ kind: 'not-after', column: 'at', moment: momentText(second) })),
  fc
    .record({ min: fc.nat(12), max: fc.nat(12) }, { requiredKeys: [] })
    .map((bounds): Check => ({ kind: 'row-count', ...bounds })),
  fc
    .tuple(fc.uniqueArray(columnArb, { minLength: 1 }), shareArb)
    .map(([columns, max]): Check => ({ kind: 'null-share', columns, max })),
  fc
    .tuple(fc.uniqueArray(columnArb, { minLength: 1 }), shareArb)
    .map(([columns, max]): Check => ({ kind: 'duplicate-share', columns, max })),
);

function decimalText(cents: number): string {
  return (cents / 100).toFixed(2);
}

function momentText(second: number): string {
  return `2026-01-31 10:00:${String(second).padStart(2, '0')}`;
}

/** The failures of a check, counted row by row as its description says. */
export function failuresOf(check: Check, rows: readonly Row[]): number {
  const cells = (column: string) =>
    rows.map((row) => row[['word', 'amount', 'at'].indexOf(column)]);
  const isWhole = (part: number, whole: number, max: number): number =>
    BigInt(part) * 1000n > BigInt(Math.round(max * 1000)) * BigInt(whole) ? 1 : 0;
  switch (check.kind) {
    case 'not-null':
      return cells(check.column).filter((cell) => cell === null).length;
    case 'unique':
      return repeats(check.columns, cells);
    case 'range':
      return rows.filter(([, cents]) => cents !== null && isOutside(cents, check)).length;
    case 'one-of':
      return rows.filter(([word]) => word !== null && !check.values.includes(word)).length;
    case 'not-after':
      return rows.filter(([, , s]) => s !== null && momentText(s) > check.moment).length;
    case 'row-count':
      return rows.length < (check.min ?? 0) || rows.length > (check.max ?? Infinity) ? 1 : 0;
    case 'null-share': {
      const all = check.columns.flatMap(cells);
      return isWhole(all.filter((cell) => cell === null).length, all.length, check.max);
    }
    case 'duplicate-share':
      return isWhole(repeats(check.columns, cells), rows.length, check.max);
    default:
      throw new Error(`no reference for ${check.kind}`);
  }
}

function isOutside(cents: number, { min, max }: { min?: string; max?: string }): boolean {
  const inCents = (text: string) => Math.round(Number(text) * 100);
  return (min !== undefined && cents < inCents(min)) || (max !== undefined && cents > inCents(max));
}

function repeats(columns: readonly string[], cells: (column: string) => unknown[]): number {
  const keys = columns.map(cells);
  const whole = (keys[0] ?? []).map((_, at) => keys.map((key) => key[at]));
  const there = whole.filter((key) => !key.includes(null)).map((key) => JSON.stringify(key));
  return there.length - new Set(there).size;
}

/** The statements that make the table hold these rows and no others. */
export function insertSql(rows: readonly Row[]): string {
  const tuples = rows.map(([word, cents, second]) => {
    const text = word === null ? 'NULL' : quoteText(word);
    const amount = cents === null ? 'NULL' : decimalText(cents);
    const at = second === null ? 'NULL' : `TIMESTAMP '${momentText(second)}'`;
    return `(${text}, ${amount}, ${at})`;
  });
  return `DELETE FROM t; ${tuples.length === 0 ? '' : `INSERT INTO t VALUES ${tuples.join(', ')}`}`;
}
