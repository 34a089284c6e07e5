import { open } from 'node:fs/promises';
import { mergeColumns } from './column-tally.ts';
import { conclude } from './conclude.ts';
import { bomLength, findMarks, SAMPLE_BYTES, wideEncoding } from './dialect.ts';
import { longCell } from './feed.ts';
import { openColumns } from './open-columns.ts';
import type { Profile, ProfileRules } from './profile.ts';
import { failureOf, isGzip } from './profile-stream.ts';
import { scan } from './scan.ts';
import { type Scan, startScan } from './scan-state.ts';
import type { Segment, SegmentTally } from './segment.ts';
import { mergeStructures } from './structure-tally.ts';
import { checkBytes } from './text-encoding.ts';
import { helperCount, startThreads, type Threads } from './threads.ts';

const SEGMENT_BYTES = 2 * 2 ** 20;
/** Segments given out ahead of the one that is added next. */
const AHEAD_MAX = 16;
/** Wider tables are scanned by one thread: handing over their tallies would take longer than the scan. */
const COLUMNS_MAX = 500;

export interface LocalFile {
  path: string;
  sizeBytes: number;
  /** The program of a thread. */
  program: URL;
  segmentBytes?: number;
}

/**
 * The profile of a local file by several threads, the same as that of one: each scans the rows that begin in its
 * segment, from the first line feed on. Whether a row begins there is only known when the segment before has been
 * scanned, for a line feed may stand within quotes; if none does, the segment is scanned again from where one does.
 * Null for a file that cannot be cut: compressed, UTF-16, with carriage returns for line ends, very wide.
 */
export async function profileFile(
  file: LocalFile,
  options: { rules: ProfileRules; signal: AbortSignal },
): Promise<Profile | null> {
  const { rules, signal } = options;
  const begun = await begin(file);
  if (begun === null) return null;
  signal.throwIfAborted();
  const { state, bodyStart, hasBom } = begun;
  const { marks, header } = state;
  const { path, sizeBytes, program } = file;
  const start = { path, file: { marks, header, sizeBytes } };
  let failure: string | null = null;
  await using threads = startThreads(start, { program, count: helperCount() });
  const stop = (): void => void threads[Symbol.asyncDispose]();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await addSegments(state, threads, segmentsOf(bodyStart, file));
  } catch (error) {
    signal.throwIfAborted();
    failure = failureOf(error);
  } finally {
    signal.removeEventListener('abort', stop);
  }
  const wrapping = { compression: 'none' as const, hasBom, wide: null };
  return conclude(state, wrapping, { rules, failure });
}

interface Begun {
  state: Scan;
  bodyStart: number;
  hasBom: boolean;
}

/** Reads the header and finds out how the file is written; null when it cannot be cut. */
async function begin({ path, sizeBytes }: LocalFile): Promise<Begun | null> {
  const sample = await readSample(path);
  if (isGzip(sample) || wideEncoding(sample) !== null) return null;
  const bom = bomLength(sample);
  const text = sample.subarray(bom);
  const marks = findMarks(text, sizeBytes <= SAMPLE_BYTES);
  const state = startScan(marks, 1);
  const end = text.length;
  const body = scan(state, { bytes: text, start: 0, end, isLast: false, stop: Infinity });
  const isCuttable = !marks.isCrOnly && !state.isInHeader && state.header.length <= COLUMNS_MAX;
  if (!isCuttable) return null;
  checkBytes(state.structure, { bytes: text.subarray(0, body), line: 1 });
  openColumns(state);
  return { state, bodyStart: bom + body, hasBom: bom > 0 };
}

async function readSample(path: string): Promise<Uint8Array> {
  await using handle = await open(path, 'r');
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(SAMPLE_BYTES), 0, SAMPLE_BYTES, 0);
  return buffer.subarray(0, bytesRead);
}

function segmentsOf(bodyStart: number, file: LocalFile): Segment[] {
  const { sizeBytes, segmentBytes = SEGMENT_BYTES } = file;
  const count = Math.max(1, Math.ceil((sizeBytes - bodyStart) / segmentBytes));
  return Array.from({ length: count }, (_, at) => ({
    from: bodyStart + at * segmentBytes,
    to: Math.min(bodyStart + (at + 1) * segmentBytes, sizeBytes),
    isExact: at === 0,
  }));
}

/** Adds the segments up in their order, while the threads work on those that follow. */
async function addSegments(
  state: Scan,
  threads: Threads,
  segments: readonly Segment[],
): Promise<void> {
  const ahead: Promise<SegmentTally>[] = [];
  let given = 0;
  let expected = segments[0]?.from ?? 0;
  for (const { to } of segments) {
    while (given < segments.length && ahead.length < AHEAD_MAX) {
      const tally = threads.tally(segments[given]!, 'last');
      // Whoever awaits it is told; until then a failure must not end the process.
      tally.catch(() => undefined);
      ahead.push(tally);
      given += 1;
    }
    const guessed = await ahead.shift()!;
    if (expected >= to) continue;
    const isRight = guessed.start === expected;
    const tally = isRight
      ? guessed
      : await threads.tally({ from: expected, to, isExact: true }, 'first');
    addTally(state, tally);
    expected = tally.end;
  }
}

function addTally(state: Scan, { structure, columns, longCellLine }: SegmentTally): void {
  const base = state.line;
  mergeStructures(state.structure, structure, base);
  for (const [at, column] of columns.entries()) mergeColumns(state.columns[at]!, column, base);
  state.line += structure.lines;
  if (longCellLine !== null) throw longCell({ line: base + longCellLine });
}
