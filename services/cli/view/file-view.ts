import { quoteIdentifier } from '../../core/column.ts';
import { humaneBytes, humaneCount } from '../../core/humane.ts';
import { printable } from '../../core/printable.ts';
import type { Summary as FileSummary } from '../../pipelines/csv-intake/summary.ts';
import { sqlNames } from '../../stages/serve/csv-table.ts';
import { formatSummary } from '../summary/summary.ts';

type Column = FileSummary['columns'][number];

const BARS = '▁▂▃▄▅▆▇█';
/** Invalid cells of a column that are shown. */
const EXAMPLES_SHOWN_MAX = 3;

/** The profile of a file for people: how it is written, what its columns hold, and what is wrong, with line numbers. */
export function formatProfile(file: FileSummary, options: { widthMax: number }): string {
  const facts: [string, string][] = [
    ['status', file.status],
    ...(file.error_message === undefined
      ? []
      : ([['error', file.error_message]] as [string, string][])),
    ['rows', humaneCount(file.row_count)],
    ['columns', humaneCount(file.column_count)],
    ['size', humaneBytes(file.size_bytes)],
    ['written as', dialectText(file)],
    ['uploaded', file.upload_timestamp],
    ['profiled', file.processed_timestamp],
    ['summary', file.summary_key],
  ];
  const text = formatSummary(
    { title: file.source_key, facts, table: columnTable(file.columns) },
    options,
  );
  const notes = [...structureNotes(file), ...columnNotes(file.columns), ...personalNotes(file)];
  if (notes.length === 0) return text;
  return `${text}\nto look at:\n${notes.map((note) => `  ${printable(note)}\n`).join('')}`;
}

function personalNotes({ pii_hints: hints = {} }: FileSummary): string[] {
  return Object.entries(hints).map(
    ([column, kind]) => `${column}: may tell of a person (${kind.replaceAll('_', ' ')})`,
  );
}

function dialectText({ dialect }: FileSummary): string {
  const delimiters: Record<string, string> = {
    ',': 'comma',
    ';': 'semicolon',
    '\t': 'tab',
    '|': 'bar',
  };
  const bom = dialect.has_bom ? ' with byte order mark' : '';
  const parts = [
    `${dialect.encoding}${bom}`,
    delimiters[dialect.delimiter] ?? dialect.delimiter,
    `quote ${dialect.quote}`,
    dialect.newline,
    ...(dialect.compression === 'none' ? [] : [dialect.compression]),
  ];
  return parts.join(', ');
}

function columnTable(columns: readonly Column[]) {
  const heads = [
    'column',
    'type',
    'blank',
    'invalid',
    'min',
    'mean',
    'max',
    'histogram or examples',
  ];
  const right = new Set(['blank', 'invalid', 'min', 'mean', 'max']);
  return {
    columns: heads.map((name) => ({
      name,
      align: right.has(name) ? ('right' as const) : ('left' as const),
    })),
    rows: columns.map((column) => [
      column.name,
      typeText(column),
      share(column.blanks, column.blank_percentage),
      share(column.invalid, column.invalid_percentage),
      ...rangeOf(column),
      isNumeric(column) ? histogramText(column) : examplesText(column),
    ]),
  };
}

function isNumeric({ type }: Column): boolean {
  return type === 'int' || type === 'float';
}

function typeText({ type, date_format: format, identifier_like: isIdentifier }: Column): string {
  if (format !== null) return `${type} ${format}`;
  return isIdentifier ? `${type} (identifiers)` : type;
}

function share(count: number, percentage: number): string {
  return count === 0 ? '-' : `${humaneCount(count)} (${percentage} %)`;
}

function rangeOf(column: Column): [string, string, string] {
  const { dates, numbers } = column;
  if (dates !== null) return [dates.first, '', dates.last];
  if (!isNumeric(column) || numbers === null) return ['', '', ''];
  return [String(numbers.min), String(Number(numbers.avg.toPrecision(6))), String(numbers.max)];
}

/** One character a bar, as high as its share of the highest; a space for none. */
function histogramText({ histogram }: Column): string {
  if (histogram === null) return '';
  const most = Math.max(...histogram.counts);
  return histogram.counts
    .map((count) => (count === 0 ? ' ' : (BARS[Math.ceil((count / most) * BARS.length) - 1] ?? '')))
    .join('');
}

function examplesText({ examples }: Column): string {
  return [...new Set(examples.map(({ value }) => value.trim()))].slice(0, 3).join(' · ');
}

function structureNotes({ quality_issues: issues }: FileSummary): string[] {
  const flaws = Object.entries(issues.structure).map(
    ([flaw, { count, lines }]) =>
      `${flaw.replaceAll('_', ' ')}: ${humaneCount(count)}, ${linesText(lines, count)}`,
  );
  const warnings = issues.warnings.map(
    ({ message, lines }) => message + (lines.length === 0 ? '' : ` (${linesText(lines, 0)})`),
  );
  return [...flaws, ...warnings];
}

function linesText(lines: readonly number[], count: number): string {
  const more = count > lines.length ? ' …' : '';
  return `line${lines.length === 1 && more === '' ? '' : 's'} ${lines.join(', ')}${more}`;
}

function columnNotes(columns: readonly Column[]): string[] {
  const invalid = columns
    .filter((column) => column.invalid > 0)
    .map((column) => {
      const shown = column.invalid_examples
        .slice(0, EXAMPLES_SHOWN_MAX)
        .map(({ line, value }) => `${JSON.stringify(value)} on line ${line}`);
      const more = column.invalid > shown.length ? ' …' : '';
      return `${column.name}: ${humaneCount(column.invalid)} not ${typeText(column)}: ${shown.join(', ')}${more}`;
    });
  const ambiguous = columns
    .filter((column) => column.ambiguous_date_order)
    .map(({ name }) => `${name}: month and day could be the other way round`);
  return [...invalid, ...ambiguous, ...renamedNotes(columns)];
}

/** To SQL, names that differ in case alone are one, and the first has it. */
function renamedNotes(columns: readonly Column[]): string[] {
  const names = sqlNames(columns.map(({ name }) => name));
  return columns.flatMap(({ name }, at) => {
    const sqlName = names[at] ?? name;
    return sqlName === name ? [] : [`${name}: in SQL it is ${quoteIdentifier(sqlName)}`];
  });
}
