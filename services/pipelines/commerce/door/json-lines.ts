import { SOURCE_ROW_BYTES_MAX } from '../../../core/limit.ts';

/** No line of a file is longer, for the engine takes some sixteen times this as a buffer. */
export const LINE_BYTES_MAX = 2 * SOURCE_ROW_BYTES_MAX;
/** Tells the engine's reader of lines where a cell ends, which no line has; JSON asks for it to be written `\\u0001`. */
export const LINE_MARK = '\u0001';

/** Records of which the text is wanted; the rest is only counted. */
const TEXTS_MAX = 100;
const LINE_FEED = 10;
const MARK = LINE_MARK.charCodeAt(0);

/** Of lines that no reader could take, so many are told. */
const FLAWS_MAX = 5;

/**
 * The lines of a UTF-8 file that are not blank: the text of the first hundred, null for those after. What is wrong with
 * lines that the engine could not read, wherever they are, goes into `flaws`. Throws `ERR_ENCODING_INVALID_ENCODED_DATA`
 * for bytes that are not UTF-8.
 */
export async function* jsonLines(
  chunks: AsyncIterable<Uint8Array>,
  flaws: string[],
): AsyncGenerator<string | null> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const line: OpenLine = { number: 1, sizeBytes: 0, isBlank: true, head: [] };
  let given = 0;
  for await (const chunk of chunks) {
    decoder.decode(chunk, { stream: true });
    const marked = chunk.indexOf(MARK);
    for (let start = 0; start < chunk.length;) {
      const found = chunk.indexOf(LINE_FEED, start);
      const end = found < 0 ? chunk.length : found;
      if (marked >= start && marked < end)
        tell(flaws, `line ${line.number} holds the control character U+0001`);
      extend(line, { chunk, start, end, isTextWanted: given < TEXTS_MAX });
      if (line.sizeBytes > LINE_BYTES_MAX && found >= 0) tell(flaws, tooLong(line));
      start = end + 1;
      if (found < 0) continue;
      if (!line.isBlank) yield (given += 1) <= TEXTS_MAX ? textOf(line) : null;
      Object.assign(line, { number: line.number + 1, sizeBytes: 0, isBlank: true, head: [] });
    }
  }
  decoder.decode();
  if (line.sizeBytes > LINE_BYTES_MAX) tell(flaws, tooLong(line));
  if (!line.isBlank) yield given < TEXTS_MAX ? textOf(line) : null;
}

/** The line of which the end has not come. */
interface OpenLine {
  number: number;
  sizeBytes: number;
  isBlank: boolean;
  /** Its bytes, where its text is wanted and is not too long. */
  head: Uint8Array[];
}

function extend(
  line: OpenLine,
  of: { chunk: Uint8Array; start: number; end: number; isTextWanted: boolean },
): void {
  const { chunk, start, end, isTextWanted } = of;
  line.isBlank &&= isBlankBetween(chunk, start, end);
  line.sizeBytes += end - start;
  if (line.sizeBytes > LINE_BYTES_MAX) line.head = [];
  else if (isTextWanted) line.head.push(chunk.slice(start, end));
}

function textOf({ head }: OpenLine): string {
  return Buffer.concat(head).toString('utf8');
}

function tooLong({ number }: OpenLine): string {
  return `line ${number} is longer than ${LINE_BYTES_MAX} bytes`;
}

function tell(flaws: string[], flaw: string): void {
  if (flaws.length < FLAWS_MAX) flaws.push(flaw);
}

function isBlankBetween(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at];
    if (byte !== 32 && byte !== 13 && byte !== 9) return false;
  }
  return true;
}
