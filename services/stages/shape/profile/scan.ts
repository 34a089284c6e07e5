import { contentOf, isAt } from './cell-content.ts';
import { addCell } from './classify.ts';
import { CELL, type ColumnTally, isWanted, keepExample } from './column-tally.ts';
import { findCell } from './find-cell.ts';
import { INCOMPLETE, LF, type Piece, type Scan } from './scan-state.ts';
import { countWidth, locate } from './structure-tally.ts';

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
  if (state.sink !== null && !state.isInHeader) {
    state.sink.cell(contentOf(state, bytes, start), cell.from > start);
  }
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
