import { fault } from './fault.ts';
import { goPattern } from './go-pattern.ts';

export type TokenKind =
  | 'PREFIX'
  | 'NUMERIC'
  | 'BOOLEAN'
  | 'STRING'
  | 'PATTERN'
  | 'TIME'
  | 'VARIABLE'
  | 'SEPARATOR'
  | 'ACCESSOR'
  | 'COMPARATOR'
  | 'LOGICALOP'
  | 'MODIFIER'
  | 'CLAUSE'
  | 'CLAUSE_CLOSE'
  | 'TERNARY'
  | 'UNKNOWN';

export interface Token {
  kind: TokenKind;
  value: string | number | boolean | RegExp;
}

const PREFIXES = new Set(['-', '!', '~']);
const MODIFIERS = new Set(['+', '-', '*', '/', '%', '**', '&', '|', '^', '>>', '<<']);
const LOGICAL = new Set(['&&', '||']);
const COMPARATORS = new Set(['==', '!=', '>', '>=', '<', '<=', '=~', '!~', 'in']);
const TERNARIES = new Set(['?', ':', '??']);

const VALUES = ['NUMERIC', 'BOOLEAN', 'VARIABLE', 'STRING', 'TIME'] as const;
const AFTER_VALUE = ['MODIFIER', 'COMPARATOR', 'LOGICALOP', 'CLAUSE_CLOSE', 'SEPARATOR'] as const;

/** Which kinds may follow a kind. */
const NEXT: Readonly<Record<TokenKind, readonly TokenKind[]>> = {
  UNKNOWN: ['PREFIX', ...VALUES, 'PATTERN', 'ACCESSOR', 'CLAUSE'],
  CLAUSE: ['PREFIX', ...VALUES, 'PATTERN', 'ACCESSOR', 'CLAUSE', 'CLAUSE_CLOSE'],
  CLAUSE_CLOSE: [...AFTER_VALUE, ...VALUES, 'PATTERN', 'CLAUSE', 'TERNARY'],
  NUMERIC: [...AFTER_VALUE, 'TERNARY'],
  BOOLEAN: [...AFTER_VALUE, 'TERNARY'],
  STRING: [...AFTER_VALUE, 'TERNARY'],
  TIME: AFTER_VALUE,
  PATTERN: AFTER_VALUE,
  VARIABLE: [...AFTER_VALUE, 'TERNARY'],
  MODIFIER: [
    'PREFIX',
    'NUMERIC',
    'VARIABLE',
    'ACCESSOR',
    'STRING',
    'BOOLEAN',
    'CLAUSE',
    'CLAUSE_CLOSE',
  ],
  COMPARATOR: ['PREFIX', ...VALUES, 'ACCESSOR', 'CLAUSE', 'CLAUSE_CLOSE', 'PATTERN'],
  LOGICALOP: ['PREFIX', ...VALUES, 'ACCESSOR', 'CLAUSE', 'CLAUSE_CLOSE'],
  PREFIX: ['NUMERIC', 'BOOLEAN', 'VARIABLE', 'ACCESSOR', 'CLAUSE', 'CLAUSE_CLOSE'],
  TERNARY: ['PREFIX', ...VALUES, 'ACCESSOR', 'CLAUSE', 'SEPARATOR'],
  ACCESSOR: [...AFTER_VALUE, 'CLAUSE', 'TERNARY'],
  SEPARATOR: ['PREFIX', ...VALUES, 'ACCESSOR', 'CLAUSE'],
};
/** The kinds an expression may end with. */
const LAST = new Set<TokenKind>([...VALUES, 'CLAUSE_CLOSE', 'PATTERN', 'ACCESSOR']);

interface Cursor {
  characters: readonly string[];
  at: number;
}

/** The tokens of a `when`, as govaluate reads them. */
export function readTokens(expression: string): Token[] {
  const cursor: Cursor = { characters: Array.from(expression), at: 0 };
  const tokens: Token[] = [];
  let before: TokenKind = 'UNKNOWN';
  for (;;) {
    while (isSpace(cursor.characters[cursor.at])) cursor.at++;
    if (cursor.at >= cursor.characters.length) break;
    const token = readToken(cursor, before);
    tokens.push(token);
    before = token.kind;
  }
  const open = tokens.reduce((depth, { kind }) => {
    return depth + (kind === 'CLAUSE' ? 1 : kind === 'CLAUSE_CLOSE' ? -1 : 0);
  }, 0);
  if (open !== 0) throw fault('Unbalanced parenthesis');
  return tokens;
}

/**
 * Checks that each token may follow the one before, and turns the text after `=~` into a pattern.
 */
export function checkTokens(tokens: readonly Token[]): Token[] {
  let state: TokenKind = 'UNKNOWN';
  let last: Token | null = null;
  for (const token of tokens) {
    if (!NEXT[state].includes(token.kind)) {
      if (last?.kind === 'VARIABLE' && token.kind === 'CLAUSE') {
        throw fault(`Undefined function ${String(last.value)}`);
      }
      const from = `${state} [${last === null ? '<nil>' : shown(last)}]`;
      throw fault(`Cannot transition token types from ${from} to ${token.kind} [${shown(token)}]`);
    }
    state = token.kind;
    last = token;
  }
  if (last === null || !LAST.has(state)) throw fault('Unexpected end of expression');
  return tokens.map((token, index) => {
    const operator = tokens[index - 1];
    const regex = operator?.kind === 'COMPARATOR' && /^[=!]~$/.test(String(operator.value));
    if (!regex || token.kind !== 'STRING') return token;
    return { kind: 'PATTERN', value: goPattern(String(token.value)) };
  });
}

