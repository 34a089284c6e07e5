import type { Reader } from './reader.ts';
import type { Tree } from './tree.ts';

/** Reads what follows a value: `.name`, `?.name`, `[index]`, `[from:to]` and `(arguments)`. */
export function parsePostfix(reader: Reader, given: Tree): Tree {
  let tree = given;
  for (;;) {
    const token = reader.current();
    if (reader.take('operator', '.')) tree = parseName(reader, tree, false);
    else if (reader.take('operator', '?.')) {
      tree = reader.is('bracket', '[')
        ? parseIndex(reader, tree, true)
        : parseName(reader, tree, true);
    } else if (token.kind === 'bracket' && token.text === '[')
      tree = parseIndex(reader, tree, false);
    else return tree;
  }
}

function parseName(reader: Reader, given: Tree, optional: boolean): Tree {
  const token = reader.next();
  if (token.kind === 'end') throw reader.fail(token, 'unexpected end of expression');
  const named = token.kind === 'name' || (token.kind === 'operator' && /^[a-z]/i.test(token.text));
  if (!named) throw reader.fail(token, 'expected name');
  const inChain = given.op === 'chain';
  const base = given.op === 'chain' ? given.inner : given;
  const { at } = token;
  const property: Tree = { op: 'literal', at, value: token.text };
  let tree: Tree = { op: 'member', at, base, property, optional };
  if (reader.take('bracket', '(')) tree = { op: 'call', at, callee: tree, args: readArgs(reader) };
  return inChain || optional ? { op: 'chain', at, inner: tree } : tree;
}

function readArgs(reader: Reader): Tree[] {
  const args: Tree[] = [];
  while (!reader.is('bracket', ')')) {
    if (args.length > 0) reader.expect('operator', ',');
    if (reader.is('bracket', ')')) break;
    args.push(reader.grammar.expression(reader, 0));
  }
  reader.expect('bracket', ')');
  return args;
}

function parseIndex(reader: Reader, base: Tree, optional: boolean): Tree {
  const { at } = reader.expect('bracket', '[');
  const from = reader.is('operator', ':') ? null : reader.grammar.expression(reader, 0);
  if (reader.take('operator', ':')) {
    const to = reader.is('bracket', ']') ? null : reader.grammar.expression(reader, 0);
    reader.expect('bracket', ']');
    return { op: 'slice', at, base, from, to };
  }
  reader.expect('bracket', ']');
  const property = from ?? { op: 'nil' as const, at };
  const member: Tree = { op: 'member', at, base, property, optional };
  return optional ? { op: 'chain', at, inner: member } : member;
}
