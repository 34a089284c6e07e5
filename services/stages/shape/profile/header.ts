import { CELL, columnTally } from './column-tally.ts';
import { addCell } from './classify.ts';
import type { ColumnProfile, ProfileWarning } from './profile.ts';
import { decodeText, type Encoding } from './text-encoding.ts';

/** The header as it stands, and the names made of it. */
export interface Names {
  given: string[];
  /** Each once: a blank one is `column_3` after its place, a repeated one gets `_2`, `_3` … (requirements 5.4). */
  unique: string[];
}

export function namesOf(cells: readonly Uint8Array[], encoding: Encoding): Names {
  const given = cells.map((cell) => decodeText(cell, encoding).trim());
  const wanted = given.map((name, at) => (name === '' ? blankName(given, at) : name));
  const taken = new Set(wanted);
  const next = new Map<string, number>();
  const unique = wanted.map((name) => {
    let n = next.get(name) ?? 1;
    let own = name;
    while (n > 1 && taken.has(own)) {
      own = `${name}_${n}`;
      n += 1;
    }
    next.set(name, Math.max(n, 2));
    taken.add(own);
    return own;
  });
  return { given, unique };
}

/** A blank name never takes one that a column really has. */
function blankName(given: readonly string[], at: number): string {
  let name = `column_${at + 1}`;
  for (let n = 2; given.includes(name); n += 1) name = `column_${at + 1}_${n}`;
  return name;
}

/**
 * Whether the first line holds data. It does when all its cells are numbers or days. It also does when two columns or
 * more have a type and the first line has a value of that type in each, unless those values look like a scale that was
 * spread over columns (years, or numbers at equal steps).
 */
export function isHeaderMissing(
  given: readonly string[],
  columns: readonly ColumnProfile[],
): boolean {
  const present = given.filter((name) => name !== '');
  if (present.length > 0 && present.every((name) => classOfName(name) !== CELL.TEXT)) return true;
  const typed = columns.flatMap((column, at) =>
    column.type === 'string' ? [] : [{ column, name: given[at]! }],
  );
  if (typed.length < 2 || !typed.every(({ column, name }) => fits(column, name))) return false;
  if (typed.some(({ column }) => column.type === 'date')) return true;
  return !isScale(typed.map(({ name }) => Number(name)));
}

function isScale(numbers: readonly number[]): boolean {
  if (numbers.every((one) => Number.isInteger(one) && one >= 1500 && one <= 2500)) return true;
  const step = numbers[1]! - numbers[0]!;
  const isEven = numbers.every((one, at) => at === 0 || step === one - numbers[at - 1]!);
  return isEven && (numbers.length > 2 || Math.abs(step) === 1);
}

function fits({ type, cells, date_format: format }: ColumnProfile, name: string): boolean {
  const found = classOfName(name);
  if (type !== 'date') return found === CELL.INT || found === CELL.FLOAT;
  return format !== null && (cells.dates[format] ?? 0) > 0 && isDay(found);
}

function isDay(cellClass: number): boolean {
  return cellClass >= CELL.ISO && cellClass <= CELL.MDY_DMY;
}

function classOfName(name: string): number {
  const bytes = new TextEncoder().encode(name);
  return addCell(columnTally(), bytes, 0, bytes.length);
}

export function headerWarnings(
  { given, unique }: Names,
  columns: readonly ColumnProfile[],
  { line, isHeaderless }: { line: number; isHeaderless: boolean },
): ProfileWarning[] {
  const warnings: ProfileWarning[] = [];
  const warn = (code: ProfileWarning['code'], message: string): void =>
    void warnings.push({ code, message, lines: [line] });
  const blank = given.filter((name) => name === '').length;
  if (blank > 0) warn('blank_header', `${blank} of ${given.length} columns have no name`);
  const renamed = unique.filter((name, at) => given[at] !== '' && name !== given[at]);
  if (renamed.length > 0) warn('duplicate_header', `names that repeat: ${shown(renamed)}`);
  const alike = columns.filter(
    (column, at) => column.type !== 'string' && fits(column, given[at] ?? ''),
  );
  if (isHeaderless || alike.length > 0) {
    warn('header_like_data', 'the header holds what reads as data: is the header row missing?');
  }
  return warnings;
}

function shown(names: readonly string[]): string {
  const first = names
    .slice(0, 5)
    .map((name) => (name.length > 40 ? `${name.slice(0, 40)}…` : name));
  return `${first.join(', ')}${names.length > first.length ? ' …' : ''}`;
}
