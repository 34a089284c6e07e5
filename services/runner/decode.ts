import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Alias, Document, LineCounter, Node, Pair } from 'yaml';

import { fieldsOf } from './fields.ts';
import type { Field, FieldType, RecordName } from './fields.ts';
import { plainScalar, textOf } from './yaml-scalar.ts';
import type { ScalarValue } from './yaml-scalar.ts';

/** One thing that is wrong with a file. `text` is Argo's own where Argo has one. */
export interface Problem {
  kind: 'syntax' | 'type' | 'unknown' | 'unsupported' | 'invalid';
  file: string;
  line: number;
  text: string;
  /** The field it is about, as `spec.templates[1].script`; empty when it is the file. */
  path: string;
}

/** What decoding gathers besides the value. */
export interface Decoding {
  file: string;
  document: Document;
  lineCounter: LineCounter;
  problems: Problem[];
  /** Where wanted: numbers and booleans that stand for texts. */
  unquoted?: { path: string; line: number }[];
  /** Line of every field, by path. */
  lines: Map<string, number>;
  aliases: number;
  nodes: number;
}

/**
 * The most aliases a file may use, counted as they are expanded, and the most values it may come
 * to.
 */
export const ALIAS_MAX = 50;
const NODE_MAX = 500_000;
const DEPTH_MAX = 100;

/** Thrown when a file is too large to go on with; already written down as a problem. */
export const TOO_LARGE = Symbol('the file is too large');

interface Place {
  path: string;
  /** The Go struct around the value and the field names to it, for Argo's words. */
  struct: string;
  depth: number;
}

/** The value of a node by its type, with every mistake written down in `state.problems`. */
export function decodeRecord(node: Node | null, name: RecordName, state: Decoding): unknown {
  return decode(
    node,
    { kind: 'record', name },
    { state, place: { path: '', struct: name, depth: 0 } },
  );
}

/** The value of a document of another kind than Argo's, with the lines of its fields. */
export function decodeOther(node: Node, state: Decoding): unknown {
  return decode(node, { kind: 'any' }, { state, place: { path: '', struct: '', depth: 0 } });
}

interface Context {
  state: Decoding;
  place: Place;
}

function decode(given: Node | null, type: FieldType, context: Context): unknown {
  const { state, place } = context;
  const node = resolveAlias(given, state);
  count(state, node, place);
  if (node === null || scalarOf(node) === null) return undefined;
  switch (type.kind) {
    case 'record':
      return decodeFields(node, type.name, context);
    case 'list':
      return decodeList(node, type.of, context);
    case 'map':
      return decodeMap(node, type.of, context);
    case 'any':
      return anyValue(node, context);
    default:
      return decodeScalar(node, type.kind, context);
  }
}

function resolveAlias(node: Node | null, state: Decoding): Node | null {
  let found = node;
  while (isAlias(found)) {
    state.aliases++;
    if (state.aliases > ALIAS_MAX) {
      tooLarge(state, found, `more than ${ALIAS_MAX} aliases are expanded`);
    }
    const alias: Alias = found;
    found = alias.resolve(state.document) ?? null;
    if (found === null) refuse(state, alias, `unknown anchor '${alias.source}' referenced`);
  }
  return found;
}

function count(state: Decoding, node: Node | null, place: Place): void {
  state.nodes++;
  if (state.nodes > NODE_MAX)
    tooLarge(state, node, `the file comes to more than ${NODE_MAX} values`);
  if (place.depth > DEPTH_MAX) tooLarge(state, node, `values are nested deeper than ${DEPTH_MAX}`);
}

function tooLarge(state: Decoding, node: Node | null, text: string): never {
  const { file } = state;
  state.problems.push({ kind: 'invalid', file, line: lineOf(node, state), text, path: '' });
  throw TOO_LARGE;
}

/** What go-yaml refuses before it looks at a type, in its words. */
function refuse({ file, lineCounter, problems }: Decoding, node: Node, text: string): void {
  const { line } = lineCounter.linePos(node.range?.[0] ?? 0);
  problems.push({ kind: 'syntax', file, line, text: `yaml: ${text}`, path: '' });
}

function lineOf(node: Node | null | undefined, state: Decoding): number {
  const offset = node?.range?.[0];
  return offset === undefined ? 1 : state.lineCounter.linePos(offset).line;
}

/** The value of a scalar; `undefined` for a list or a map. */
function scalarOf(node: Node): ScalarValue | undefined {
  if (!isScalar(node)) return undefined;
  if (node.type === 'PLAIN') return plainScalar(node.source ?? '');
  return typeof node.value === 'string' ? node.value : '';
}

function pairsOf(node: Node, state: Decoding): [string, Node | null, Node][] {
  if (!isMap(node)) return [];
  const found: [string, Node | null, Node][] = [];
  const merged: Node[] = [];
  for (const pair of node.items as Pair<Node, Node | null>[]) {
    const key = String(scalarOf(pair.key) ?? '');
    const plainMerge = key === '<<' && isScalar(pair.key) && pair.key.type === 'PLAIN';
    if (plainMerge && pair.value !== null) merged.push(pair.value);
    else found.push([key, pair.value, pair.key]);
  }
  for (const source of merged.flatMap((one) => (isSeq(one) ? (one.items as Node[]) : [one]))) {
    const target = resolveAlias(source, state);
    if (target !== null && !isMap(target)) {
      refuse(state, source, 'map merge requires map or sequence of maps as the value');
    }
    for (const pair of target === null ? [] : pairsOf(target, state)) {
      if (!found.some(([key]) => key === pair[0])) found.push(pair);
    }
  }
  return found;
}

