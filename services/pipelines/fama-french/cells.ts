const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Powers of ten that a double holds exactly. */
const POWERS = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);

/** Up to so many digits both operands are exact, and one division rounds as `Number` does. */
const EXACT_DIGITS_MAX = 15;

const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** True for `YYYY`, `YYYYMM` and `YYYYMMDD` with a month and a day that exist. */
export function isDate(date: string): boolean {
  if (date.length === 4) return true;
  if (date.length !== 6 && date.length !== 8) return false;
  const month = Number(date.slice(4, 6));
  const days = DAYS[month - 1];
  if (days === undefined) return false;
  if (date.length === 6) return true;
  const day = Number(date.slice(6));
  if (month === 2 && day === 29) return isLeapYear(Number(date.slice(0, 4)));
  return day >= 1 && day <= days;
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/**
 * The number in `text[start, end)`, bit for bit what `Number` makes of it; NaN when it is blank or
 * no finite decimal number. Plain decimals are read without making a string of the cell.
 */
export function parseCell(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && text.charCodeAt(at) === 32) at++;
  const isNegative = at < end && text.charCodeAt(at) === 45;
  if (isNegative) at++;
  let digits = 0;
  let whole = 0;
  let point = -1;
  for (; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code >= 48 && code <= 57) {
      whole = whole * 10 + code - 48;
      digits++;
    } else if (code === 46 && point === -1) point = digits;
    else break;
  }
  const isPlain = digits > 0 && digits <= EXACT_DIGITS_MAX && isBlank(text, at, end);
  if (!isPlain) return parseOdd(text.slice(start, end));
  const value = point === -1 ? whole : whole / (POWERS[digits - point] ?? Number.NaN);
  return isNegative ? -value : value;
}

function isBlank(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 13 && code !== 9) return false;
  }
  return true;
}

function parseOdd(cell: string): number {
  const trimmed = cell.trim();
  if (!NUMBER.test(trimmed)) return Number.NaN;
  const value = Number(trimmed);
  return Number.isFinite(value) ? value : Number.NaN;
}

/** The cells of a header after its blank first one, trimmed; blank cells at the end are dropped. */
export function headerCells(rest: string): string[] {
  const cells = rest.split(',').map((cell) => cell.trim());
  while (cells.at(-1) === '') cells.pop();
  return cells;
}

/**
 * Portfolio names for header cells (requirements 1.6, rule 8): lower case, blanks and dashes to
 * `_`. A blank cell becomes `portfolio_{n}`, a repeated name gets `_2`, `_3`; both are told, so
 * that the caller can warn.
 */
export function portfolioNames(cells: readonly string[]): {
  names: string[];
  duplicates: string[];
  unnamed: string[];
} {
  const unnamed: string[] = [];
  const wanted = cells.map((cell, index) => {
    const name = cell.toLowerCase().replaceAll(/[\s-]+/g, '_');
    if (name !== '') return name;
    unnamed.push(`portfolio_${index + 1}`);
    return `portfolio_${index + 1}`;
  });
  const { names, clashes } = uniqueNames(wanted);
  return { names, duplicates: clashes, unnamed };
}

/** The names in order, each once: a double gets the first free of `_2`, `_3`, see `clashes`. */
export function uniqueNames(wanted: readonly string[]): { names: string[]; clashes: string[] } {
  const taken = new Set(wanted);
  const given = new Set<string>();
  const clashes: string[] = [];
  const names = wanted.map((name) => {
    let unique = name;
    for (let n = 2; given.has(unique) || (unique !== name && taken.has(unique)); n++) {
      unique = `${name}_${n}`;
    }
    if (unique !== name) clashes.push(name);
    given.add(unique);
    return unique;
  });
  return { names, clashes };
}
