import { isAscii, isUtf8 } from 'node:buffer';
import { PipelineError } from '../../core/error.ts';
import { headerCells, isDate, parseCell, portfolioNames } from './cells.ts';
import type {
  Block,
  ParsedLibrary,
  ParseWarning,
  ReadLibrary,
  Reject,
  RejectRule,
  WarningRule,
} from './library.ts';

export type { Block, ParsedLibrary, ParseWarning, Reject } from './library.ts';

interface Line {
  line: number;
  text: string;
}

/** Offsets of a row in the text: its first digit, the comma after its date, its end. */
interface Row {
  line: number;
  start: number;
  comma: number;
  end: number;
}

interface State {
  text: string;
  blocks: Block[];
  warnings: Map<WarningRule, ParseWarning>;
  rejects: Reject[];
  open: Block | null;
  /** The dates of the open block, kept only once a date arrives out of order. */
  seen: Set<string> | null;
  /** Lines taken for rows, counted where they are. */
  rowsRead: number;
  /** Non-blank lines since the last blank line, header or row: a title, if a header follows. */
  pending: Line[];
}

const EXAMPLES_MAX = 5;
const EXAMPLE_LENGTH_MAX = 120;

/** Bytes of a library file as text: UTF-8, else Latin-1; a byte order mark is dropped. */
export function decodeLibraryText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isAscii(buffer) || !isUtf8(buffer)) return buffer.toString('latin1');
  const text = buffer.toString('utf8');
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/**
 * Every block of a library CSV (requirements 1.6, rules 1 to 10; decisions, "What real data
 * taught"). Numbers are those of the file to the last digit. `input-invalid`, naming `name` and
 * what is missing, when there is no block.
 */
export function parseBlocks(source: string, name = 'library file'): ParsedLibrary {
  const { fault, ...parsed } = readBlocks(source, name);
  if (fault) throw fault;
  return parsed;
}

/** As `parseBlocks`, but a file without a block is an answer too: its rows are in `rejects`. */
export function readBlocks(source: string, name = 'library file'): ReadLibrary {
  const text = source.includes('\n') ? source : source.replaceAll('\r', '\n');
  const state: State = {
    text,
    blocks: [],
    warnings: new Map(),
    rejects: [],
    open: null,
    seen: null,
    rowsRead: 0,
    pending: [],
  };
  let line = 0;
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    line++;
    takeLine(state, { line, start, end });
    start = end + 1;
  }
  endBlock(state);
  return finish(state, name);
}

function takeLine(state: State, place: { line: number; start: number; end: number }): void {
  const { text } = state;
  const { line, end } = place;
  const start = skipBlanks(text, place.start, end);
  if (start === end) return endBlock(state);
  const comma = dateComma(text, start, end);
  if (comma > 0) {
    state.rowsRead++;
    return takeRow(state, { line, start, comma, end });
  }
  if (text.charCodeAt(start) !== 44) {
    state.pending.push({ line, text: text.slice(start, end).replace(/[\s,]+$/, '') });
    return;
  }
  const cells = headerCells(text.slice(start + 1, end));
  if (cells.length === 0) return endBlock(state);
  takeHeader(state, { line, cells, next: end + 1 });
}

function skipBlanks(text: string, from: number, end: number): number {
  let at = from;
  while (at < end) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 9 && code !== 13) break;
    at++;
  }
  return at;
}

/** Where the comma after four or more digits stands; 0 when the line does not start like that. */
function dateComma(text: string, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const code = text.charCodeAt(at);
    if (code < 48 || code > 57) break;
    at++;
  }
  if (at - start < 4) return 0;
  at = skipBlanks(text, at, end);
  return at < end && text.charCodeAt(at) === 44 ? at : 0;
}

function takeHeader(state: State, header: { line: number; cells: string[]; next: number }): void {
  const { text } = state;
  const newline = text.indexOf('\n', header.next);
  const end = newline === -1 ? text.length : newline;
  const start = skipBlanks(text, header.next, end);
  const title = takeTitle(state);
  endBlock(state);
  if (dateComma(text, start, end) === 0) {
    warn(state, 'block_empty', { line: header.line, text: title || header.cells.join(',') });
    return;
  }
  const { names, duplicates, unnamed } = portfolioNames(header.cells);
  const { line } = header;
  for (const name of duplicates) warn(state, 'portfolio_duplicate', { line, text: name });
  for (const name of unnamed) warn(state, 'portfolio_unnamed', { line, text: name });
  const columns = names.map((): (number | null)[] => []);
  state.open = { title, line: header.line, dates: [], portfolios: names, columns, rejects: [] };
  state.seen = null;
}

/** The pending lines as a title; those that are the file's preamble or copyright are none. */
function takeTitle(state: State): string {
  const { pending } = state;
  state.pending = [];
  const lines = pending.filter(({ text }) => !/^copyright\b/i.test(text));
  const last = lines.at(-1);
  if (last === undefined) return '';
  // Without a blank line between preamble and title nothing tells where the title begins.
  if (!lines.some(({ text }) => /^this file was created by\b/i.test(text))) {
    return lines.map(({ text }) => text).join(' ');
  }
  warn(state, 'title_uncertain', last);
  return lines.length === 1 || last.text.endsWith('.') ? '' : last.text;
}

