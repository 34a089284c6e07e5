import { OUTSIDE } from './names.ts';
import { OPERATORS } from './operator.ts';
import { asIndex, asList, asText, fetchMember, isMapValue, isNumber } from './value.ts';
import { sameValue, typeName, valueText } from './value.ts';
import type { Value, ValueFunction, ValueMap } from './value.ts';
import { fault } from '../fault.ts';
import { goJson, jsonValue, readJson } from '../json-text.ts';

const TEXT_MAX = 1_000_000;

/** Calls a function of expr itself. */
export function callBuiltin(name: string, args: readonly Value[]): Value {
  if (OUTSIDE.has(name)) throw fault(`the function ${name} is outside the subset of a local run`);
  const call = Object.hasOwn(BUILTINS, name) ? BUILTINS[name] : undefined;
  if (call === undefined) throw fault(`unknown function ${name}`);
  return call(...args);
}

/** `int(x)`: a text must be a whole number, a float loses its fraction. */
export function toInt(value: Value | undefined): Value {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return BigInt(Math.trunc(value));
  if (typeof value !== 'string') throw fault(`invalid operation: int(${typeName(value)})`);
  if (!/^[+-]?\d+$/.test(value)) throw fault(`invalid operation: int(${value})`);
  return BigInt(value.replace(/^\+/, ''));
}

/** `float(x)`. */
export function toFloat(value: Value | undefined): Value {
  if (isNumber(value)) return Number(value);
  if (typeof value !== 'string') throw fault(`invalid operation: float(${typeName(value)})`);
  const plain = value.replaceAll('_', '');
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(plain)) {
    throw fault(`invalid operation: float(${value})`);
  }
  return Number(plain);
}

/** The value that JSON text stands for, in the types of an expression. */
export function fromJson(text: string): Value {
  return jsonValue(readJson(text)) as Value;
}

function length(value: Value | undefined): Value {
  if (typeof value === 'string') return BigInt(Array.from(value).length);
  if (Array.isArray(value)) return BigInt(value.length);
  if (isMapValue(value)) return BigInt(Object.keys(value).length);
  throw fault(`invalid argument for len (type ${typeName(value)})`);
}

function rounded(name: string, round: (value: number) => number): ValueFunction {
  return (value) => {
    if (typeof value === 'bigint') return Number(value);
    if (typeof value === 'number') return round(value);
    throw fault(`invalid argument for ${name} (type ${typeName(value)})`);
  };
}

function extreme(name: string, symbol: '<' | '>'): ValueFunction {
  return (...args) => {
    const values = args.flatMap((arg) => (Array.isArray(arg) ? arg : [arg]));
    return values.reduce<Value>((best, value) => {
      if (!isNumber(value)) throw fault(`invalid argument for ${name} (type ${typeName(value)})`);
      return best === null || OPERATORS[symbol]?.(value, best) === true ? value : best;
    }, null);
  };
}

function numbers(name: string, args: readonly Value[]): number[] {
  return args
    .flatMap((arg) => (Array.isArray(arg) ? arg : [arg]))
    .map((value) => {
      if (isNumber(value)) return Number(value);
      throw fault(`invalid argument for ${name} (type ${typeName(value)})`);
    });
}

function median(values: readonly number[]): number {
  const ordered = values.toSorted((a, b) => a - b);
  const middle = Math.floor(ordered.length / 2);
  const upper = ordered[middle] ?? 0;
  return ordered.length % 2 === 1 ? upper : ((ordered[middle - 1] ?? 0) + upper) / 2;
}

function split(args: readonly Value[], keep: boolean): Value {
  const [text, separator] = [asText(args[0]), asText(args[1])];
  const parts = separator === '' ? Array.from(text) : text.split(separator);
  const whole = keep
    ? parts.map((part, at) => (at < parts.length - 1 ? part + separator : part))
    : parts;
  const limit = args[2] === undefined ? -1 : asIndex(args[2]);
  if (limit === 0) return [];
  if (limit < 0 || whole.length <= limit) return whole;
  const rest = whole.slice(limit - 1).join(keep ? '' : separator);
  return [...whole.slice(0, limit - 1), rest];
}

function trim(text: Value | undefined, set: Value | undefined): Value {
  if (set === undefined) return asText(text).replace(/^\s+|\s+$/g, '');
  const characters = Array.from(asText(text));
  const cut = new Set(asText(set));
  while (characters.length > 0 && cut.has(characters[0] ?? '')) characters.shift();
  while (characters.length > 0 && cut.has(characters.at(-1) ?? '')) characters.pop();
  return characters.join('');
}

function replace(args: readonly Value[]): Value {
  const [text, from, to] = [asText(args[0]), asText(args[1]), asText(args[2])];
  const limit = args[3] === undefined ? -1 : asIndex(args[3]);
  if (limit < 0) return text.replaceAll(from, () => to);
  let out = text;
  let at = 0;
  for (let done = 0; done < limit; done++) {
    const found = out.indexOf(from, at);
    if (found < 0) break;
    out = out.slice(0, found) + to + out.slice(found + from.length);
    at = found + to.length;
  }
  return out;
}

function repeat(text: Value | undefined, times: Value | undefined): Value {
  const [body, count] = [asText(text), asIndex(times)];
  if (count < 0)
    throw fault(`invalid argument for repeat (expected positive integer, got ${count})`);
  if (body.length * count > TEXT_MAX) throw fault('memory budget exceeded');
  return body.repeat(count);
}

