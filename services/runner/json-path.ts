import { fetchMember, isMapValue } from './expression/value.ts';
import type { Value } from './expression/value.ts';
import { fault } from './fault.ts';

type Step =
  | { kind: 'key'; keys: (string | number)[] }
  | { kind: 'all' }
  | { kind: 'slice'; from: number | null; to: number | null }
  | { kind: 'deep' };

const PART =
  /\.\.|\.?\*|\.([\p{L}\p{N}_-]+)|\[\s*(\*|'[^']*'(?:\s*,\s*'[^']*')*|"[^"]*"|-?\d+(?:\s*,\s*-?\d+)*|-?\d*:-?\d*)\s*\]|([\p{L}\p{N}_-]+)/uy;

/**
 * The value at a JSONPath: `$`, `.name`, `['name']`, `[0]`, `[-1]`, `[0:2]`, `[0,1]`, `*` and `..`.
 * A path with a wildcard, a slice, a union or `..` gives a list. Filters `[?()]` are outside the
 * subset.
 */
export function queryPath(root: Value, path: string): Value {
  const steps = parsePath(path);
  let values: Value[] = [root];
  let many = false;
  for (const step of steps) {
    if (step.kind === 'deep') values = values.flatMap((value) => descendants(value));
    else if (step.kind === 'key' && step.keys.length === 1) {
      values = values.flatMap((value) => pick(value, step.keys[0] ?? '', many));
      continue;
    } else values = values.flatMap((value) => expand(value, step));
    many = true;
  }
  return many ? values : (values[0] ?? null);
}

function parsePath(path: string): Step[] {
  const steps: Step[] = [];
  PART.lastIndex = path.startsWith('$') ? 1 : 0;
  while (PART.lastIndex < path.length) {
    const at = PART.lastIndex;
    const match = PART.exec(path);
    if (match === null) {
      throw fault(
        `the JSONPath ${path} is outside the subset of a local run, at ${path.slice(at)}`,
      );
    }
    const [whole, dotted, bracket, bare] = match;
    if (whole === '..') steps.push({ kind: 'deep' });
    else if (whole.endsWith('*') || bracket === '*') steps.push({ kind: 'all' });
    else if (bracket === undefined) steps.push({ kind: 'key', keys: [dotted ?? bare ?? ''] });
    else steps.push(bracketStep(bracket));
  }
  return steps;
}

function bracketStep(text: string): Step {
  if (text.startsWith('"')) return { kind: 'key', keys: [text.slice(1, -1)] };
  if (text.startsWith("'")) {
    return { kind: 'key', keys: text.split(/\s*,\s*/).map((part) => part.slice(1, -1)) };
  }
  if (!text.includes(':')) return { kind: 'key', keys: text.split(',').map(Number) };
  const [from = '', to = ''] = text.split(':');
  return {
    kind: 'slice',
    from: from === '' ? null : Number(from),
    to: to === '' ? null : Number(to),
  };
}

/** One member. A missing one is an error, but nothing below a wildcard. */
function pick(value: Value, key: string | number, many: boolean): Value[] {
  if (typeof key === 'string' && isMapValue(value) && Object.hasOwn(value, key)) {
    return [value[key] ?? null];
  }
  if (typeof key === 'number' && Array.isArray(value)) {
    const inside = key < 0 ? -key <= value.length : key < value.length;
    if (inside) return [fetchMember(value, BigInt(key))];
  }
  if (many) return [];
  throw fault(
    typeof key === 'number'
      ? `index: invalid token out of range`
      : `key: invalid token key '${key}' not found`,
  );
}

function expand(value: Value, step: Exclude<Step, { kind: 'deep' }>): Value[] {
  if (step.kind === 'key') return step.keys.flatMap((key) => pick(value, key, true));
  if (step.kind === 'slice') {
    return Array.isArray(value) ? value.slice(step.from ?? 0, step.to ?? undefined) : [];
  }
  if (Array.isArray(value)) return value;
  if (!isMapValue(value)) return [];
  return Object.keys(value)
    .toSorted()
    .map((key) => value[key] ?? null);
}

function descendants(value: Value): Value[] {
  return [value, ...expand(value, { kind: 'all' }).flatMap((inner) => descendants(inner))];
}
