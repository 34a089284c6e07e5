import { callBuiltin } from './builtin.ts';
import { OPERATORS, applyUnary } from './operator.ts';
import { predicateArgs } from './names.ts';
import { callPredicate } from './predicate.ts';
import { faultAt } from './tree.ts';
import type { Tree } from './tree.ts';
import { asIndex, asText, fetchMember, typeName, valueText } from './value.ts';
import type { Value, ValueMap } from './value.ts';
import { fault, isFault } from '../fault.ts';

/** The element that a predicate looks at, and its place in the list. */
export interface Pointer {
  element: Value;
  index: number;
  accumulator: Value;
}

interface Run {
  source: string;
  env: ValueMap;
  steps: { left: number };
}

interface Frame {
  run: Run;
  pointer: Pointer | null;
  names: ReadonlyMap<string, Value>;
}

/** What a chain `a?.b.c` comes to when `a` is nil; it never leaves the chain. */
const SHORT: unique symbol = Symbol('nil in a chain');
type Maybe = Value | typeof SHORT;

/** The most nodes one evaluation may visit. */
const STEPS_MAX = 2_000_000;

/** Evaluates a parsed expression; a fault shows the place of what failed. */
export function runTree(tree: Tree, source: string, env: ValueMap): Value {
  const run: Run = { source, env, steps: { left: STEPS_MAX } };
  return evaluate(tree, { run, pointer: null, names: new Map() });
}

function evaluate(tree: Tree, frame: Frame): Value {
  const value = visit(tree, frame);
  return value === SHORT ? null : value;
}

/** Runs `work`; a fault without a place gets the place of the node. */
function located<T>(tree: Tree, frame: Frame, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    if (!isFault(thrown) || thrown.message.includes('\n | ')) throw thrown;
    throw faultAt(frame.run.source, tree.at, thrown.message);
  }
}

function visit(tree: Tree, frame: Frame): Maybe {
  frame.run.steps.left--;
  if (frame.run.steps.left < 0) throw fault('the expression runs too long');
  switch (tree.op) {
    case 'nil':
      return null;
    case 'literal':
      return tree.value;
    case 'name':
      return nameValue(tree.name, frame);
    case 'unary':
      return located(tree, frame, () => applyUnary(tree.symbol, evaluate(tree.operand, frame)));
    case 'binary':
      return visitBinary(tree, frame);
    case 'chain':
      return evaluate(tree.inner, frame);
    case 'member':
      return visitMember(tree, frame);
    case 'slice':
      return visitSlice(tree, frame);
    case 'call':
      return visitCall(tree, frame);
    case 'builtin':
      return visitBuiltin(tree, frame);
    case 'predicate':
      return evaluate(tree.body, frame);
    case 'pointer':
      return pointerValue(tree.name, frame);
    case 'let': {
      const names = new Map(frame.names).set(tree.name, evaluate(tree.value, frame));
      return evaluate(tree.body, { ...frame, names });
    }
    case 'sequence':
      return tree.parts.reduce<Value>((_, part) => evaluate(part, frame), null);
    case 'choose':
      return evaluate(truth(tree.test, frame) ? tree.yes : tree.no, frame);
    case 'list':
      return tree.items.map((item) => evaluate(item, frame));
    default:
      return Object.fromEntries(
        tree.pairs.map(({ key, value }) => [asText(evaluate(key, frame)), evaluate(value, frame)]),
      );
  }
}

function nameValue(name: string, frame: Frame): Value {
  const local = frame.names.get(name);
  if (local !== undefined) return local;
  if (name === '$env') return frame.run.env;
  return Object.hasOwn(frame.run.env, name) ? (frame.run.env[name] ?? null) : null;
}

function pointerValue(name: string, { pointer }: Frame): Value {
  if (name === 'index') return BigInt(pointer?.index ?? 0);
  if (name === 'acc') return pointer?.accumulator ?? null;
  return pointer?.element ?? null;
}

function truth(tree: Tree, frame: Frame): boolean {
  const value = evaluate(tree, frame);
  if (typeof value === 'boolean') return value;
  const kind = value === null ? 'nil' : typeName(value);
  throw faultAt(
    frame.run.source,
    tree.at,
    `interface conversion: interface {} is ${kind}, not bool`,
  );
}

function visitBinary(tree: Extract<Tree, { op: 'binary' }>, frame: Frame): Value {
  const { symbol } = tree;
  if (symbol === '&&' || symbol === 'and')
    return truth(tree.left, frame) && truth(tree.right, frame);
  if (symbol === '||' || symbol === 'or')
    return truth(tree.left, frame) || truth(tree.right, frame);
  const left = evaluate(tree.left, frame);
  if (symbol === '??') return left ?? evaluate(tree.right, frame);
  const right = evaluate(tree.right, frame);
  return located(tree, frame, () => {
    const operator = OPERATORS[symbol];
    if (operator === undefined) throw fault(`unknown operator (${symbol})`);
    return operator(left, right);
  });
}

function visitMember(tree: Extract<Tree, { op: 'member' }>, frame: Frame): Maybe {
  const base = visit(tree.base, frame);
  if (base === SHORT || (base === null && tree.optional)) return SHORT;
  const key = evaluate(tree.property, frame);
  return located(tree, frame, () => fetchMember(base, key));
}

function visitSlice(tree: Extract<Tree, { op: 'slice' }>, frame: Frame): Maybe {
  const base = visit(tree.base, frame);
  if (base === SHORT) return SHORT;
  const from = tree.from === null ? 0n : evaluate(tree.from, frame);
  const to = tree.to === null ? null : evaluate(tree.to, frame);
  return located(tree, frame, () => {
    if (typeof base === 'string') {
      const bytes = Buffer.from(base);
      const [start, end] = bounds(bytes.length, from, to);
      return bytes.subarray(start, end).toString();
    }
    if (!Array.isArray(base)) throw fault(`cannot slice ${valueText(from)}`);
    return base.slice(...bounds(base.length, from, to));
  });
}

function bounds(length: number, from: Value, to: Value): [number, number] {
  const clamp = (given: number): number => Math.max(0, given < 0 ? length + given : given);
  const end = to === null ? length : Math.min(length, clamp(asIndex(to)));
  return [Math.min(clamp(asIndex(from)), end), end];
}

function visitCall(tree: Extract<Tree, { op: 'call' }>, frame: Frame): Maybe {
  const callee = visit(tree.callee, frame);
  if (callee === SHORT) return SHORT;
  const args = tree.args.map((arg) => evaluate(arg, frame));
  return located(tree, frame, () => {
    if (typeof callee !== 'function') throw fault(`${typeName(callee)} is not callable`);
    return callee(...args);
  });
}

function visitBuiltin(tree: Extract<Tree, { op: 'builtin' }>, frame: Frame): Value {
  if (predicateArgs(tree.name) === null) {
    const args = tree.args.map((arg) => evaluate(arg, frame));
    return located(tree, frame, () => callBuiltin(tree.name, args));
  }
  const [list, predicate, extra] = tree.args;
  const given = list === undefined ? null : evaluate(list, frame);
  const test = (pointer: Pointer): Value => {
    return predicate === undefined ? pointer.element : evaluate(predicate, { ...frame, pointer });
  };
  const option = extra === undefined ? undefined : evaluate(extra, frame);
  return located(tree, frame, () => callPredicate(tree.name, given, { test, option }));
}
