/** Records of which the text is wanted; the rest is only counted. */
const TEXTS_MAX = 100;
const LINE_FEED = 10;

/**
 * The lines of a UTF-8 file that are not blank: the text of the first hundred, null for those after. Throws
 * `ERR_ENCODING_INVALID_ENCODED_DATA` for bytes that are not UTF-8, wherever they are.
 */
export async function* jsonLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string | null> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  let given = 0;
  let isBlank = true;
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    if (given < TEXTS_MAX) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line.trim() === '') continue;
        given += 1;
        yield given <= TEXTS_MAX ? line : null;
      }
      isBlank = rest.trim() === '';
      if (given >= TEXTS_MAX) rest = '';
      continue;
    }
    let start = 0;
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, start)) {
      if (!isBlank || !isBlankBetween(chunk, start, at)) yield null;
      isBlank = true;
      start = at + 1;
    }
    isBlank &&= isBlankBetween(chunk, start, chunk.length);
  }
  decoder.decode();
  if (given < TEXTS_MAX && rest.trim() !== '') yield rest;
  else if (given >= TEXTS_MAX && !isBlank) yield null;
}

function isBlankBetween(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at];
    if (byte !== 32 && byte !== 13 && byte !== 9) return false;
  }
  return true;
}
