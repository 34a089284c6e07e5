import type { ColumnTally } from './column-tally.ts';
import { type StructureTally, structureTally } from './structure-tally.ts';

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
  /** `isQuoted`: the content stood between quotes, so that an empty one is a text and not nothing. */
  cell(content: Uint8Array, isQuoted: boolean): void;
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

/** In place of where a cell ends, when its end is not there yet. */
export const INCOMPLETE = -1;
