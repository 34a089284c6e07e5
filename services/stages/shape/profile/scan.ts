import { addCell } from './classify.ts';
import { CELL, type ColumnTally, isWanted, keepExample } from './column-tally.ts';
import { contentOf, isAt } from './cell-content.ts';
import { countWidth, locate, type StructureTally, structureTally } from './structure-tally.ts';

export const LF = 10;
export const CR = 13;

/** The bytes that mean something. */
export interface Marks {
  delimiter: number;
  quote: number;
  /** The file's lines end in a carriage return alone; else a line ends with a line feed, with or without one before it. */
  isCrOnly: boolean;
}

/** Whoever wants the rows themselves: each cell's content as it passes, and the end of each row of data. */
export interface RowSink {
  cell(content: Uint8Array): void;
  row(): void;
}

/** A scan under way. Bytes may come in any pieces: what is counted does not depend on where they were cut. */
export interface Scan {
  readonly marks: Marks;
  /** 1 for the bytes that end the run of plain bytes in an unquoted cell. */
  readonly special: Uint8Array;
  /** No byte above this one is special. */
  readonly highest: number;
  readonly structure: StructureTally;
  /** Those of the header, once it has been scanned; see `openColumns`. */
  columns: ColumnTally[];
  /** The cells of the header, as they stand and as names. */
  header: { raw: Uint8Array; name: Uint8Array }[];
  isInHeader: boolean;
  sink: RowSink | null;
  headerLine: number;
  /** Whether a row that equals the header can be told from data: two columns or more, and a name among them. */
  canRepeat: boolean;
  /** The line of the next cell, and that of the row it belongs to. */
  line: number;
  rowLine: number;
  /** Fields of the open row so far, and how many of them equal those of the header. */
  width: number;
  matching: number;
  isFilled: boolean;
  /** The cell that was found last. */
  readonly cell: { from: number; to: number; lines: number; strays: number; bareCrs: number };
}

export function startScan(marks: Marks, line: number): Scan {
  const special = new Uint8Array(256);
  for (const byte of [marks.delimiter, marks.quote, LF, CR]) special[byte] = 1;
  return {
    marks,
    special,
    highest: special.lastIndexOf(1),
    structure: structureTally(),
    columns: [],
    header: [],
    isInHeader: true,
    sink: null,
    headerLine: line,
    canRepeat: false,
    line,
    rowLine: line,
    width: 0,
    matching: 0,
    isFilled: false,
    cell: { from: 0, to: 0, lines: 0, strays: 0, bareCrs: 0 },
  };
}

/** The piece of a file that is scanned next. */
export interface Piece {
  bytes: Uint8Array;
  /** Where the next cell begins. */
  start: number;
  end: number;
  /** Nothing follows: what is open at the end is closed there. */
  isLast: boolean;
  /** Ends the scan with the first row that ends here or later; `end` for none. */
  stop: number;
}

const INCOMPLETE = -1;

/**
 * Scans the cells of a piece in one pass and returns where it stopped: at the end, after the row that reaches `stop`,
 * after the header, or at the beginning of a cell whose end is not there yet and which must be given again with more
 * bytes behind it.
 */
export function scan(state: Scan, piece: Piece): number {
  const { bytes, end, stop } = piece;
  const { special, highest } = state;
  const { delimiter, quote } = state.marks;
  let at = piece.start;
  while (at < end) {
    const start = at;
    let byte = bytes[at]!;
    if (byte !== quote) {
      while (byte > highest || special[byte] === 0) {
        at += 1;
        if (at === end) break;
        byte = bytes[at]!;
      }
      if (at < end && byte === delimiter) {
        endPlainCell(state, bytes, start, at);
        at += 1;
        continue;
      }
    }
    const isPlain = at < end && byte === LF && (at > start || state.width > 0);
    if (!isPlain) at = findCell(state, piece, start);
    if (at === INCOMPLETE) return start;
    if (isPlain) endPlainCell(state, bytes, start, at);
    else if (endOddCell(state, piece, { start, at })) {
      at += 1;
      continue;
    }
    const next = at < end ? afterLineEnd(state, bytes, at) : end;
    const wasHeader = state.isInHeader;
    endRow(state);
    at = next;
    if ((wasHeader && !state.isInHeader) || at >= stop) return at;
  }
  if (piece.isLast && state.width > 0) endLastCell(state, bytes, end);
  return at;
}