function decodeFields(node: Node, name: RecordName, context: Context): unknown {
  if (!isMap(node)) return typeProblem(node, `v1alpha1.${goName(name)}`, context);
  const { state, place } = context;
  const fields = fieldsOf(name);
  const values = new Map<string, unknown>();
  for (const [key, value, keyNode] of pairsOf(node, state)) {
    const path = place.path === '' ? key : `${place.path}.${key}`;
    const line = lineOf(keyNode, state);
    state.lines.set(path, line);
    const field = fields.get(key);
    if (field === undefined || field.rank === 'refused') {
      state.problems.push(fieldProblem({ file: state.file, line, path }, field));
      continue;
    }
    const inner = { path, struct: goName(name), depth: place.depth + 1 };
    const decoded = decode(value, field.type, { state, place: inner });
    if (decoded !== undefined) values.set(key, decoded);
  }
  const record: Record<string, unknown> = {};
  for (const key of fields.keys()) if (values.has(key)) record[key] = values.get(key);
  return record;
}

function fieldProblem(
  { file, line, path }: { file: string; line: number; path: string },
  field: Field | undefined,
): Problem {
  if (field === undefined) {
    return { kind: 'unknown', file, line, path, text: `unknown field "${path}"` };
  }
  const text = `field "${path}" is one of Argo's that cannot be honoured outside a cluster`;
  return { kind: 'unsupported', file, line, path, text };
}

const goName = (name: RecordName): string => (name === 'Meta' ? 'ObjectMeta' : name);

function decodeList(node: Node, of: FieldType, context: Context): unknown {
  const { state, place } = context;
  if (!isSeq(node)) return typeProblem(node, `[]${goType(of)}`, context);
  return (node.items as (Node | null)[]).map((item, index) => {
    const path = `${place.path}[${index}]`;
    state.lines.set(path, lineOf(item, state));
    const value = decode(item, of, { state, place: { ...place, path, depth: place.depth + 1 } });
    if (value !== undefined) return value;
    if (of.kind === 'any') return null;
    return of.kind === 'record' ? {} : of.kind === 'list' ? [] : '';
  });
}

function decodeMap(node: Node, of: FieldType, context: Context): unknown {
  const { state, place } = context;
  if (!isMap(node)) return typeProblem(node, `map[string]${goType(of)}`, context);
  const record: Record<string, unknown> = {};
  for (const [key, value, keyNode] of pairsOf(node, state)) {
    const path = `${place.path}.${key}`;
    state.lines.set(path, lineOf(keyNode, state));
    const inner = { ...place, path, depth: place.depth + 1 };
    setOwn(record, key, decode(value, of, { state, place: inner }) ?? '');
  }
  return record;
}

/** Sets a key that came from a file: `__proto__` is a name like any other. */
function setOwn(record: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(record, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

function anyValue(node: Node, context: Context): unknown {
  const { state, place } = context;
  if (isSeq(node)) return decodeList(node, { kind: 'any' }, context);
  if (isMap(node)) {
    const record: Record<string, unknown> = {};
    for (const [key, value, keyNode] of pairsOf(node, state)) {
      const path = place.path === '' ? key : `${place.path}.${key}`;
      state.lines.set(path, lineOf(keyNode, state));
      const inner = { ...place, path, depth: place.depth + 1 };
      setOwn(record, key, decode(value, { kind: 'any' }, { state, place: inner }) ?? null);
    }
    return record;
  }
  return scalarOf(node);
}

function decodeScalar(
  node: Node,
  kind: 'string' | 'bool' | 'int' | 'intstr' | 'text',
  context: Context,
): unknown {
  const value = scalarOf(node);
  if (kind === 'text') {
    if (typeof value !== 'string') noteUnquoted(node, context);
    return textOf(value);
  }
  const whole = typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
  if (kind === 'string' && typeof value === 'string') return value;
  if (kind === 'bool' && typeof value === 'boolean') return value;
  if (kind === 'int' && whole) return Number(value);
  if (kind === 'intstr' && (whole || typeof value === 'string')) {
    return typeof value === 'string' ? value : Number(value);
  }
  return typeProblem(
    node,
    { string: 'string', bool: 'bool', int: 'int64', intstr: 'int32' }[kind],
    context,
  );
}

function noteUnquoted(node: Node, { state, place }: Context): void {
  state.unquoted?.push({ path: place.path, line: lineOf(node, state) });
}

function goType(type: FieldType): string {
  if (type.kind === 'record') return `v1alpha1.${goName(type.name)}`;
  if (type.kind === 'list') return `[]${goType(type.of)}`;
  return type.kind === 'text' ? 'v1alpha1.AnyString' : type.kind;
}

function typeProblem(node: Node, wanted: string, { state, place }: Context): undefined {
  const value = scalarOf(node);
  const found = isMap(node)
    ? 'object'
    : isSeq(node)
      ? 'array'
      : typeof value === 'boolean'
        ? 'bool'
        : typeof value === 'string'
          ? 'string'
          : 'number';
  const field = `${place.struct}.${place.path.replaceAll(/\[\d+\]/g, '')}`;
  state.problems.push({
    kind: 'type',
    file: state.file,
    line: lineOf(node, state),
    path: place.path,
    text: `json: cannot unmarshal ${found} into Go struct field ${field} of type ${wanted}`,
  });
  return undefined;
}
