/** The folder inside a bucket's folder that holds files being written. Same file system, so a rename is atomic. */
export const TEMP_FOLDER = '.tmp';

/** File systems take names of up to this many bytes. */
const NAME_BYTES_MAX = 255;
/** Bytes of a key in one piece of a long segment: with every `%~` doubled and both marks it still fits a name. */
const PIECE_BYTES_MAX = 160;

/**
 * The mark with which every spelling of ours begins. A segment of a key is its own file name, whatever characters
 * it holds, but for four cases, so that people find their files under the names they know:
 * `%~` itself is written `%~~`; an empty segment `%~e`; a first segment named as the temp folder `%~t.tmp`;
 * a segment too long for a file name becomes nested folders: `first%~c/%~nsecond%~c/%~nthird`.
 */
const MARK = '%~';
const CONTINUES = `${MARK}c`;
const CONTINUED = `${MARK}n`;
const EMPTY = `${MARK}e`;
const TEMP = `${MARK}t`;

/** The file names, from the bucket's folder down, of a checked key. `namesToKey` leads back. */
export function keyToNames(key: string): string[] {
  return key.split('/').flatMap((segment, at) => segmentToNames(segment, at === 0));
}

function segmentToNames(segment: string, isFirst: boolean): string[] {
  if (segment === '') return [EMPTY];
  const name = mark(segment);
  if (isFirst && segment.toLowerCase() === TEMP_FOLDER) return [TEMP + segment];
  if (byteLength(name) <= NAME_BYTES_MAX) return [name];
  const pieces = cut(segment);
  return pieces.map(
    (piece, at) =>
      (at > 0 ? CONTINUED : '') + mark(piece) + (at < pieces.length - 1 ? CONTINUES : ''),
  );
}

/** True when the folder of this name holds the rest of a long segment, not the segments below it. */
export function isContinued(name: string): boolean {
  return name.endsWith(CONTINUES);
}

/**
 * What a file name stands for: a segment, or a piece of one. `null` when no key has this name, so the file is not
 * ours.
 */
export function nameToPiece(name: string): string | null {
  if (name === EMPTY) return '';
  if (name.startsWith(TEMP)) return name.slice(TEMP.length);
  const text = name.startsWith(CONTINUED) ? name.slice(CONTINUED.length) : name;
  return unmark(isContinued(name) ? text.slice(0, -CONTINUES.length) : text);
}

function mark(text: string): string {
  return text.replaceAll(MARK, `${MARK}~`);
}

function unmark(text: string): string | null {
  const plain = text.replaceAll(`${MARK}~`, MARK);
  return mark(plain) === text ? plain : null;
}

/** Pieces of at most 160 bytes that end between characters. */
function cut(segment: string): string[] {
  const pieces: string[] = [];
  let piece = '';
  let pieceBytes = 0;
  for (const character of segment) {
    const characterBytes = byteLength(character);
    if (pieceBytes + characterBytes > PIECE_BYTES_MAX) {
      pieces.push(piece);
      piece = '';
      pieceBytes = 0;
    }
    piece += character;
    pieceBytes += characterBytes;
  }
  return [...pieces, piece];
}

function byteLength(text: string): number {
  return Buffer.byteLength(text);
}
