import { faultAt } from './tree.ts';

export interface Token {
  kind: 'name' | 'number' | 'string' | 'operator' | 'bracket' | 'end';
  text: string;
  at: number;
}

const WORD_OPERATORS = new Set([
  'not',
  'in',
  'or',
  'and',
  'matches',
  'contains',
  'startsWith',
  'endsWith',
  'let',
  'if',
  'else',
]);
const NAME = /[\p{L}\p{N}_$]/u;
const NUMBER =
  /^(?:0[xX][0-9a-fA-F_]*|0[oO][0-7_]*|0[bB][01_]*|(?:[0-9][0-9_]*)?(?:\.(?!\.)[0-9_]*)?(?:[eE][+-]?[0-9_]+)?)/;
const OPERATORS = [
  '||',
  '|',
  '::',
  ':',
  '?.',
  '??',
  '?',
  '..',
  '.',
  '&&',
  '!=',
  '==',
  '<=',
  '>=',
  '**',
];
const SINGLE = ',;%+-^*/<>!=&#';

/** The tokens of an expression; a fault shows the place of what is no token. */
export function tokenize(source: string): Token[] {
  const characters = Array.from(source);
  const tokens: Token[] = [];
  let at = 0;
  while (at < characters.length) {
    const found = readToken(source, characters, at);
    if (found.token !== null) tokens.push(found.token);
    at = found.end;
  }
  // expr shows the end at the last character.
  tokens.push({ kind: 'end', text: 'EOF', at: Math.max(0, characters.length - 1) });
  return tokens;
}

interface Found {
  token: Token | null;
  end: number;
}

function readToken(source: string, characters: readonly string[], at: number): Found {
  const first = characters[at] ?? '';
  const rest = characters.slice(at, at + 2).join('');
  if (/\s/.test(first)) return { token: null, end: at + 1 };
  if (rest === '//' || rest === '/*')
    return { token: null, end: skipComment(source, characters, at) };
  if (first === "'" || first === '"') return readString(source, characters, at);
  if (first === '`') return readRaw(source, characters, at);
  if (/[0-9]/.test(first) || (first === '.' && /[0-9]/.test(characters[at + 1] ?? ''))) {
    return readNumber(source, characters, at);
  }
  if ('([{)]}'.includes(first)) return { token: { kind: 'bracket', text: first, at }, end: at + 1 };
  const operator = OPERATORS.find((symbol) => rest.startsWith(symbol));
  if (operator !== undefined) {
    return { token: { kind: 'operator', text: operator, at }, end: at + operator.length };
  }
  if (SINGLE.includes(first)) return { token: { kind: 'operator', text: first, at }, end: at + 1 };
  if (NAME.test(first)) return readName(characters, at);
  const code = (first.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  throw faultAt(source, at, `unrecognized character: U+${code} '${first}'`);
}

function readName(characters: readonly string[], at: number): Found {
  let end = at;
  while (NAME.test(characters[end] ?? '')) end++;
  const text = characters.slice(at, end).join('');
  return { token: { kind: WORD_OPERATORS.has(text) ? 'operator' : 'name', text, at }, end };
}

function readNumber(source: string, characters: readonly string[], at: number): Found {
  const text = NUMBER.exec(characters.slice(at).join(''))?.[0] ?? '';
  const end = at + text.length;
  if (NAME.test(characters[end] ?? '')) {
    throw faultAt(
      source,
      end,
      `bad number syntax: ${JSON.stringify(text + (characters[end] ?? ''))}`,
    );
  }
  return { token: { kind: 'number', text, at }, end };
}

function skipComment(source: string, characters: readonly string[], at: number): number {
  const block = characters[at + 1] === '*';
  for (let end = at + 2; end < characters.length; end++) {
    if (!block && characters[end] === '\n') return end + 1;
    if (block && characters[end] === '*' && characters[end + 1] === '/') return end + 2;
  }
  if (block) throw faultAt(source, at, 'unclosed comment');
  return characters.length;
}

function readRaw(source: string, characters: readonly string[], at: number): Found {
  let text = '';
  for (let end = at + 1; end < characters.length; end++) {
    const character = characters[end] ?? '';
    if (character !== '`') text += character;
    else if (characters[end + 1] === '`') {
      text += '`';
      end++;
    } else return { token: { kind: 'string', text, at }, end: end + 1 };
  }
  throw faultAt(source, characters.length, 'literal not terminated');
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '	',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
};
const CODE_LENGTH: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

function readString(source: string, characters: readonly string[], at: number): Found {
  const mark = characters[at];
  let text = '';
  for (let end = at + 1; end < characters.length; end++) {
    const character = characters[end] ?? '';
    if (character === mark) return { token: { kind: 'string', text, at }, end: end + 1 };
    if (character !== '\\') {
      text += character;
      continue;
    }
    end++;
    const escape = characters[end] ?? '';
    const length = CODE_LENGTH[escape];
    const plain = ESCAPES[escape];
    if (plain !== undefined) text += plain;
    else if (length !== undefined) {
      const hex = characters.slice(end + 1, end + 1 + length).join('');
      if (!/^[0-9a-fA-F]+$/.test(hex)) throw faultAt(source, at, 'unable to unescape string');
      text += String.fromCodePoint(Number.parseInt(hex, 16));
      end += length;
    } else throw faultAt(source, at, 'unable to unescape string');
  }
  throw faultAt(source, characters.length, 'literal not terminated');
}