function takeRow(state: State, row: Row): void {
  const { text, open } = state;
  const { line } = row;
  if (open === null) {
    state.pending = [];
    state.rejects.push({ line, text: rowText(state, row), rule: 'no_header' });
    return;
  }
  state.rowsRead += state.pending.length;
  for (const stray of state.pending) open.rejects.push({ ...stray, rule: 'not_a_row' });
  if (state.pending.length > 0) state.pending = [];
  const date = text.slice(row.start, row.comma).trimEnd();
  const rule = dateRule(state, open, date) ?? cutRule(state, open, row);
  if (rule !== null) {
    open.rejects.push({ line, text: rowText(state, row), rule });
    return;
  }
  open.dates.push(date);
  state.seen?.add(date);
  takeCells(state, open, row);
}

function rowText(state: State, { start, end }: Row): string {
  return state.text.slice(start, end).trimEnd();
}

function dateRule(state: State, open: Block, date: string): RejectRule | null {
  if (!isDate(date)) return 'date_invalid';
  const { dates } = open;
  const last = dates.at(-1);
  if (last === undefined) return null;
  if (date.length !== last.length) return 'date_width';
  if (date > last && state.seen === null) return null;
  state.seen ??= new Set(dates);
  return state.seen.has(date) ? 'date_duplicate' : null;
}

/** A last line without a line end and with too few cells: its last number may have lost digits. */
function cutRule(state: State, open: Block, { line, comma, end }: Row): RejectRule | null {
  if (end < state.text.length) return null;
  const cells = state.text.slice(comma + 1, end).split(',');
  if (cells.length < open.portfolios.length) return 'row_cut';
  warn(state, 'end_abrupt', { line, text: cells.at(-1) ?? '' });
  return null;
}

function takeCells(state: State, open: Block, row: Row): void {
  const { text } = state;
  const { columns } = open;
  const { line, end } = row;
  let at = row.comma + 1;
  let filled = 0;
  for (const column of columns) {
    if (at > end) break;
    const comma = text.indexOf(',', at);
    const stop = comma === -1 || comma > end ? end : comma;
    const value = parseCell(text, at, stop);
    // The file itself declares these two numbers to mean "missing" (requirements 1.6, rule 9).
    column.push(value === -99.99 || value === -999 || Number.isNaN(value) ? null : value);
    if (Number.isNaN(value)) warnCell(state, line, text.slice(at, stop).trim());
    at = stop + 1;
    filled++;
  }
  if (filled < columns.length) {
    for (const column of columns.slice(filled)) column.push(null);
    warn(state, 'row_short', { line, text: `${filled} of ${columns.length} cells` });
  } else if (at <= end && /[^\s,]/.test(text.slice(at, end))) {
    warn(state, 'row_wide', { line, text: text.slice(at, end).trim() });
  }
}

function warnCell(state: State, line: number, text: string): void {
  warn(state, text === '' ? 'value_empty' : 'value_unparsable', { line, text });
}

function endBlock(state: State): void {
  const { open, pending } = state;
  if (open === null && pending.length === 0) return;
  state.open = null;
  state.pending = [];
  if (open === null) return;
  for (const stray of pending) {
    // Right under the rows a line that starts with a digit is a broken row; other text is a note.
    if (/^\d/.test(stray.text)) {
      state.rowsRead++;
      open.rejects.push({ ...stray, rule: 'not_a_row' });
    } else if (!/^copyright\b/i.test(stray.text)) warn(state, 'stray_line', stray);
  }
  if (open.dates.length > 0) {
    state.blocks.push(open);
    return;
  }
  state.rejects.push(...open.rejects);
  warn(state, 'block_empty', { line: open.line, text: open.title });
}

function warn(state: State, rule: WarningRule, { line, text }: Line): void {
  const warning = state.warnings.get(rule) ?? { rule, count: 0, examples: [] };
  warning.count++;
  if (warning.examples.length < EXAMPLES_MAX) {
    warning.examples.push({ line, text: text.slice(0, EXAMPLE_LENGTH_MAX) });
  }
  state.warnings.set(rule, warning);
}

function finish(state: State, name: string): ReadLibrary {
  const { blocks, rejects, rowsRead } = state;
  const fault = blocks.length === 0 ? noBlock(state, name) : null;
  return { blocks, warnings: [...state.warnings.values()], rejects, rowsRead, fault };
}

function noBlock({ text, rejects }: State, name: string): PipelineError {
  const [first] = rejects;
  const problem =
    text.trim() === ''
      ? 'it is empty'
      : first?.rule === 'no_header'
        ? `no header (first cell blank) stands above its rows, the first in line ${first.line}`
        : first !== undefined
          ? `none of its rows has a valid date; line ${first.line} has none`
          : text.includes('\n')
            ? 'no line starts with a date (YYYY, YYYYMM or YYYYMMDD) and a comma'
            : `its line ends are missing: ${text.length} characters in one line`;
  return new PipelineError('input-invalid', `${name} has no block: ${problem}`, {
    hint: 'compare the file with the one at the source; fetch it again unedited',
  });
}
