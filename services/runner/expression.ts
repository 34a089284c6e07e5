import { checkTree } from './expression/check.ts';
import { fromJson, toFloat, toInt } from './expression/builtin.ts';
import { OUTSIDE, isBuiltin } from './expression/names.ts';
import { parseExpression } from './expression/parse.ts';
import { runTree } from './expression/run.ts';
import { SPRIG } from './expression/sprig.ts';
import { childrenOf } from './expression/tree.ts';
import type { Tree } from './expression/tree.ts';
import { asText, isMapValue, valueText } from './expression/value.ts';
import type { Value, ValueMap } from './expression/value.ts';
import { attempt, fault } from './fault.ts';
import { goJson } from './json-text.ts';
import { queryPath } from './json-path.ts';

const trees = new Map<string, Tree>();
const TREES_MAX = 2000;

/** The parsed form of an expression, kept for the next time. */
export function parseCached(source: string): Tree {
  let tree = trees.get(source);
  if (tree === undefined) {
    tree = parseExpression(source);
    if (trees.size >= TREES_MAX) trees.clear();
    trees.set(source, tree);
  }
  return tree;
}

/** What Argo adds to the language. */
export const EXTRA: ValueMap = {
  asInt: (value = null) => toInt(value),
  asFloat: (value = null) => toFloat(value),
  jsonpath: (text = null, path = null) => queryPath(fromJson(asText(text)), asText(path)),
  toJson: (value = null) => goJson(value),
  sprig: { ...SPRIG },
};

/**
 * The names an expression sees: `tasks.a.status` becomes a map in a map. Where one name is the
 * beginning of another (`workflow.parameters` and `workflow.parameters.x`), the shorter one is left
 * out, as in Argo.
 */
export function expressionEnv(variables: Iterable<readonly [string, Value]>): ValueMap {
  const root: ValueMap = {};
  const entries = [...variables].toSorted(([a], [b]) => a.length - b.length);
  for (const [name, value] of entries) {
    const parts = name.split('.');
    const last = parts.pop() ?? '';
    let map = root;
    for (const part of parts) {
      const found = Object.hasOwn(map, part) ? map[part] : undefined;
      map = isMapValue(found) ? found : setMember(map, part, {});
    }
    setMember(map, last, value);
  }
  return Object.assign(root, EXTRA);
}

function setMember<T extends Value>(map: ValueMap, key: string, value: T): T {
  Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true });
  return value;
}

/** Checks and evaluates an expression; a fault holds expr's own message and the place. */
export function evaluateExpression(source: string, env: ValueMap): Value {
  const tree = parseCached(source);
  checkTree(tree, source, env);
  return runTree(tree, source, env);
}

/** Evaluates a condition (`depends`, a hook, a retry). */
export function evaluateCondition(source: string, env: ValueMap): boolean {
  const tree = parseCached(source);
  checkTree(tree, source, env);
  const result = attempt(
    () => runTree(tree, source, env),
    `unable to evaluate expression '${source}': `,
  );
  if ('fault' in result) throw result.fault;
  if (typeof result.value === 'boolean') return result.value;
  throw fault(`unable to cast expression result '${valueText(result.value)}' to bool`);
}

/**
 * The names an expression reads, as dotted paths, apart from those that `??` or `?.` guard. A path
 * of which only the beginning is constant is left out.
 */
export function namesOf(source: string): string[] {
  const tree = parseCached(source);
  const guarded = new Set<Tree>();
  walk(tree, (node) => markGuarded(node, guarded));
  const names = new Set<string>();
  walk(tree, (node) => {
    if (guarded.has(node)) return;
    if (node.op === 'name') names.add(node.name);
    const path = node.op === 'member' ? memberPath(node) : null;
    if (path !== null) names.add(path);
  });
  return [...names];
}

/** Visits every node of an expression, from the outside in. */
export function walk(tree: Tree, visit: (node: Tree) => void): void {
  visit(tree);
  for (const child of childrenOf(tree)) walk(child, visit);
}

function markGuarded(node: Tree, guarded: Set<Tree>): void {
  if (node.op === 'binary' && node.symbol === '??') {
    walk(node.left, (inner) => {
      if (inner.op === 'member') guarded.add(inner);
    });
  }
  if (node.op === 'member' && node.optional && node.base.op === 'member') guarded.add(node.base);
}

function memberPath(member: Extract<Tree, { op: 'member' }>): string | null {
  const { base, property, optional } = member;
  if (optional || property.op !== 'literal' || typeof property.value !== 'string') return null;
  if (base.op === 'name') return `${base.name}.${property.value}`;
  const path = base.op === 'member' ? memberPath(base) : null;
  return path === null ? null : `${path}.${property.value}`;
}

/** True when the dotted path leads to a value in the names, nil or not. */
export function hasName(env: ValueMap, path: string): boolean {
  let value: Value = env;
  for (const part of path.split('.')) {
    if (!isMapValue(value) || !Object.hasOwn(value, part)) return false;
    value = value[part] ?? null;
  }
  return true;
}

/**
 * What of an expression is outside the subset, for a refusal before the run; `null` when nothing
 * is.
 */
export function outsideSubset(source: string): string | null {
  const parsed = attempt(() => parseCached(source));
  // Argo accepts a file with bad syntax and fails the task; so does the run.
  if ('fault' in parsed) return null;
  let found: string | null = null;
  walk(parsed.value, (node) => {
    if (node.op === 'builtin' && OUTSIDE.has(node.name)) found ??= `the function ${node.name}`;
    if (node.op === 'member' && node.base.op === 'name' && node.base.name === 'sprig') {
      const name = node.property.op === 'literal' ? String(node.property.value) : '';
      if (!Object.hasOwn(SPRIG, name)) found ??= `the function sprig.${name}`;
    }
    if (node.op !== 'call' || node.callee.op !== 'name') return;
    const { name } = node.callee;
    if (!isBuiltin(name) && !Object.hasOwn(EXTRA, name)) found ??= `the function ${name}`;
  });
  return found;
}
