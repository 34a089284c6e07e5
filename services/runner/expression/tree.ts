import { fault } from '../fault.ts';
import type { Fault } from '../fault.ts';

/** One node of a parsed expression; `at` is the place in the source, in characters. */
export type Tree =
  | { op: 'nil'; at: number }
  | { op: 'literal'; at: number; value: string | bigint | number | boolean }
  | { op: 'name'; at: number; name: string }
  | { op: 'unary'; at: number; symbol: string; operand: Tree }
  | { op: 'binary'; at: number; symbol: string; left: Tree; right: Tree }
  | { op: 'chain'; at: number; inner: Tree }
  | { op: 'member'; at: number; base: Tree; property: Tree; optional: boolean }
  | { op: 'slice'; at: number; base: Tree; from: Tree | null; to: Tree | null }
  | { op: 'call'; at: number; callee: Tree; args: Tree[] }
  | { op: 'builtin'; at: number; name: string; args: Tree[] }
  | { op: 'predicate'; at: number; body: Tree }
  | { op: 'pointer'; at: number; name: string }
  | { op: 'let'; at: number; name: string; value: Tree; body: Tree }
  | { op: 'sequence'; at: number; parts: Tree[] }
  | { op: 'choose'; at: number; test: Tree; yes: Tree; no: Tree }
  | { op: 'list'; at: number; items: Tree[] }
  | { op: 'map'; at: number; pairs: { key: Tree; value: Tree }[] };

/** The nodes directly below a node. */
export function childrenOf(tree: Tree): Tree[] {
  switch (tree.op) {
    case 'unary':
      return [tree.operand];
    case 'binary':
      return [tree.left, tree.right];
    case 'chain':
      return [tree.inner];
    case 'member':
      return [tree.base, tree.property];
    case 'slice':
      return [tree.base, tree.from, tree.to].filter((part) => part !== null);
    case 'call':
      return [tree.callee, ...tree.args];
    case 'builtin':
      return tree.args;
    case 'predicate':
      return [tree.body];
    case 'let':
      return [tree.value, tree.body];
    case 'sequence':
      return tree.parts;
    case 'choose':
      return [tree.test, tree.yes, tree.no];
    case 'list':
      return tree.items;
    case 'map':
      return tree.pairs.flatMap(({ key, value }) => [key, value]);
    default:
      return [];
  }
}

/** A fault that shows the place in the source, in the words and the layout of expr. */
export function faultAt(source: string, at: number, message: string): Fault {
  const before = Array.from(source).slice(0, at).join('');
  const lineStart = before.lastIndexOf('\n') + 1;
  const line = before.split('\n').length;
  const column = before.slice(lineStart).length;
  const text = (source.slice(lineStart).split('\n')[0] ?? '').replaceAll('\t', ' ');
  if (text === '') return fault(message);
  return fault(`${message} (${line}:${column + 1})\n | ${text}\n | ${'.'.repeat(column)}^`);
}
