import { scan } from './scan.ts';
import { CR, LF, type Marks, startScan } from './scan-state.ts';

/** How much of a file is looked at to find out how it is written. */
export const SAMPLE_BYTES = 64 * 1024;

const DELIMITERS = [44, 59, 9, 124] as const;
export const DOUBLE_QUOTE = 34;
const SINGLE_QUOTE = 39;
/** How nearly as many cells begin with a single quote as end with one. */
const BALANCE = 0.8;
/** With fewer fields than this, what follows a header of one name is taken for a sentence (requirements 5.4). */
const FIELDS_MIN = 3;

/** What a byte order mark or the places of NUL bytes tell of the encoding; null for one of bytes. */
export function wideEncoding(sample: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  if (sample[0] === 0xff && sample[1] === 0xfe) return 'utf-16le';
  if (sample[0] === 0xfe && sample[1] === 0xff) return 'utf-16be';
  const nuls = [0, 0];
  for (const [at, byte] of sample.entries()) if (byte === 0) nuls[at % 2]! += 1;
  const half = sample.length / 2;
  if (nuls[1]! > half * 0.7 && nuls[0]! < half * 0.1) return 'utf-16le';
  if (nuls[0]! > half * 0.7 && nuls[1]! < half * 0.1) return 'utf-16be';
  return null;
}

/** Length of the UTF-8 byte order mark at the beginning: 3 or 0. */
export function bomLength(sample: Uint8Array): number {
  return sample[0] === 0xef && sample[1] === 0xbb && sample[2] === 0xbf ? 3 : 0;
}

/**
 * Delimiter, quote and line end of a file, from its first bytes. Wins the delimiter with which most rows have as many
 * fields as the header, two or more; a comma when there is none. A quote that is given is not looked for.
 */
export function findMarks(sample: Uint8Array, isWhole: boolean, givenQuote?: number): Marks {
  const firstCr = sample.indexOf(CR);
  // A carriage return at the very end may be the first half of a line end.
  const hasCr = firstCr >= 0 && (isWhole || firstCr < sample.length - 1);
  const isCrOnly = hasCr && !sample.includes(LF);
  const text = isWhole ? sample : sample.subarray(0, lastLineEnd(sample, isCrOnly));
  let best: { marks: Marks; score: number } | null = null;
  for (const delimiter of DELIMITERS) {
    const quote = givenQuote ?? findQuote(text, delimiter);
    const marks = { delimiter, quote, isCrOnly };
    const score = scoreOf(marks, text);
    if (best === null || score > best.score) best = { marks, score };
  }
  return best!.marks;
}

function lastLineEnd(sample: Uint8Array, isCrOnly: boolean): number {
  const at = sample.lastIndexOf(isCrOnly ? CR : LF);
  return at < 0 ? sample.length : at + 1;
}

/**
 * Single quotes, when cells begin and end with them about as often (a quote next to a delimiter within a cell counts as
 * neither, and the last cell may be cut) and none begins with a double quote.
 */
function findQuote(text: Uint8Array, delimiter: number): number {
  let opening = 0;
  let closing = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] !== SINGLE_QUOTE && text[at] !== DOUBLE_QUOTE) continue;
    const isFirst = at === 0 || isEnd(text[at - 1]!, delimiter);
    const isLast = at + 1 === text.length || isEnd(text[at + 1]!, delimiter);
    if (text[at] === DOUBLE_QUOTE && (isFirst || isLast)) return DOUBLE_QUOTE;
    if (text[at] === SINGLE_QUOTE && isFirst !== isLast) {
      if (isFirst) opening += 1;
      else closing += 1;
    }
  }
  const [fewer, more] = [Math.min(opening, closing), Math.max(opening, closing)];
  return fewer > 0 && fewer >= more * BALANCE ? SINGLE_QUOTE : DOUBLE_QUOTE;
}

function isEnd(byte: number, delimiter: number): boolean {
  return byte === delimiter || byte === LF || byte === CR;
}

/** 0 when neither the header nor most rows have two fields; more the better the rows agree. */
function scoreOf(marks: Marks, text: Uint8Array): number {
  const state = startScan(marks, 1);
  const piece = { bytes: text, end: text.length, isLast: true, stop: Infinity };
  const start = scan(state, { ...piece, start: 0 });
  const { length } = state.header;
  // Without columns every row's width is counted, and nothing else.
  scan(state, { ...piece, start });
  const { rows, widths, flaws } = state.structure;
  let modal = { width: length, count: 0 };
  for (const [width, count] of widths) if (count > modal.count) modal = { width, count };
  const agreement = rows === 0 ? 1 : modal.count / rows;
  const clean = 1 - Math.min(1, flaws.stray_quotes.count / (rows + 1));
  if (length < 2) return modal.width < FIELDS_MIN ? 0 : agreement * clean;
  const same = modal.width === length ? 4 : 2;
  return modal.width < 2 ? 1 : same + agreement * clean + Math.min(length, 999) / 100_000;
}
