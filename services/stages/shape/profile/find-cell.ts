import { CR, INCOMPLETE, LF, type Piece, type Scan } from './scan-state.ts';
import { locate } from './structure-tally.ts';

/** Finds the end of the cell that begins at `start`; its terminator is at the place returned, or the bytes end there. */
export function findCell(state: Scan, piece: Piece, start: number): number {
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
