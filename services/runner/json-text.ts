import { fault } from './fault.ts';
import { floatText, plainFloat } from './go-text.ts';

/** A JSON value with the text it was written as, so that `2.50` stays `2.50`. */
export type JsonNode =
  | { kind: 'string'; raw: string; value: string }
  | { kind: 'number' | 'true' | 'false' | 'null'; raw: string }
  | { kind: 'list'; raw: string; items: JsonNode[] }
  | { kind: 'object'; raw: string; fields: Map<string, JsonNode> };

const DEPTH_MAX = 1000;

interface Cursor {
  readonly text: string;
  at: number;
}

/** Reads JSON strictly; a fault says what is wrong in the words of Go's decoder. */
export function readJson(text: string): JsonNode {
  const cursor: Cursor = { text, at: 0 };
  const node = readValue(cursor, 0);
  skipSpace(cursor);
  if (cursor.at < text.length) throw unexpected(cursor, 'after top-level value');
  return node;
}

function unexpected(cursor: Cursor, where: string): Error {
  const character = cursor.text[cursor.at];
  if (character === undefined) return fault('unexpected end of JSON input');
  const shown = character === "'" ? `'\\''` : `'${JSON.stringify(character).slice(1, -1)}'`;
  return fault(`invalid character ${shown === `'\\"'` ? `'"'` : shown} ${where}`);
}

function skipSpace(cursor: Cursor): void {
  while (/[ \t\r\n]/.test(cursor.text[cursor.at] ?? '')) cursor.at++;
}

function readValue(cursor: Cursor, depth: number): JsonNode {
  if (depth > DEPTH_MAX) throw fault('exceeded max depth');
  skipSpace(cursor);
  const start = cursor.at;
  const first = cursor.text[start];
  if (first === '{') return readObject(cursor, depth);
  if (first === '[') return readList(cursor, depth);
  if (first === '"') {
    const value = readString(cursor);
    return { kind: 'string', raw: cursor.text.slice(start, cursor.at), value };
  }
  if (first === 't') return readWord(cursor, 'true');
  if (first === 'f') return readWord(cursor, 'false');
  if (first === 'n') return readWord(cursor, 'null');
  if (first === '-' || (first !== undefined && /\d/.test(first))) return readNumber(cursor);
  throw unexpected(cursor, 'looking for beginning of value');
}

function readWord(cursor: Cursor, word: 'true' | 'false' | 'null'): JsonNode {
  for (const expected of word) {
    if (cursor.text[cursor.at] !== expected) {
      throw unexpected(cursor, `in literal ${word} (expecting '${expected}')`);
    }
    cursor.at++;
  }
  return { kind: word, raw: word };
}

function readNumber(cursor: Cursor): JsonNode {
  const start = cursor.at;
  const digits = (): number => {
    const from = cursor.at;
    while (/\d/.test(cursor.text[cursor.at] ?? '')) cursor.at++;
    return cursor.at - from;
  };
  if (cursor.text[cursor.at] === '-') cursor.at++;
  if (cursor.text[cursor.at] === '0') cursor.at++;
  else if (digits() === 0) throw unexpected(cursor, 'in numeric literal');
  if (cursor.text[cursor.at] === '.') {
    cursor.at++;
    if (digits() === 0) throw unexpected(cursor, 'after decimal point in numeric literal');
  }
  if (/[eE]/.test(cursor.text[cursor.at] ?? '')) {
    cursor.at++;
    if (/[+-]/.test(cursor.text[cursor.at] ?? '')) cursor.at++;
    if (digits() === 0) throw unexpected(cursor, 'in exponent of numeric literal');
  }
  return { kind: 'number', raw: cursor.text.slice(start, cursor.at) };
}