/** Ends a cell that was not plain; true when another cell follows it in its row. */
function endOddCell(state: Scan, piece: Piece, cell: { start: number; at: number }): boolean {
  const { start, at } = cell;
  const { bytes, end } = piece;
  const isDelimited = at < end && bytes[at] === state.marks.delimiter;
  // A line with nothing on it is no row, and has no cell.
  if (isDelimited || state.width > 0 || start < at) endCell(state, bytes, start);
  return isDelimited;
}

/** The text ends after a delimiter: one more cell, with nothing in it. */
function endLastCell(state: Scan, bytes: Uint8Array, end: number): void {
  Object.assign(state.cell, { from: end, to: end, lines: 0, strays: 0, bareCrs: 0 });
  endCell(state, bytes, end);
  endRow(state);
}

/** Finds the end of the cell that begins at `start`; its terminator is at the place returned, or the bytes end there. */
function findCell(state: Scan, piece: Piece, start: number): number {
  const { cell, marks, special } = state;
  const { bytes, end } = piece;
  cell.strays = 0;
  cell.bareCrs = 0;
  cell.lines = 0;
  if (bytes[start] === marks.quote) return findQuoted(state, piece, start);
  let at = start;
  while (at < end && special[bytes[at]!] === 0) at += 1;
  if (at < end && (bytes[at] === CR || bytes[at] === marks.quote)) at = findOdd(state, piece, at);
  else if (at === end && !piece.isLast) return INCOMPLETE;
  cell.from = start;
  cell.to = at;
  return at;
}

/** Goes on in an unquoted cell from a quote or a carriage return that may be part of it. */
function findOdd(state: Scan, piece: Piece, from: number): number {
  const { cell, marks, special } = state;
  const { bytes, end, isLast } = piece;
  let at = from;
  while (at < end) {
    const byte = bytes[at]!;
    if (special[byte] === 0) at += 1;
    else if (byte === marks.quote) {
      cell.strays += 1;
      at += 1;
    } else if (byte === CR && !marks.isCrOnly && bytes[at + 1] !== LF) {
      // A line feed may be the next byte to come.
      if (at + 1 === end && !isLast) return INCOMPLETE;
      cell.bareCrs += 1;
      at += 1;
    } else if (byte === CR && at + 1 === end && !isLast) return INCOMPLETE;
    else return at;
  }
  return isLast ? at : INCOMPLETE;
}

/** The cell begins with a quote: its content goes up to the closing one, doubled quotes and line ends within it. */
function findQuoted(state: Scan, piece: Piece, start: number): number {
  const { cell, marks } = state;
  const { bytes, end, isLast } = piece;
  const { quote, isCrOnly } = marks;
  let at = start + 1;
  for (;;) {
    while (at < end && bytes[at] !== quote) {
      if (bytes[at] === LF || (isCrOnly && bytes[at] === CR && bytes[at + 1] !== LF)) {
        cell.lines += 1;
      }
      at += 1;
    }
    if (at + 1 >= end && !isLast) return INCOMPLETE;
    if (at >= end) {
      locate(state.structure.flaws.unclosed_quote, state.line);
      cell.from = start + 1;
      cell.to = end;
      return end;
    }
    if (bytes[at + 1] !== quote || at + 1 >= end) break;
    at += 2;
  }
  cell.from = start + 1;
  cell.to = at;
  return afterQuote(state, piece, { start, close: at });
}

/** After the closing quote a terminator is due; if there is other text, the whole is one unquoted cell. */
function afterQuote(state: Scan, piece: Piece, span: { start: number; close: number }): number {
  const { cell, marks } = state;
  const { bytes, end, isLast } = piece;
  const at = span.close + 1;
  const byte = at < end ? bytes[at]! : marks.delimiter;
  if (byte === marks.delimiter || byte === LF) return at;
  if (byte === CR) {
    if (at + 1 === end && !isLast) return INCOMPLETE;
    if (marks.isCrOnly || bytes[at + 1] === LF) return at;
  }
  cell.strays += 1;
  const stop = findOdd(state, piece, at);
  if (stop === INCOMPLETE) return INCOMPLETE;
  cell.from = span.start;
  cell.to = stop;
  return stop;
}

