import { faultAt } from './tree.ts';
import { childrenOf } from './tree.ts';
import type { Tree } from './tree.ts';
import { isMapValue, typeName } from './value.ts';
import type { Value, ValueMap } from './value.ts';

/** What is known of a value before it is worked out; `unknown` for whatever comes out of a map. */
export type Kind = 'unknown' | 'nil' | 'bool' | 'int' | 'float64' | 'string' | 'list' | 'map';

const RESULTS: Readonly<Record<string, Kind>> = {
  len: 'int',
  int: 'int',
  count: 'int',
  indexOf: 'int',
  lastIndexOf: 'int',
  findIndex: 'int',
  float: 'float64',
  ceil: 'float64',
  floor: 'float64',
  round: 'float64',
  mean: 'float64',
  string: 'string',
  trim: 'string',
  upper: 'string',
  lower: 'string',
  replace: 'string',
  trimPrefix: 'string',
  trimSuffix: 'string',
  repeat: 'string',
  join: 'string',
  type: 'string',
  toJSON: 'string',
  toBase64: 'string',
  fromBase64: 'string',
  split: 'list',
  splitAfter: 'list',
  filter: 'list',
  map: 'list',
  keys: 'list',
  values: 'list',
  sort: 'list',
  reverse: 'list',
  all: 'bool',
  any: 'bool',
  none: 'bool',
  one: 'bool',
  hasPrefix: 'bool',
  hasSuffix: 'bool',
};
const GO_NAMES: Readonly<Record<Kind, string>> = {
  unknown: 'unknown',
  nil: 'nil',
  bool: 'bool',
  int: 'int',
  float64: 'float64',
  string: 'string',
  list: '[]interface {}',
  map: 'map[string]interface {}',
};

/**
 * Checks names and the types that are known before running, as expr's compiler does; throws the
 * first mistake. Returns what is known of the outcome.
 */
export function checkTree(tree: Tree, source: string, env: ValueMap): Kind {
  return kindOf(tree, { source, env, locals: new Set() });
}

interface Scope {
  source: string;
  env: ValueMap;
  locals: ReadonlySet<string>;
}

function kindOf(tree: Tree, scope: Scope): Kind {
  switch (tree.op) {
    case 'nil':
      return 'nil';
    case 'literal':
      return kindOfValue(tree.value);
    case 'name':
      return kindOfName(tree, scope);
    case 'unary':
      return kindOfUnary(tree, scope);
    case 'binary':
      return kindOfBinary(tree, scope);
    case 'builtin':
      visitAll(tree, scope);
      return RESULTS[tree.name] ?? 'unknown';
    case 'member':
      return kindOfMember(tree, scope);
    case 'choose': {
      checkTest(tree.test, scope);
      const [yes, no] = [kindOf(tree.yes, scope), kindOf(tree.no, scope)];
      return yes === no ? yes : 'unknown';
    }
    case 'let': {
      kindOf(tree.value, scope);
      kindOf(tree.body, { ...scope, locals: new Set([...scope.locals, tree.name]) });
      return 'unknown';
    }
    case 'list':
    case 'map':
      visitAll(tree, scope);
      return tree.op;
    default:
      visitAll(tree, scope);
      return 'unknown';
  }
}

function visitAll(tree: Tree, scope: Scope): void {
  for (const child of childrenOf(tree)) kindOf(child, scope);
}

function kindOfValue(value: Value): Kind {
  if (value === null) return 'nil';
  if (Array.isArray(value)) return 'list';
  if (isMapValue(value)) return 'map';
  return typeof value === 'function' ? 'unknown' : (typeName(value) as Kind);
}

function kindOfName(tree: Extract<Tree, { op: 'name' }>, scope: Scope): Kind {
  if (scope.locals.has(tree.name) || tree.name === '$env') return 'unknown';
  if (!Object.hasOwn(scope.env, tree.name)) {
    throw faultAt(scope.source, tree.at, `unknown name ${tree.name}`);
  }
  return kindOfValue(scope.env[tree.name] ?? null);
}

const isNumeric = (kind: Kind): boolean => kind === 'int' || kind === 'float64';

function kindOfUnary(tree: Extract<Tree, { op: 'unary' }>, scope: Scope): Kind {
  const kind = kindOf(tree.operand, scope);
  const logical = tree.symbol === '!' || tree.symbol === 'not';
  if (kind === 'unknown') return logical ? 'bool' : 'unknown';
  if (logical ? kind === 'bool' : isNumeric(kind)) return kind;
  const text = `invalid operation: ${tree.symbol} (mismatched type ${GO_NAMES[kind]})`;
  throw faultAt(scope.source, tree.at, text);
}

