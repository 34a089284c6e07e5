import { concludeColumn } from './conclude-column.ts';
import { headerWarnings, isHeaderMissing, namesOf } from './header.ts';
import type { ColumnProfile, Dialect, Profile, ProfileRules, ProfileWarning } from './profile.ts';
import type { Scan } from './scan-state.ts';
import { FLAWS, LINES_MAX } from './structure-tally.ts';
import { type Encoding, encodingOf } from './text-encoding.ts';

/** What was found out before the scan: what the bytes were wrapped in. */
export interface Wrapping {
  compression: Dialect['compression'];
  hasBom: boolean;
  /** Set when the bytes scanned were made from UTF-16. */
  wide: Encoding | null;
}

/** The profile that a finished scan comes to. With `failure` the scan ended early for that reason. */
export function conclude(
  state: Scan,
  wrapping: Wrapping,
  options: { rules: ProfileRules; failure: string | null },
): Profile {
  const { structure } = state;
  const { rules } = options;
  const encoding = wrapping.wide ?? encodingOf(structure);
  const names = namesOf(
    state.header.map(({ name }) => name),
    encoding,
  );
  const columns = state.columns.map((tally, at) =>
    concludeColumn(tally, { name: names.unique[at]!, rows: structure.rows, encoding, rules }),
  );
  const widths = allWidths(state);
  const isHeaderless = isHeaderMissing(names.given, columns);
  const error =
    options.failure ??
    errorOf(state, widths) ??
    (isHeaderless && rules.isHeaderRequired
      ? `no header row: line ${state.headerLine} holds data, not names`
      : null);
  return {
    status: error === null ? 'success' : 'error',
    error_message: error,
    row_count: structure.rows,
    column_count: columns.length,
    dialect: dialectOf(state, wrapping, encoding),
    columns,
    row_widths: Object.fromEntries([...widths].toSorted((a, b) => a[0] - b[0])),
    flaws: flawsOf(state, encoding),
    warnings: [
      ...(columns.length === 1 ? [warning('single_column', 'the file has one column')] : []),
      ...headerWarnings(names, columns, { line: state.headerLine, isHeaderless }),
      ...oddRows(columns),
      ...fileWarnings(state, encoding),
    ],
  };
}

export function warning(
  code: ProfileWarning['code'],
  message: string,
  lines: number[] = [],
): ProfileWarning {
  return { code, message, lines };
}

/** The widths of all rows: the scan counts only those that differ from the header. */
function allWidths({ structure, columns }: Scan): Map<number, number> {
  const others = [...structure.widths.values()].reduce((sum, count) => sum + count, 0);
  const widths = new Map(structure.widths);
  if (structure.rows > others) widths.set(columns.length, structure.rows - others);
  return widths;
}

/** Why the file is no table (requirements 5.4, decisions: ragged rows); null when it is one. */
function errorOf(state: Scan, widths: ReadonlyMap<number, number>): string | null {
  const { rows, flaws } = state.structure;
  const failed = (why: string): string => `CSV parsing failed: ${why}`;
  if (state.header.some(({ raw }) => raw.includes(0))) {
    return failed(`line ${state.headerLine} holds NUL bytes, so this is no text`);
  }
  if (flaws.nul_bytes.count > rows) {
    return failed(`${flaws.nul_bytes.count} NUL bytes in ${rows} rows, so this is no text`);
  }
  if (flaws.unclosed_quote.count > 0) {
    return failed(`the quote that opens on line ${flaws.unclosed_quote.lines[0]} is never closed`);
  }
  if (rows === 0) return 'CSV file is empty or has no data rows';
  const { extra_fields: extra } = flaws;
  if (extra.count * 2 > rows) {
    const share = `${extra.count} of ${rows} rows`;
    return failed(`${share} have more fields than the header, the first on line ${extra.lines[0]}`);
  }
  const usual = Math.max(...widths.values());
  if (usual * 2 < rows) {
    const { length } = state.columns;
    return failed(`rows vary in width: no number of fields holds for half of them, nor ${length}`);
  }
  return null;
}

function dialectOf({ marks, structure }: Scan, wrapping: Wrapping, encoding: Encoding): Dialect {
  const kinds = (['lf', 'crlf', 'cr'] as const).filter((kind) => structure[kind] > 0);
  return {
    encoding,
    has_bom: wrapping.hasBom,
    delimiter: String.fromCharCode(marks.delimiter),
    quote: String.fromCharCode(marks.quote),
    newline: kinds.length > 1 ? 'mixed' : (kinds[0] ?? 'none'),
    compression: wrapping.compression,
  };
}

function flawsOf({ structure }: Scan, encoding: Encoding): Profile['flaws'] {
  const found = FLAWS.filter((flaw) => structure.flaws[flaw].count > 0)
    // In Latin-1 every byte is a character.
    .filter((flaw) => flaw !== 'invalid_utf8' || encoding === 'utf-8');
  return Object.fromEntries(found.map((flaw) => [flaw, structure.flaws[flaw]]));
}

/** Rows in which no typed column holds what it should, such as a second header further down. */
function oddRows(columns: readonly ColumnProfile[]): ProfileWarning[] {
  const typed = columns.filter(({ type }) => type !== 'string');
  const [first, ...others] = typed.map(
    ({ invalid_examples: examples }) => new Set(examples.map(({ line }) => line)),
  );
  if (first === undefined || others.length === 0) return [];
  const lines = [...first].filter((line) => others.every((set) => set.has(line)));
  if (lines.length === 0) return [];
  const message = 'rows in which no typed column holds what its other rows hold';
  return [warning('rows_unlike_columns', message, lines.slice(0, LINES_MAX))];
}

function fileWarnings({ structure }: Scan, encoding: Encoding): ProfileWarning[] {
  const warnings: ProfileWarning[] = [];
  if (encoding === 'latin-1') {
    const { lines } = structure.flaws.invalid_utf8;
    warnings.push(warning('encoding_guessed', 'not UTF-8, so read as Latin-1', lines));
  }
  const kinds = (['lf', 'crlf', 'cr'] as const).filter((kind) => structure[kind] > 0);
  if (kinds.length > 1) {
    const counts = kinds.map((kind) => `${structure[kind]} ${kind}`).join(', ');
    warnings.push(warning('mixed_newlines', `lines end in different ways: ${counts}`));
  }
  return warnings;
}
