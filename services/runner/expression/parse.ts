import { isBuiltin, predicateArgs } from './names.ts';
import { numberTree } from './number.ts';
import { parsePostfix } from './postfix.ts';
import { createReader } from './reader.ts';
import type { Reader } from './reader.ts';
import type { Tree } from './tree.ts';

const UNARY: Readonly<Record<string, number>> = { not: 50, '!': 50, '-': 90, '+': 90 };
const BINARY: Readonly<Record<string, number>> = {
  '|': 0,
  or: 10,
  '||': 10,
  and: 15,
  '&&': 15,
  '==': 20,
  '!=': 20,
  '<': 20,
  '>': 20,
  '>=': 20,
  '<=': 20,
  in: 20,
  matches: 20,
  contains: 20,
  startsWith: 20,
  endsWith: 20,
  '..': 25,
  '+': 30,
  '-': 30,
  '*': 60,
  '/': 60,
  '%': 60,
  '**': 100,
  '^': 100,
  '??': 500,
};
const RIGHT = new Set(['**', '^']);
const COMPARISONS = new Set(['<', '>', '>=', '<=']);
const NEGATABLE = new Set(['contains', 'matches', 'startsWith', 'endsWith', 'in']);

/**
 * Parses an expression of the language expr (github.com/expr-lang/expr); a fault shows the place of
 * a mistake.
 */
export function parseExpression(source: string): Tree {
  const reader = createReader(source, {
    sequence: parseSequence,
    expression: parseLevel,
    call: parseCall,
  });
  const tree = parseSequence(reader);
  if (reader.current().kind !== 'end') throw reader.unexpected();
  return tree;
}

function parseSequence(reader: Reader): Tree {
  const parts = [parseLevel(reader, 0)];
  while (reader.take('operator', ';')) {
    if (reader.current().kind === 'end') break;
    parts.push(parseLevel(reader, 0));
  }
  const [first] = parts;
  return first !== undefined && parts.length === 1
    ? first
    : { op: 'sequence', at: first?.at ?? 0, parts };
}

function parseLevel(reader: Reader, precedence: number): Tree {
  reader.enter();
  if (precedence === 0 && reader.is('operator', 'let')) return reader.leave(parseLet(reader));
  if (precedence === 0 && reader.is('operator', 'if')) return reader.leave(parseIf(reader));
  let left = parsePrimary(reader);
  let previous = '';
  for (;;) {
    const next = parseBinary(reader, left, { precedence, previous });
    if (next === null) break;
    left = next.tree;
    previous = next.symbol;
  }
  return reader.leave(precedence === 0 ? parseChoice(reader, left) : left);
}

function parseBinary(
  reader: Reader,
  left: Tree,
  { precedence, previous }: { precedence: number; previous: string },
): { tree: Tree; symbol: string } | null {
  let token = reader.current();
  if (token.kind !== 'operator') return null;
  const negate = token.text === 'not';
  if (negate) {
    const after = reader.peek();
    if (!NEGATABLE.has(after.text)) throw reader.unexpected(after);
    if ((BINARY[after.text] ?? -1) < precedence) return null;
    reader.next();
    token = after;
  }
  const level = BINARY[token.text];
  if (level === undefined || level < precedence) return null;
  reader.next();
  const symbol = token.text;
  if (symbol === '|') {
    const name = reader.expect('name');
    return { tree: parseCall(reader, name, [left]), symbol };
  }
  if (previous === '??' && symbol !== '??') {
    const text = `Operator (${symbol}) and coalesce expressions (??) cannot be mixed. Wrap either by parentheses.`;
    throw reader.fail(token, text);
  }
  if (COMPARISONS.has(symbol)) return { tree: parseComparison(reader, left, token), symbol };
  const right = parseLevel(reader, RIGHT.has(symbol) ? level : level + 1);
  const binary: Tree = { op: 'binary', at: token.at, symbol, left, right };
  const tree: Tree = negate
    ? { op: 'unary', at: token.at, symbol: 'not', operand: binary }
    : binary;
  return { tree, symbol };
}

/** `a < b < c` is `a < b && b < c`. */
function parseComparison(
  reader: Reader,
  first: Tree,
  firstToken: { text: string; at: number },
): Tree {
  let left = first;
  let token = firstToken;
  let root: Tree | null = null;
  for (;;) {
    const right = parseLevel(reader, 21);
    const pair: Tree = { op: 'binary', at: token.at, symbol: token.text, left, right };
    root =
      root === null ? pair : { op: 'binary', at: token.at, symbol: '&&', left: root, right: pair };
    left = right;
    token = reader.current();
    if (reader.current().kind !== 'operator' || !COMPARISONS.has(token.text)) return root;
    reader.next();
  }
}

function parseLet(reader: Reader): Tree {
  reader.expect('operator', 'let');
  const name = reader.expect('name');
  reader.expect('operator', '=');
  const value = parseLevel(reader, 0);
  reader.expect('operator', ';');
  return { op: 'let', at: name.at, name: name.text, value, body: parseSequence(reader) };
}

function parseIf(reader: Reader): Tree {
  const { at } = reader.expect('operator', 'if');
  const test = parseLevel(reader, 0);
  const yes = parseBlock(reader);
  reader.expect('operator', 'else');
  const no = reader.is('operator', 'if') ? parseIf(reader) : parseBlock(reader);
  return { op: 'choose', at, test, yes, no };
}

