import { printable } from '../../core/printable.ts';
import type { Cell, QueryResult } from '../../ports/query-engine.ts';
import { fitMiddle, fitText, padText, textWidth } from './text-width.ts';

export interface TableColumn {
  name: string;
  align: 'left' | 'right';
  /** True for a column to be copied from, such as a name: it is never cut, the others make room. */
  isKept?: boolean;
  /** True for names whose ends tell them apart: what does not fit is cut from their middle. */
  isCutInside?: boolean;
}

export interface TableOptions {
  /**
   * The whole table gets at most so many columns of the terminal, as long as each cell keeps a few
   * of them.
   */
  widthMax: number;
}

const GAP = '  ';

/** No column is made narrower than this, so that a cell stays recognisable. */
const COLUMN_WIDTH_MIN = 6;

/**
 * A table with a rule under its head, two spaces between columns, and a line end after each line.
 * Control characters are escaped; cells that do not fit are cut with `…`, the widest columns first.
 */
export function formatTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  options: TableOptions,
): string {
  const cells = rows.map((row) => columns.map((_, at) => printable(row[at] ?? '')));
  const names = columns.map(({ name }) => printable(name));
  const widths = columns.map((_, at) =>
    [names, ...cells].reduce((widest, row) => Math.max(widest, textWidth(row[at] ?? '')), 1),
  );
  const sumMax = options.widthMax - GAP.length * (columns.length - 1);
  shrink(widths, sumMax, (at) => columns[at]?.isKept !== true);

  const line = (row: readonly string[]): string =>
    columns
      .map(({ align, isCutInside }, at) => {
        const width = widths[at] ?? 0;
        const fit = isCutInside === true ? fitMiddle : fitText;
        return padText(fit(row[at] ?? '', width), width, align);
      })
      .join(GAP)
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join(GAP);
  return [line(names), rule, ...cells.map(line)].map((text) => `${text}\n`).join('');
}

/** Takes columns from the widest that may be cut until the sum fits or all of these are at their least. */
function shrink(widths: number[], sumMax: number, isCuttable: (at: number) => boolean): void {
  let excess = widths.reduce((sum, width) => sum + width, 0) - sumMax;
  while (excess > 0) {
    const cuttable = widths.filter((_, at) => isCuttable(at));
    const widest = Math.max(...cuttable);
    if (widest <= COLUMN_WIDTH_MIN) return;
    const second = Math.max(COLUMN_WIDTH_MIN, ...cuttable.filter((width) => width < widest));
    const at = widths.findIndex((width, place) => width === widest && isCuttable(place));
    const sharers = cuttable.filter((width) => width === widest).length;
    const cut = Math.min(widest - second, Math.max(1, Math.ceil(excess / sharers)));
    widths[at] = widest - cut;
    excess -= cut;
  }
}

const NUMERIC =
  /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|DOUBLE|FLOAT|REAL|DECIMAL\b.*|NUMERIC)$/;

/**
 * The result as a table for people; NULL is shown as `∅`, so that it differs from an empty text.
 */
export function formatResult(result: QueryResult, options: TableOptions): string {
  const columns = result.columns.map(({ name, type }) => ({
    name,
    align: isNumeric(type) ? ('right' as const) : ('left' as const),
  }));
  const rows = result.rows.map((row) => row.map((cell) => (cell === null ? '∅' : String(cell))));
  return formatTable(columns, rows, options);
}

/**
 * The result as CSV (RFC 4180, CRLF, with a head). A text that a spreadsheet would take for a
 * formula (`=`, `+`, `-`, `@`, tab or CR first) gets a `'` before it; cells of number columns are
 * never touched. NULL is an empty cell.
 */
export async function toCsv(result: QueryResult): Promise<string> {
  const { stringify } = await import('csv-stringify/sync');
  const isText = result.columns.map(({ type }) => !isNumeric(type));
  const rows = result.rows.map((row) =>
    row.map((cell, at) => (isText[at] === true ? harmless(cell) : plain(cell))),
  );
  const names = result.columns.map(({ name }) => harmless(name));
  return stringify([names, ...rows], { record_delimiter: '\r\n', quoted_match: /[\r\n]/ });
}

/**
 * The result as one object a row, for `--json`. Of columns with the same name the later ones get
 * `_2`, `_3` ….
 */
export function toJsonRows(result: QueryResult): Record<string, Cell>[] {
  const names = uniqueNames(result.columns.map(({ name }) => name));
  return result.rows.map((row) =>
    Object.fromEntries(names.map((name, at) => [name, row[at] ?? null])),
  );
}

function isNumeric(type: string): boolean {
  return NUMERIC.test(type.toUpperCase());
}

function harmless(cell: Cell): string {
  const text = plain(cell);
  return typeof cell === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

function plain(cell: Cell): string {
  return cell === null ? '' : String(cell);
}

function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let n = 2; taken.has(unique); n += 1) unique = `${name}_${n}`;
    taken.add(unique);
    return unique;
  });
}
