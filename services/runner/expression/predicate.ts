import { OPERATORS } from './operator.ts';
import { isMapValue, typeName, valueText } from './value.ts';
import type { Value, ValueMap } from './value.ts';
import { fault } from '../fault.ts';

interface Element {
  element: Value;
  index: number;
  accumulator: Value;
}

interface Predicate {
  test: (element: Element) => Value;
  option: Value | undefined;
}

/** Runs a function that takes a predicate over a list (`filter`, `map`, `reduce` …). */
export function callPredicate(name: string, given: Value, predicate: Predicate): Value {
  if (isMapValue(given) && (name === 'map' || name === 'filter')) {
    throw fault(`${name} over a map is outside the subset`);
  }
  if (!Array.isArray(given))
    throw fault(`builtin ${name} takes only array (got ${typeName(given)})`);
  const list: Value[] = given;
  const value = (index: number): Value => {
    return predicate.test({ element: list[index] ?? null, index, accumulator: null });
  };
  const holds = (index: number): boolean => {
    const found = value(index);
    if (typeof found === 'boolean') return found;
    throw fault(`interface conversion: interface {} is ${typeName(found)}, not bool`);
  };
  const places = list.map((_, index) => index);
  switch (name) {
    case 'all':
      return places.every((index) => holds(index));
    case 'none':
      return !places.some((index) => holds(index));
    case 'any':
      return places.some((index) => holds(index));
    case 'one':
      return places.filter((index) => holds(index)).length === 1;
    case 'filter':
      return places.filter((index) => holds(index)).map((index) => list[index] ?? null);
    case 'map':
      return places.map((index) => value(index));
    case 'count':
      return BigInt(places.filter((index) => holds(index)).length);
    case 'sum':
      return places.map((index) => value(index)).reduce<Value>((a, b) => add(a, b), 0n);
    case 'groupBy':
      return groups(list, value);
    case 'sortBy':
      return sorted(
        list,
        places.map((index) => value(index)),
        predicate.option,
      );
    case 'reduce':
      return reduce(list, predicate);
    default:
      return find(name, list, { places, holds });
  }
}

function add(left: Value, right: Value): Value {
  return OPERATORS['+']?.(left, right) ?? null;
}

function find(
  name: string,
  list: readonly Value[],
  { places, holds }: { places: readonly number[]; holds: (index: number) => boolean },
): Value {
  const fromEnd = name.startsWith('findLast');
  const found = fromEnd
    ? places.findLast((index) => holds(index))
    : places.find((index) => holds(index));
  if (name.endsWith('Index')) return found === undefined ? null : BigInt(found);
  return found === undefined ? null : (list[found] ?? null);
}

function groups(list: readonly Value[], value: (index: number) => Value): Value {
  const found: ValueMap = {};
  for (const [index, item] of list.entries()) {
    const key = valueText(value(index));
    const group = Object.hasOwn(found, key) ? found[key] : undefined;
    if (Array.isArray(group)) group.push(item);
    else found[key] = [item];
  }
  return found;
}

function sorted(list: readonly Value[], keys: readonly Value[], option: Value | undefined): Value {
  const order = option === undefined ? 'asc' : valueText(option);
  if (order !== 'asc' && order !== 'desc') {
    throw fault(`invalid order ${order}, expected asc or desc`);
  }
  const less = (a: number, b: number): boolean => {
    return OPERATORS['<']?.(keys[a] ?? null, keys[b] ?? null) === true;
  };
  const places = list.map((_, index) => index);
  places.sort((a, b) => (less(a, b) ? -1 : less(b, a) ? 1 : 0));
  if (order === 'desc') places.reverse();
  return places.map((index) => list[index] ?? null);
}

function reduce(list: readonly Value[], { test, option }: Predicate): Value {
  if (list.length === 0 && option === undefined)
    throw fault('reduce of empty array with no initial value');
  const start = option === undefined ? 1 : 0;
  let accumulator = option === undefined ? (list[0] ?? null) : option;
  for (let index = start; index < list.length; index++) {
    accumulator = test({ element: list[index] ?? null, index, accumulator });
  }
  return accumulator;
}
