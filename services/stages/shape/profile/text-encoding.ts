import { isUtf8 } from 'node:buffer';
import { locate, type StructureTally } from './structure-tally.ts';

/** The encodings that a file may be found to have. */
export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'latin-1';

/** Where the bytes of a piece begin to be looked at, and the line that they begin on. */
export interface Stretch {
  bytes: Uint8Array;
  line: number;
}

/** Counts what is no UTF-8 in a stretch that begins and ends between characters, and NUL bytes. */
export function checkBytes(structure: StructureTally, { bytes, line }: Stretch): void {
  if (!isUtf8(bytes)) findInvalid(structure, { bytes, line });
  let at = bytes.indexOf(0);
  let counted = 0;
  let lines = 0;
  while (at >= 0) {
    lines += lineFeeds(bytes, counted, at);
    counted = at;
    locate(structure.flaws.nul_bytes, line + lines);
    at = bytes.indexOf(0, at + 1);
  }
}

function lineFeeds(bytes: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at += 1) if (bytes[at] === 10) count += 1;
  return count;
}

function findInvalid(structure: StructureTally, { bytes, line }: Stretch): void {
  let lines = 0;
  let at = 0;
  while (at < bytes.length) {
    const byte = bytes[at]!;
    if (byte < 0x80) {
      if (byte === 10) lines += 1;
      at += 1;
      continue;
    }
    const length = sequenceLength(bytes, at);
    if (length > 0) structure.multibyte += 1;
    else locate(structure.flaws.invalid_utf8, line + lines);
    at += Math.max(1, length);
  }
}

/** The length of the character that begins here, 0 when its bytes are not UTF-8. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  const sequence = bytes.subarray(at, at + length);
  return length > 0 && sequence.length === length && isUtf8(sequence) ? length : 0;
}

/** A file that is not all UTF-8 is Latin-1, unless most of what is not ASCII in it is UTF-8: then that is damaged. */
export function encodingOf({ flaws, multibyte }: StructureTally): Encoding {
  const invalid = flaws.invalid_utf8.count;
  return invalid > 0 && invalid >= multibyte ? 'latin-1' : 'utf-8';
}

const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** What Windows' own Latin-1 has in place of control codes, from 0x80 on; five places are free and stay as they are. */
const WINDOWS = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

/** Bytes of the file as text. What is cut off in the middle of a character loses that character. */
export function decodeText(bytes: Uint8Array, encoding: Encoding, isCut = false): string {
  if (encoding === 'latin-1') return decodeLatin(bytes);
  // A decoder that was left in the middle of a character cannot be used again.
  const decoder = isCut ? new TextDecoder('utf-8', { ignoreBOM: true }) : UTF8;
  return decoder.decode(bytes, { stream: isCut });
}

/**
 * The Latin-1 of the web, which is Windows' own. TextDecoder knows it by name, and gives the control codes all the same
 * in some versions of Node.
 */
function decodeLatin(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  return text.replaceAll(/[\x80-\x9f]/g, (code) => WINDOWS[code.charCodeAt(0) - 0x80]!);
}

/** UTF-16 as UTF-8, piece by piece. */
export async function* utf16ToUtf8(
  chunks: AsyncIterable<Uint8Array>,
  encoding: 'utf-16le' | 'utf-16be',
): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder(encoding, { ignoreBOM: false });
  const encoder = new TextEncoder();
  for await (const chunk of chunks) yield encoder.encode(decoder.decode(chunk, { stream: true }));
  yield encoder.encode(decoder.decode());
}
