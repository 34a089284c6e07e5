import { tokenize } from './lex.ts';
import type { Token } from './lex.ts';
import { faultAt } from './tree.ts';
import type { Tree } from './tree.ts';
import type { Fault } from '../fault.ts';

/** The parts of the grammar that refer to each other across files. */
export interface Grammar {
  sequence: (reader: Reader) => Tree;
  expression: (reader: Reader, precedence: number) => Tree;
  call: (reader: Reader, name: { text: string; at: number }, given: Tree[]) => Tree;
}

/** A cursor over the tokens of one expression. */
export interface Reader {
  readonly grammar: Grammar;
  current(): Token;
  peek(): Token;
  next(): Token;
  is(kind: Token['kind'], text: string): boolean;
  /** Steps over the token when it is this one. */
  take(kind: Token['kind'], text: string): boolean;
  /** Steps over the token, which must be this one. */
  expect(kind: Token['kind'], text?: string): Token;
  fail(token: { at: number }, message: string): Fault;
  unexpected(token?: Token, prefix?: string): Fault;
  /** Bounds the depth of the recursion: `enter` on the way down, `leave` on the way up. */
  enter(): void;
  leave(tree: Tree): Tree;
  predicate(read: () => Tree): Tree;
  inPredicate(): boolean;
}

const DEPTH_MAX = 200;
const KIND_NAMES = {
  name: 'Identifier',
  number: 'Number',
  string: 'String',
  operator: 'Operator',
  bracket: 'Bracket',
  end: 'EOF',
} as const;

/** Starts reading a source. */
export function createReader(source: string, grammar: Grammar): Reader {
  const tokens = tokenize(source);
  const end = tokens.at(-1) ?? { kind: 'end' as const, text: 'EOF', at: 0 };
  let position = 0;
  let depth = 0;
  let predicates = 0;
  const reader: Reader = {
    grammar,
    current: () => tokens[position] ?? end,
    peek: () => tokens[position + 1] ?? end,
    next: () => tokens[position++] ?? end,
    is: (kind, text) => reader.current().kind === kind && reader.current().text === text,
    take: (kind, text) => {
      const found = reader.is(kind, text);
      if (found) position++;
      return found;
    },
    expect: (kind, text) => {
      const token = reader.current();
      if (token.kind !== kind || (text !== undefined && token.text !== text))
        throw reader.unexpected();
      position++;
      return token;
    },
    fail: (token, message) => faultAt(source, token.at, message),
    unexpected: (token = reader.current(), prefix = '') => {
      const shown =
        token.kind === 'end' ? 'EOF' : `${KIND_NAMES[token.kind]}(${JSON.stringify(token.text)})`;
      return reader.fail(token, `${prefix}unexpected token ${shown}${prefix === '' ? '' : ')'}`);
    },
    enter: () => {
      depth++;
      if (depth > DEPTH_MAX)
        throw reader.fail(reader.current(), 'the expression is nested too deep');
    },
    leave: (tree) => {
      depth--;
      return tree;
    },
    predicate: (read) => {
      predicates++;
      const tree = read();
      predicates--;
      return tree;
    },
    inPredicate: () => predicates > 0,
  };
  return reader;
}