function checkTest(test: Tree, scope: Scope): void {
  const kind = kindOf(test, scope);
  if (kind === 'bool' || kind === 'unknown') return;
  const text = `non-bool expression (type ${GO_NAMES[kind]}) used as condition`;
  throw faultAt(scope.source, test.at, text);
}

/** A member of a literal or of a variable that is known to be a text. */
function kindOfMember(tree: Extract<Tree, { op: 'member' }>, scope: Scope): Kind {
  const base = kindOf(tree.base, scope);
  const property = kindOf(tree.property, scope);
  const wrong = wrongMember(base, property, tree.property);
  if (wrong !== null) throw faultAt(scope.source, tree.property.at, wrong);
  return 'unknown';
}

function wrongMember(base: Kind, property: Kind, tree: Tree): string | null {
  if (base === 'unknown') return null;
  const name = tree.op === 'literal' && typeof tree.value === 'string' ? tree.value : null;
  if (base === 'nil') return name === null ? null : `type nil has no field ${name}`;
  if (base === 'list') {
    if (property !== 'string') return null;
    return 'array elements can only be selected using an integer (got string)';
  }
  if (base === 'map') {
    if (property === 'string' || property === 'unknown') return null;
    return `cannot use ${GO_NAMES[property]} to get an element from map[string]interface {}`;
  }
  if (name !== null) return `type ${GO_NAMES[base]} has no field ${name}`;
  return `type ${GO_NAMES[base]}[${GO_NAMES[property]}] is undefined`;
}

function kindOfBinary(tree: Extract<Tree, { op: 'binary' }>, scope: Scope): Kind {
  const left = kindOf(tree.left, scope);
  const right = kindOf(tree.right, scope);
  const result = combined(tree.symbol, left, right);
  if (result !== null) return result;
  const types = `mismatched types ${GO_NAMES[left]} and ${GO_NAMES[right]}`;
  throw faultAt(scope.source, tree.at, `invalid operation: ${tree.symbol} (${types})`);
}

/** True when both sides may be of one of these kinds, whichever of them is not known yet. */
function compatible(left: Kind, right: Kind, kinds: readonly Kind[]): boolean {
  if (left === 'unknown') return right === 'unknown' || kinds.includes(right);
  return right === 'unknown' && kinds.includes(left);
}

function combined(symbol: string, left: Kind, right: Kind): Kind | null {
  const numeric = isNumeric(left) && isNumeric(right);
  const texts = left === 'string' && right === 'string';
  const numbers: Kind[] = ['int', 'float64'];
  switch (symbol) {
    case '==':
    case '!=':
      return comparable(left, right) ? 'bool' : null;
    case 'and':
    case '&&':
    case 'or':
    case '||':
      return (left === 'bool' && right === 'bool') || compatible(left, right, ['bool'])
        ? 'bool'
        : null;
    case '<':
    case '>':
    case '<=':
    case '>=':
      return numeric || texts || compatible(left, right, [...numbers, 'string']) ? 'bool' : null;
    case '+':
      if (numeric) return left === 'int' && right === 'int' ? 'int' : 'float64';
      if (texts) return 'string';
      return compatible(left, right, [...numbers, 'string']) ? 'unknown' : null;
    case '-':
    case '*':
      if (numeric) return left === 'int' && right === 'int' ? 'int' : 'float64';
      return compatible(left, right, numbers) ? 'unknown' : null;
    case '/':
    case '**':
    case '^':
      return numeric || compatible(left, right, numbers) ? 'float64' : null;
    case '%':
      return (left === 'int' && right === 'int') || compatible(left, right, ['int']) ? 'int' : null;
    case '..':
      return (left === 'int' && right === 'int') || compatible(left, right, ['int'])
        ? 'list'
        : null;
    case 'matches':
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      return texts || compatible(left, right, ['string']) ? 'bool' : null;
    case 'in':
      if (right === 'unknown' || right === 'list' || right === 'map') return 'bool';
      return left === 'unknown' && right === 'string' ? 'bool' : null;
    default:
      return 'unknown';
  }
}

function comparable(left: Kind, right: Kind): boolean {
  if ([left, right].some((kind) => kind === 'unknown' || kind === 'nil')) return true;
  return left === right || (isNumeric(left) && isNumeric(right));
}