function readString(cursor: Cursor): string {
  const start = cursor.at++;
  for (;;) {
    const character = cursor.text[cursor.at];
    if (character === undefined || character < ' ') throw unexpected(cursor, 'in string literal');
    cursor.at++;
    if (character === '"') break;
    if (character !== '\\') continue;
    const escaped = cursor.text[cursor.at];
    if (escaped === undefined || !'"\\/bfnrtu'.includes(escaped)) {
      throw unexpected(cursor, 'in string escape code');
    }
    cursor.at++;
    const codeEnd = cursor.at + (escaped === 'u' ? 4 : 0);
    for (; cursor.at < codeEnd; cursor.at++) {
      if (!/[0-9a-fA-F]/.test(cursor.text[cursor.at] ?? '')) {
        throw unexpected(cursor, 'in \\u hexadecimal character escape');
      }
    }
  }
  return JSON.parse(cursor.text.slice(start, cursor.at)) as string;
}

function readList(cursor: Cursor, depth: number): JsonNode {
  const start = cursor.at++;
  const items: JsonNode[] = [];
  skipSpace(cursor);
  if (cursor.text[cursor.at] === ']') cursor.at++;
  else {
    for (;;) {
      items.push(readValue(cursor, depth + 1));
      skipSpace(cursor);
      const next = cursor.text[cursor.at];
      if (next !== ',' && next !== ']') throw unexpected(cursor, 'after array element');
      cursor.at++;
      if (next === ']') break;
    }
  }
  return { kind: 'list', raw: cursor.text.slice(start, cursor.at), items };
}

function readObject(cursor: Cursor, depth: number): JsonNode {
  const start = cursor.at++;
  const fields = new Map<string, JsonNode>();
  skipSpace(cursor);
  if (cursor.text[cursor.at] === '}') cursor.at++;
  else {
    for (;;) {
      skipSpace(cursor);
      if (cursor.text[cursor.at] !== '"') {
        throw unexpected(cursor, 'looking for beginning of object key string');
      }
      const key = readString(cursor);
      skipSpace(cursor);
      if (cursor.text[cursor.at] !== ':') throw unexpected(cursor, 'after object key');
      cursor.at++;
      fields.set(key, readValue(cursor, depth + 1));
      skipSpace(cursor);
      const next = cursor.text[cursor.at];
      if (next !== ',' && next !== '}') throw unexpected(cursor, 'after object key:value pair');
      cursor.at++;
      if (next === '}') break;
    }
  }
  return { kind: 'object', raw: cursor.text.slice(start, cursor.at), fields };
}

/** JSON text with `<`, `>` and `&` escaped, as Go writes it. */
export function escapeHtml(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** The JSON text of a string as Go writes it. */
export function jsonString(text: string): string {
  const plain = JSON.stringify(text).replaceAll('\u007f', '\u007f');
  return escapeHtml(plain);
}

/**
 * A value as Go's `json.Marshal` writes it: sorted keys, `\u003c`, no spaces; a bigint is a whole
 * number.
 */
export function goJson(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return jsonString(value);
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return numberJson(value);
  if (Array.isArray(value)) return `[${value.map((item) => goJson(item)).join(',')}]`;
  if (value instanceof Date) return jsonString(value.toISOString().replace(/\.?0*Z$/, 'Z'));
  if (typeof value === 'function') throw fault('json: unsupported type: func');
  const entries = Object.entries(value as Record<string, unknown>);
  const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, item]) => `${jsonString(key)}:${goJson(item)}`).join(',')}}`;
}

function numberJson(value: number): string {
  if (!Number.isFinite(value)) throw fault(`json: unsupported value: ${floatText(value)}`);
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-6 || size >= 1e21) ? String(value) : plainFloat(value);
}

/** The value that Go decodes into an `any`: numbers become floats. */
export function jsonValue(node: JsonNode): unknown {
  switch (node.kind) {
    case 'string':
      return node.value;
    case 'number':
      return Number(node.raw);
    case 'list':
      return node.items.map((item) => jsonValue(item));
    case 'object':
      return Object.fromEntries([...node.fields].map(([key, item]) => [key, jsonValue(item)]));
    default:
      return node.kind === 'null' ? null : node.kind === 'true';
  }
}