function uniq(list: readonly Value[]): Value {
  const found: Value[] = [];
  for (const item of list) if (!found.some((other) => sameValue(other, item))) found.push(item);
  return found;
}

function flatten(list: readonly Value[]): Value[] {
  return list.flatMap((item) => (Array.isArray(item) ? flatten(item) : [item]));
}

function sort(list: readonly Value[], order: Value | undefined): Value {
  const copy = [...list];
  copy.sort((a, b) =>
    OPERATORS['<']?.(a, b) === true ? -1 : OPERATORS['>']?.(a, b) === true ? 1 : 0,
  );
  return order === 'desc' ? copy.toReversed() : copy;
}

function mapOf(value: Value | undefined, name: string): ValueMap {
  if (isMapValue(value)) return value;
  throw fault(`cannot ${name} ${typeName(value)}`);
}

function fromPairs(pairs: readonly Value[]): Value {
  return Object.fromEntries(
    pairs.map((pair) => {
      if (!Array.isArray(pair)) throw fault(`invalid pair ${valueText(pair)}`);
      return [valueText(pair[0]), pair[1] ?? null];
    }),
  );
}

function get(base: Value | undefined, key: Value | undefined): Value {
  if (base === null || base === undefined || key === undefined) return null;
  if (Array.isArray(base)) {
    const index = asIndex(key);
    return base.at(index) ?? null;
  }
  return fetchMember(base, key);
}

const KIND_NAMES: Readonly<Record<string, string>> = {
  '<nil>': 'nil',
  float64: 'float',
  '[]interface {}': 'array',
  'map[string]interface {}': 'map',
};

const BUILTINS: Readonly<Record<string, ValueFunction>> = {
  len: (value) => length(value),
  type: (value) => KIND_NAMES[typeName(value)] ?? typeName(value),
  abs: (value) => {
    if (!isNumber(value)) throw fault(`invalid argument for abs (type ${typeName(value)})`);
    return value < 0 ? -value : value;
  },
  ceil: rounded('ceil', Math.ceil),
  floor: rounded('floor', Math.floor),
  round: rounded('round', (value) => Math.sign(value) * Math.round(Math.abs(value))),
  int: (value) => toInt(value),
  float: (value) => toFloat(value),
  string: (value) => valueText(value),
  trim: (text, set) => trim(text, set),
  trimPrefix: (text, part = ' ') => {
    const [whole, cut] = [asText(text), asText(part)];
    return whole.startsWith(cut) ? whole.slice(cut.length) : whole;
  },
  trimSuffix: (text, part = ' ') => {
    const [whole, cut] = [asText(text), asText(part)];
    return cut !== '' && whole.endsWith(cut) ? whole.slice(0, -cut.length) : whole;
  },
  upper: (text) => asText(text).toUpperCase(),
  lower: (text) => asText(text).toLowerCase(),
  split: (...args) => split(args, false),
  splitAfter: (...args) => split(args, true),
  replace: (...args) => replace(args),
  repeat: (text, times) => repeat(text, times),
  join: (list, glue = '') =>
    asList(list, 'join')
      .map((item) => asText(item))
      .join(asText(glue)),
  indexOf: (text, part) => BigInt(asText(text).indexOf(asText(part))),
  lastIndexOf: (text, part) => BigInt(asText(text).lastIndexOf(asText(part))),
  hasPrefix: (text, part) => asText(text).startsWith(asText(part)),
  hasSuffix: (text, part) => asText(text).endsWith(asText(part)),
  max: extreme('max', '>'),
  min: extreme('min', '<'),
  mean: (...args) => {
    const values = numbers('mean', args);
    return values.length === 0 ? 0 : values.reduce((a, b) => a + b, 0) / values.length;
  },
  median: (...args) => median(numbers('median', args)),
  toJSON: (value) => JSON.stringify(JSON.parse(goJson(value)), null, 2),
  fromJSON: (text) => fromJson(asText(text)),
  toBase64: (text) => Buffer.from(asText(text)).toString('base64'),
  fromBase64: (text) => Buffer.from(asText(text), 'base64').toString(),
  first: (list) => asList(list, 'get first element from')[0] ?? null,
  last: (list) => asList(list, 'get last element from').at(-1) ?? null,
  get: (base, key) => get(base, key),
  take: (list, count) => asList(list, 'take from').slice(0, asIndex(count)),
  keys: (map) => Object.keys(mapOf(map, 'get keys from')).toSorted(),
  values: (map) => {
    const found = mapOf(map, 'get values from');
    return Object.keys(found)
      .toSorted()
      .map((key) => found[key] ?? null);
  },
  toPairs: (map) => {
    const found = mapOf(map, 'transform to pairs');
    return Object.keys(found)
      .toSorted()
      .map((key) => [key, found[key] ?? null]);
  },
  fromPairs: (pairs) => fromPairs(asList(pairs, 'transform from pairs')),
  reverse: (list) => asList(list, 'reverse').toReversed(),
  uniq: (list) => uniq(asList(list, 'uniq')),
  concat: (...lists) => lists.flatMap((list) => asList(list, 'concat')),
  flatten: (list) => flatten(asList(list, 'flatten')),
  sort: (list, order) => sort(asList(list, 'sort'), order),
};