function afterLineEnd({ structure }: Scan, bytes: Uint8Array, at: number): number {
  if (bytes[at] === LF) {
    structure.lf += 1;
    return at + 1;
  }
  if (bytes[at + 1] === LF) {
    structure.crlf += 1;
    return at + 2;
  }
  structure.cr += 1;
  return at + 1;
}

/** Ends a cell without quotes, carriage returns and line ends, which most are. */
function endPlainCell(state: Scan, bytes: Uint8Array, from: number, to: number): void {
  const { columns, width } = state;
  if (state.isInHeader || state.sink !== null || width >= columns.length) {
    Object.assign(state.cell, { from, to, lines: 0, strays: 0, bareCrs: 0 });
    endCell(state, bytes, from);
    return;
  }
  const column = columns[width]!;
  const cellClass = addCell(column, bytes, from, to);
  if (cellClass !== CELL.BLANK) state.isFilled = true;
  if (isWanted(column, cellClass)) {
    keepExample(column, cellClass, { line: state.line, content: bytes.subarray(from, to) });
  }
  if (state.matching === width) matchHeader(state, bytes, from, to);
  state.width = width + 1;
}

function endCell(state: Scan, bytes: Uint8Array, start: number): void {
  const { cell, columns, width } = state;
  if (cell.strays > 0) locate(state.structure.flaws.stray_quotes, state.line);
  if (cell.bareCrs > 0) locate(state.structure.flaws.bare_cr, state.line, cell.bareCrs);
  if (state.sink !== null && !state.isInHeader) state.sink.cell(contentOf(state, bytes, start));
  if (state.isInHeader) addHeaderCell(state, bytes, start);
  else if (width < columns.length) {
    const column = columns[width]!;
    const cellClass =
      cell.strays > 0 ? addText(column, cell) : addCell(column, bytes, cell.from, cell.to);
    if (cellClass !== CELL.BLANK) state.isFilled = true;
    if (isWanted(column, cellClass)) {
      const content = contentOf(state, bytes, start);
      keepExample(column, cellClass, { line: state.line, content });
    }
    if (state.matching === width) matchHeader(state, bytes, cell.from, cell.to);
  }
  state.width = width + 1;
  if (cell.lines > 0) {
    state.line += cell.lines;
    state.structure.lines += cell.lines;
  }
}

function matchHeader(state: Scan, bytes: Uint8Array, from: number, to: number): void {
  const { raw } = state.header[state.width]!;
  if (raw.length === to - from && isAt(raw, bytes, from)) state.matching += 1;
}

/** A cell with stray quotes is text as it stands, quotes and all. */
function addText(column: ColumnTally, { from, to }: Scan['cell']): number {
  column.counts[CELL.TEXT] = column.counts[CELL.TEXT]! + 1;
  if (to - from > column.bytesMax) column.bytesMax = to - from;
  return CELL.TEXT;
}

function addHeaderCell(state: Scan, bytes: Uint8Array, start: number): void {
  const raw = Uint8Array.from(bytes.subarray(state.cell.from, state.cell.to));
  const name = Uint8Array.from(contentOf(state, bytes, start));
  state.header.push({ raw, name });
}

function endRow(state: Scan): void {
  const { structure, columns, width, rowLine } = state;
  if (width === 0) locate(structure.flaws.blank_lines, state.line);
  else if (state.isInHeader) {
    state.isInHeader = false;
    state.headerLine = rowLine;
  } else {
    structure.rows += 1;
    state.sink?.row();
    if (width !== columns.length) {
      countWidth(structure.widths, width);
      locate(structure.flaws[width < columns.length ? 'short_rows' : 'extra_fields'], rowLine);
    } else if (state.matching === width && state.canRepeat) {
      locate(structure.flaws.repeated_header, rowLine);
    }
    if (!state.isFilled) locate(structure.flaws.blank_rows, rowLine);
  }
  nextLine(state);
}

function nextLine(state: Scan): void {
  state.line += 1;
  state.structure.lines += 1;
  state.rowLine = state.line;
  state.width = 0;
  state.matching = 0;
  state.isFilled = false;
}
