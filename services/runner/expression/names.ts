/** How the arguments of a function that takes a predicate are read: `filter(list, {# > 1})`. */
const PREDICATES: Readonly<Record<string, readonly string[]>> = {
  all: ['value', 'predicate'],
  none: ['value', 'predicate'],
  any: ['value', 'predicate'],
  one: ['value', 'predicate'],
  filter: ['value', 'predicate'],
  map: ['value', 'predicate'],
  count: ['value', 'predicate?'],
  sum: ['value', 'predicate?'],
  find: ['value', 'predicate'],
  findIndex: ['value', 'predicate'],
  findLast: ['value', 'predicate'],
  findLastIndex: ['value', 'predicate'],
  groupBy: ['value', 'predicate'],
  sortBy: ['value', 'predicate', 'value?'],
  reduce: ['value', 'predicate', 'value?'],
};

const FUNCTIONS = new Set([
  'len',
  'type',
  'abs',
  'ceil',
  'floor',
  'round',
  'int',
  'float',
  'string',
  'trim',
  'trimPrefix',
  'trimSuffix',
  'upper',
  'lower',
  'split',
  'splitAfter',
  'replace',
  'repeat',
  'join',
  'indexOf',
  'lastIndexOf',
  'hasPrefix',
  'hasSuffix',
  'max',
  'min',
  'mean',
  'median',
  'toJSON',
  'fromJSON',
  'toBase64',
  'fromBase64',
  'first',
  'last',
  'get',
  'take',
  'keys',
  'values',
  'toPairs',
  'fromPairs',
  'reverse',
  'uniq',
  'concat',
  'flatten',
  'sort',
]);

/** Functions of expr that are outside the subset: they read the clock or work on bits. */
export const OUTSIDE = new Set([
  'now',
  'duration',
  'date',
  'timezone',
  'bitand',
  'bitor',
  'bitxor',
  'bitnand',
  'bitshl',
  'bitshr',
  'bitushr',
  'bitnot',
]);

/** The arguments of a predicate function, or `null` for every other name. */
export function predicateArgs(name: string): readonly string[] | null {
  return Object.hasOwn(PREDICATES, name) ? (PREDICATES[name] ?? null) : null;
}

/** True for a function of expr itself, in the subset or outside it. */
export function isBuiltin(name: string): boolean {
  return FUNCTIONS.has(name) || OUTSIDE.has(name);
}