function shown({ kind, value }: Token): string {
  // govaluate prints a bracket as the number of its character.
  if (kind === 'CLAUSE') return '40';
  return kind === 'CLAUSE_CLOSE' ? '41' : String(value);
}

const isSpace = (character: string | undefined): boolean =>
  character !== undefined && /\s/.test(character);
const isNumeric = (character: string): boolean => /[\p{Nd}.]/u.test(character);
const isQuote = (character: string): boolean => character === "'" || character === '"';
const isWord = (character: string): boolean => /[\p{L}\p{Nd}_.]/u.test(character);
const isSymbol = (character: string): boolean =>
  !/[\p{Nd}\p{L}()[\]]/u.test(character) && !isQuote(character);

/** Reads while `wanted` holds; a backslash takes the next character as it is. */
function readWhile(
  cursor: Cursor,
  wanted: (character: string) => boolean,
  spaces: 'keep' | 'stop',
): { text: string; closed: boolean } {
  let text = '';
  while (cursor.at < cursor.characters.length) {
    const character = cursor.characters[cursor.at] ?? '';
    cursor.at++;
    if (character === '\\') {
      text += cursor.characters[cursor.at++] ?? '';
      continue;
    }
    if (isSpace(character) && spaces === 'stop') {
      if (text !== '') return { text, closed: true };
      continue;
    }
    if (!wanted(character)) {
      cursor.at--;
      return { text, closed: true };
    }
    text += character;
  }
  return { text, closed: false };
}

function readToken(cursor: Cursor, before: TokenKind): Token {
  const first = cursor.characters[cursor.at] ?? '';
  if (isNumeric(first)) return readNumber(cursor);
  if (first === ',') return single(cursor, 'SEPARATOR', ',');
  if (first === '(') return single(cursor, 'CLAUSE', '(');
  if (first === ')') return single(cursor, 'CLAUSE_CLOSE', ')');
  if (first === '[') {
    cursor.at++;
    const { text, closed } = readWhile(cursor, (character) => character !== ']', 'keep');
    if (!closed) throw fault('Unclosed parameter bracket');
    return single(cursor, 'VARIABLE', text);
  }
  if (/\p{L}/u.test(first)) return wordToken(readWhile(cursor, isWord, 'stop').text);
  if (isQuote(first)) return readQuoted(cursor);
  const symbol = readWhile(cursor, isSymbol, 'stop').text;
  if (NEXT[before].includes('PREFIX') && PREFIXES.has(symbol))
    return { kind: 'PREFIX', value: symbol };
  if (MODIFIERS.has(symbol)) return { kind: 'MODIFIER', value: symbol };
  if (LOGICAL.has(symbol)) return { kind: 'LOGICALOP', value: symbol };
  if (COMPARATORS.has(symbol)) return { kind: 'COMPARATOR', value: symbol };
  if (TERNARIES.has(symbol)) return { kind: 'TERNARY', value: symbol };
  throw fault(`Invalid token: '${symbol}'`);
}

function single(cursor: Cursor, kind: TokenKind, value: string): Token {
  cursor.at++;
  return { kind, value };
}

function readNumber(cursor: Cursor): Token {
  if (cursor.characters[cursor.at] === '0' && cursor.characters[cursor.at + 1] === 'x') {
    cursor.at += 2;
    const hex = readWhile(cursor, (character) => /[\p{Nd}a-fA-F]/u.test(character), 'stop').text;
    if (hex === '') throw fault(`Unable to parse hex value '${hex}' to uint64\n`);
    return { kind: 'NUMERIC', value: Number.parseInt(hex, 16) };
  }
  const { text } = readWhile(cursor, isNumeric, 'stop');
  if (!/^(?:\d+\.?\d*|\.\d+)$/.test(text)) {
    throw fault(`Unable to parse numeric value '${text}' to float64\n`);
  }
  return { kind: 'NUMERIC', value: Number(text) };
}

function wordToken(text: string): Token {
  if (text === 'true' || text === 'false') return { kind: 'BOOLEAN', value: text === 'true' };
  if (text === 'in' || text === 'IN') return { kind: 'COMPARATOR', value: 'in' };
  if (text.indexOf('.') <= 0) return { kind: 'VARIABLE', value: text };
  if (text.endsWith('.')) throw fault(`Hanging accessor on token '${text}'`);
  const hidden = text
    .split('.')
    .slice(1)
    .find((part) => (part[0] ?? '').toUpperCase() !== part[0]);
  if (hidden !== undefined) {
    throw fault(`Unable to access unexported field '${hidden}' in token '${text}'`);
  }
  return { kind: 'ACCESSOR', value: text };
}

const DATE = /^\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?(?:Z|[+-]\d{2}:?\d{2})?$/;

/** A quoted text; one that is a date becomes its seconds since 1970, as in govaluate. */
function readQuoted(cursor: Cursor): Token {
  cursor.at++;
  const { text, closed } = readWhile(cursor, (character) => !isQuote(character), 'keep');
  if (!closed) throw fault('Unclosed string literal');
  cursor.at++;
  const zoned = /[Zz]|[+-]\d{2}:?\d{2}$/.test(text.slice(10));
  const time = DATE.test(text)
    ? Date.parse(zoned || text.length === 10 ? text : `${text}Z`)
    : Number.NaN;
  if (Number.isNaN(time)) return { kind: 'STRING', value: text };
  return { kind: 'TIME', value: Math.floor(time / 1000) };
}
