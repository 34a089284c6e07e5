/** A JSON value whose numbers are the text that they were written as; objects keep the order of their fields. */
export type ExactJson =
  | string
  | boolean
  | null
  | readonly ExactJson[]
  | ReadonlyMap<string, ExactJson>;

/** A text that is JSON, and is not taken all the same. */
export class UnclearJson extends Error {}

/** Deeper than any page; JSON itself knows no limit. */
const DEPTH_MAX = 64;

const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;
const OPEN_LIST = 91;
const CLOSE_LIST = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
const LETTER_T = 116;
const LETTER_F = 102;
const LETTER_N = 110;

/**
 * Reads JSON without rounding a number. `SyntaxError` for what is no JSON; `UnclearJson` for an object that has a field
 * twice, and for nesting without end.
 */
export function readExactJson(text: string): ExactJson {
  // The engine's own parser is strict and quick: what it takes is well formed, so that here nothing has to be checked.
  JSON.parse(text);
  return readValue({ text, at: 0 }, 0);
}

interface Cursor {
  readonly text: string;
  at: number;
}

function readValue(cursor: Cursor, depth: number): ExactJson {
  const first = skipSpace(cursor);
  if (first === QUOTE) return readString(cursor);
  if (first === OPEN_OBJECT) return readObject(cursor, depth);
  if (first === OPEN_LIST) return readList(cursor, depth);
  if (first === LETTER_T) return readWord(cursor, 'true', true);
  if (first === LETTER_F) return readWord(cursor, 'false', false);
  if (first === LETTER_N) return readWord(cursor, 'null', null);
  return readNumber(cursor);
}

/** Goes to the next character that means something, and returns its code. */
function skipSpace(cursor: Cursor): number {
  for (;;) {
    const code = cursor.text.charCodeAt(cursor.at);
    if (!(code <= 32)) return code;
    cursor.at += 1;
  }
}

function readWord<T>(cursor: Cursor, word: string, value: T): T {
  cursor.at += word.length;
  return value;
}

function readNumber(cursor: Cursor): string {
  const { text, at } = cursor;
  let end = at;
  // Sign, digits, point and exponent end where a comma, a bracket or a space begins.
  for (;;) {
    const code = text.charCodeAt(end);
    if (!(code > 32) || code === COMMA || code === CLOSE_LIST || code === CLOSE_OBJECT) break;
    end += 1;
  }
  cursor.at = end;
  return text.slice(at, end);
}

function readString(cursor: Cursor): string {
  const { text } = cursor;
  const start = cursor.at + 1;
  let end = start;
  let isEscaped = false;
  for (;;) {
    const code = text.charCodeAt(end);
    if (code === QUOTE) break;
    if (code === BACKSLASH) isEscaped = true;
    end += code === BACKSLASH ? 2 : 1;
  }
  cursor.at = end + 1;
  if (!isEscaped) return text.slice(start, end);
  return JSON.parse(text.slice(start - 1, end + 1)) as string;
}

function readList(cursor: Cursor, depth: number): ExactJson[] {
  const items: ExactJson[] = [];
  enter(cursor, depth);
  while (skipSpace(cursor) !== CLOSE_LIST) {
    items.push(readValue(cursor, depth + 1));
    if (skipSpace(cursor) === COMMA) cursor.at += 1;
  }
  cursor.at += 1;
  return items;
}

function readObject(cursor: Cursor, depth: number): ReadonlyMap<string, ExactJson> {
  const fields = new Map<string, ExactJson>();
  enter(cursor, depth);
  while (skipSpace(cursor) !== CLOSE_OBJECT) {
    const name = readString(cursor);
    skipSpace(cursor);
    cursor.at += 1;
    if (fields.has(name)) throw new UnclearJson('an object has a field twice');
    fields.set(name, readValue(cursor, depth + 1));
    if (skipSpace(cursor) === COMMA) cursor.at += 1;
  }
  cursor.at += 1;
  return fields;
}

function enter(cursor: Cursor, depth: number): void {
  if (depth === DEPTH_MAX) throw new UnclearJson(`a nested value, more than ${DEPTH_MAX} deep`);
  cursor.at += 1;
}
