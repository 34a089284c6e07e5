import { readSync } from 'node:fs';
import type { ColumnTally } from './column-tally.ts';
import { CELL_BYTES_MAX } from './feed.ts';
import { openColumns } from './open-columns.ts';
import { scan } from './scan.ts';
import { LF, type Marks, type Scan, startScan } from './scan-state.ts';
import type { StructureTally } from './structure-tally.ts';
import { checkBytes } from './text-encoding.ts';

/** Bytes read past the end of a segment, in which its last row usually ends. */
const OVERLAP_BYTES = 64 * 1024;

/** A stretch of a local file: the rows that begin in it. */
export interface Segment {
  from: number;
  to: number;
  /** `from` is the beginning of a row; else the first row is taken to begin after the next line feed. */
  isExact: boolean;
}

/** What all segments of a file have in common. */
export interface SegmentedFile {
  marks: Marks;
  header: Scan['header'];
  sizeBytes: number;
}

/** What was counted in a segment; its first line is line 0. */
export interface SegmentTally {
  /** Where its first row was taken to begin: right when the segment before ends there. */
  start: number;
  end: number;
  structure: StructureTally;
  columns: ColumnTally[];
  /** The line of a cell that is longer than can be. */
  longCellLine: number | null;
}

/** Scans the rows of one segment, reading it from an open file into a buffer that grows when a row needs it. */
export function tallySegment(fd: number, file: SegmentedFile, segment: Segment): SegmentTally {
  const { sizeBytes } = file;
  const base = segment.isExact ? segment.from : segment.from - 1;
  let bytes = readFirst(fd, base, Math.min(segment.to + OVERLAP_BYTES, sizeBytes));
  const state = startScan(file.marks, 0);
  state.header = file.header;
  state.isInHeader = false;
  openColumns(state);
  let at = segment.isExact ? 0 : bytes.indexOf(LF) + 1;
  if (at === 0 && !segment.isExact) at = segment.to - base;
  const start = base + at;
  const stop = segment.to - base;
  const end = (): SegmentTally => {
    const { structure, columns } = state;
    return { start, end: base + at, structure, columns, longCellLine: null };
  };
  // A file that has become shorter ends early; whoever asked for its profile finds that it has changed.
  let isCut = false;
  while (at < stop || state.width > 0) {
    const isLast = isCut || base + bytes.length >= sizeBytes;
    const { line } = state;
    const next = scan(state, { bytes, start: at, end: bytes.length, isLast, stop });
    checkBytes(state.structure, { bytes: bytes.subarray(at, next), line });
    at = next;
    if (isLast || (state.width === 0 && at >= stop)) break;
    if (bytes.length - at > CELL_BYTES_MAX) return { ...end(), longCellLine: state.line };
    const until = base + bytes.length + Math.max(OVERLAP_BYTES, bytes.length - at);
    const more = readAt(fd, base + bytes.length, Math.min(until, sizeBytes));
    isCut = more.length === 0;
    bytes = Buffer.concat([bytes, more]);
  }
  return end();
}

/** The first reading of a segment, which most end with, goes into one buffer that is used again. */
let room = Buffer.alloc(0);

function readFirst(fd: number, from: number, to: number): Buffer {
  if (room.length < to - from) room = Buffer.allocUnsafeSlow(to - from);
  return readInto(room.subarray(0, to - from), fd, from);
}

function readAt(fd: number, from: number, to: number): Buffer {
  return readInto(Buffer.allocUnsafe(to - from), fd, from);
}

function readInto(bytes: Buffer, fd: number, from: number): Buffer {
  let length = 0;
  while (length < bytes.length) {
    const count = readSync(fd, bytes, length, bytes.length - length, from + length);
    if (count === 0) break;
    length += count;
  }
  return bytes.subarray(0, length);
}
