/** Places kept of each kind of flaw. */
export const LINES_MAX = 10;
/** Row widths told apart; a file with more of them is hopeless anyway. */
const WIDTHS_MAX = 1_000;

/** Ways in which the bytes are not the table that they claim to be. */
export const FLAWS = [
  /** Rows with fewer fields than the header; the missing cells count as blank. */
  'short_rows',
  /** Rows with more fields than the header; the fields beyond it belong to no column. */
  'extra_fields',
  /** Lines with nothing on them; they are no rows. */
  'blank_lines',
  /** Rows that have fields, all of them blank. */
  'blank_rows',
  /** Cells with a quote inside an unquoted cell, or text after a closing quote. Such a cell is text, taken as it stands. */
  'stray_quotes',
  /** A quote that is never closed; the file's last cell holds all that follows it. */
  'unclosed_quote',
  /** Rows that repeat the header cell by cell. */
  'repeated_header',
  /** Carriage returns within cells of a file whose lines end otherwise. */
  'bare_cr',
  'nul_bytes',
  /** Bytes that are not UTF-8. */
  'invalid_utf8',
] as const;

export type Flaw = (typeof FLAWS)[number];

/** How often, and on which lines first. */
export interface Located {
  count: number;
  lines: number[];
}

/** What is counted of the rows of a file, whatever is in their cells. */
export interface StructureTally {
  rows: number;
  /** Line ends, those within quotes included. */
  lines: number;
  lf: number;
  crlf: number;
  cr: number;
  /** How many rows have how many fields. */
  widths: Map<number, number>;
  flaws: Record<Flaw, Located>;
  /** Characters of more than one byte that are good UTF-8, counted where something is not: tells damage from Latin-1. */
  multibyte: number;
}

export function structureTally(): StructureTally {
  const none = (): Located => ({ count: 0, lines: [] });
  return {
    rows: 0,
    lines: 0,
    lf: 0,
    crlf: 0,
    cr: 0,
    widths: new Map(),
    flaws: {
      short_rows: none(),
      extra_fields: none(),
      blank_lines: none(),
      blank_rows: none(),
      stray_quotes: none(),
      unclosed_quote: none(),
      repeated_header: none(),
      bare_cr: none(),
      nul_bytes: none(),
      invalid_utf8: none(),
    },
    multibyte: 0,
  };
}

export function locate(located: Located, line: number, count = 1): void {
  located.count += count;
  if (located.lines.length < LINES_MAX && located.lines.at(-1) !== line) located.lines.push(line);
}

export function countWidth(widths: Map<number, number>, width: number, count = 1): void {
  const known = widths.get(width);
  if (known !== undefined) widths.set(width, known + count);
  else if (widths.size < WIDTHS_MAX) widths.set(width, count);
}

/** Adds the tally of the part of the file that follows; its lines are counted from `lineBase`. */
export function mergeStructures(
  into: StructureTally,
  from: StructureTally,
  lineBase: number,
): void {
  for (const name of ['rows', 'lines', 'lf', 'crlf', 'cr', 'multibyte'] as const) {
    into[name] += from[name];
  }
  for (const [width, count] of from.widths) countWidth(into.widths, width, count);
  for (const flaw of FLAWS) {
    into.flaws[flaw].count += from.flaws[flaw].count;
    for (const line of from.flaws[flaw].lines) locate(into.flaws[flaw], line + lineBase, 0);
  }
}