function parseBlock(reader: Reader): Tree {
  reader.expect('bracket', '{');
  const tree = parseSequence(reader);
  reader.expect('bracket', '}');
  return tree;
}

function parseChoice(reader: Reader, given: Tree): Tree {
  let tree = given;
  while (reader.take('operator', '?')) {
    const short = reader.take('operator', ':');
    const yes = short ? tree : parseLevel(reader, 0);
    if (!short) reader.expect('operator', ':');
    const no = parseLevel(reader, 0);
    tree = { op: 'choose', at: reader.current().at, test: tree, yes, no };
  }
  return tree;
}

function parsePrimary(reader: Reader): Tree {
  const token = reader.current();
  const unary = token.kind === 'operator' ? UNARY[token.text] : undefined;
  if (unary !== undefined) {
    reader.next();
    const operand = parseLevel(reader, unary);
    return parsePostfix(reader, { op: 'unary', at: token.at, symbol: token.text, operand });
  }
  if (reader.take('bracket', '(')) {
    const tree = parseSequence(reader);
    reader.expect('bracket', ')');
    return parsePostfix(reader, tree);
  }
  if (reader.inPredicate() && (reader.is('operator', '#') || reader.is('operator', '.'))) {
    let name = '';
    if (reader.take('operator', '#') && reader.current().kind === 'name') {
      if (reader.current().at === token.at + 1) name = reader.next().text;
    }
    return parsePostfix(reader, { op: 'pointer', at: token.at, name });
  }
  if (reader.take('operator', '::')) {
    return parsePostfix(reader, parseCall(reader, reader.expect('name'), []));
  }
  return parsePostfix(reader, parseValue(reader));
}

function parseValue(reader: Reader): Tree {
  const token = reader.current();
  const { at } = token;
  if (token.kind === 'number') return numberTree(reader);
  if (token.kind === 'string') {
    reader.next();
    return { op: 'literal', at, value: token.text };
  }
  if (token.kind === 'name') {
    reader.next();
    if (token.text === 'true' || token.text === 'false') {
      return { op: 'literal', at, value: token.text === 'true' };
    }
    if (token.text === 'nil') return { op: 'nil', at };
    if (reader.is('bracket', '(')) return parseCall(reader, token, []);
    return { op: 'name', at, name: token.text };
  }
  if (reader.take('bracket', '[')) return { op: 'list', at, items: parseList(reader, ']') };
  if (reader.take('bracket', '{')) return parseMap(reader, at);
  throw reader.unexpected();
}

function parseList(reader: Reader, close: ']' | ')'): Tree[] {
  const items: Tree[] = [];
  while (!reader.is('bracket', close)) {
    if (items.length > 0) reader.expect('operator', ',');
    if (reader.is('bracket', close)) break;
    items.push(parseLevel(reader, 0));
  }
  reader.expect('bracket', close);
  return items;
}

function parseMap(reader: Reader, at: number): Tree {
  const pairs: { key: Tree; value: Tree }[] = [];
  while (!reader.is('bracket', '}')) {
    if (pairs.length > 0) reader.expect('operator', ',');
    if (reader.is('bracket', '}')) break;
    const token = reader.current();
    let key: Tree;
    if (token.kind === 'number' || token.kind === 'string' || token.kind === 'name') {
      reader.next();
      key = { op: 'literal', at: token.at, value: token.text };
    } else if (reader.is('bracket', '(')) key = parseLevel(reader, 0);
    else {
      throw reader.unexpected(
        token,
        'a map key must be a quoted string, a number, a identifier, or an expression enclosed in parentheses (',
      );
    }
    reader.expect('operator', ':');
    pairs.push({ key, value: parseLevel(reader, 0) });
  }
  reader.expect('bracket', '}');
  return { op: 'map', at, pairs };
}

function parseCall(reader: Reader, name: { text: string; at: number }, given: Tree[]): Tree {
  const shape = predicateArgs(name.text);
  reader.expect('bracket', '(');
  if (shape === null) {
    const args = [...given, ...parseList(reader, ')')];
    if (isBuiltin(name.text)) return { op: 'builtin', at: name.at, name: name.text, args };
    return { op: 'call', at: name.at, callee: { op: 'name', at: name.at, name: name.text }, args };
  }
  const args = [...given];
  const rest = shape.slice(given.length);
  for (const [index, part] of rest.entries()) {
    if (reader.is('bracket', ')')) {
      if (part.endsWith('?')) break;
      throw reader.fail(reader.current(), `expected at least ${rest.length} arguments`);
    }
    if (index > 0) reader.expect('operator', ',');
    args.push(part.startsWith('predicate') ? parsePredicate(reader) : parseLevel(reader, 0));
  }
  reader.take('operator', ',');
  reader.expect('bracket', ')');
  return { op: 'builtin', at: name.at, name: name.text, args };
}

function parsePredicate(reader: Reader): Tree {
  const { at } = reader.current();
  const braces = reader.take('bracket', '{');
  const body = reader.predicate(() => (braces ? parseSequence(reader) : parseLevel(reader, 0)));
  if (braces) reader.expect('bracket', '}');
  return { op: 'predicate', at, body };
}
