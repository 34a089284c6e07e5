import { createHash } from 'node:crypto';

import { fromJson } from './builtin.ts';
import { isMapValue, isNumber, sameValue, typeName, valueText } from './value.ts';
import type { Value, ValueFunction } from './value.ts';
import { fault } from '../fault.ts';
import { goJson } from '../json-text.ts';
import { goPattern } from '../go-pattern.ts';

/** A text argument; sprig turns other scalars into text first. */
const text = (value: Value | undefined): string => {
  if (typeof value === 'string') return value;
  throw fault(`reflect: Call using ${typeName(value)} as type string`);
};
const whole = (value: Value | undefined): bigint => {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return BigInt(Math.trunc(value));
  if (typeof value === 'boolean') return value ? 1n : 0n;
  const match = /^\s*([+-]?\d+)\s*$/.exec(valueText(value));
  return match === null ? 0n : BigInt((match[1] ?? '0').replace('+', ''));
};
const real = (value: Value | undefined): number => {
  const found = isNumber(value) ? Number(value) : Number(valueText(value));
  return Number.isFinite(found) ? found : 0;
};
const list = (value: Value | undefined): Value[] => {
  if (Array.isArray(value)) return value;
  throw fault(`Cannot work on type ${typeName(value)}`);
};
const isEmpty = (value: Value | undefined): boolean => {
  if (value === null || value === undefined || value === '' || value === false) return true;
  if (isNumber(value)) return Number(value) === 0;
  if (Array.isArray(value)) return value.length === 0;
  return isMapValue(value) && Object.keys(value).length === 0;
};

const hex = (algorithm: string, value: Value | undefined): string =>
  createHash(algorithm).update(text(value)).digest('hex');

const title = (value: string): string =>
  value.replace(/(^|[^\p{L}\p{N}_'])(\p{L})/gu, (_, before: string, letter: string) => {
    return before + letter.toUpperCase();
  });

function substr(from: Value | undefined, to: Value | undefined, value: Value | undefined): string {
  const body = text(value);
  const [start, end] = [Number(whole(from)), Number(whole(to))];
  if (start < 0) return body.slice(0, Math.max(0, end));
  if (end < 0 || end > body.length) return body.slice(start);
  return body.slice(start, end);
}

function trunc(length: Value | undefined, value: Value | undefined): string {
  const body = text(value);
  const count = Number(whole(length));
  if (count < 0) return body.length + count > 0 ? body.slice(count) : body;
  return body.slice(0, count);
}

function dict(...pairs: Value[]): Value {
  const entries: [string, Value][] = [];
  for (let at = 0; at < pairs.length; at += 2) {
    entries.push([valueText(pairs[at]), pairs[at + 1] ?? '']);
  }
  return Object.fromEntries(entries);
}

function splitMap(separator: Value | undefined, value: Value | undefined): Value {
  const parts = text(value).split(text(separator));
  return Object.fromEntries(parts.map((part, index) => [`_${index}`, part]));
}

function range(from: bigint, to: bigint, step: bigint): Value {
  if (step === 0n || (to - from) / step > 1_000_000n) throw fault('memory budget exceeded');
  const found: Value[] = [];
  for (let at = from; step > 0n ? at < to : at > to; at += step) found.push(at);
  return found;
}

const fold = (args: readonly Value[], work: (a: bigint, b: bigint) => bigint): Value =>
  args.map((arg) => whole(arg)).reduce((a, b) => work(a, b));

const replacement = (value: string): string => value.replaceAll(/\$\{(\w+)\}/g, '$$$1');

/** The functions of sprig in common use, with sprig's order of arguments (the value comes last). */
export const SPRIG: Readonly<Record<string, ValueFunction>> = {
  upper: (v) => text(v).toUpperCase(),
  lower: (v) => text(v).toLowerCase(),
  title: (v) => title(text(v)),
  untitle: (v) => text(v).replace(/^./u, (c) => c.toLowerCase()),
  trim: (v) => text(v).trim(),
  nospace: (v) => text(v).replaceAll(/\s/g, ''),
  trimAll: (set, v) => trimSet(text(v), text(set), 'both'),
  trimPrefix: (part, v) =>
    text(v).startsWith(text(part)) ? text(v).slice(text(part).length) : text(v),
  trimSuffix: (part, v) => {
    const [body, cut] = [text(v), text(part)];
    return cut !== '' && body.endsWith(cut) ? body.slice(0, -cut.length) : body;
  },
  repeat: (count, v) => {
    if (text(v).length * Number(whole(count)) > 1e6) throw fault('memory budget exceeded');
    return text(v).repeat(Math.max(0, Number(whole(count))));
  },
  substr,
  trunc,
  replace: (from, to, v) => text(v).replaceAll(text(from), () => text(to)),
  contains: (part, v) => text(v).includes(text(part)),
  hasPrefix: (part, v) => text(v).startsWith(text(part)),
  hasSuffix: (part, v) => text(v).endsWith(text(part)),
  quote: (...vs) => vs.map((v) => JSON.stringify(valueText(v))).join(' '),
  squote: (...vs) => vs.map((v) => `'${valueText(v)}'`).join(' '),
  cat: (...vs) =>
    vs
      .filter((v) => v !== null)
      .map((v) => valueText(v))
      .join(' '),
  indent: (count, v) => text(v).replaceAll(/^/gm, ' '.repeat(Number(whole(count)))),
  snakecase: (v) =>
    text(v)
      .replaceAll(/([a-z\d])([A-Z])/g, '$1_$2')
      .replaceAll(/[\s-]+/g, '_')
      .toLowerCase(),
  kebabcase: (v) =>
    text(v)
      .replaceAll(/([a-z\d])([A-Z])/g, '$1-$2')
      .replaceAll(/[\s_]+/g, '-')
      .toLowerCase(),
  splitList: (sep, v) => text(v).split(text(sep)),
  split: splitMap,
  join: (glue, v) =>
    list(v)
      .map((item) => valueText(item))
      .join(text(glue)),
  sortAlpha: (v) =>
    list(v)
      .map((item) => valueText(item))
      .toSorted(),
  regexMatch: (pattern, v) => goPattern(text(pattern)).test(text(v)),
  regexFind: (pattern, v) => goPattern(text(pattern)).exec(text(v))?.[0] ?? '',
  regexReplaceAll: (pattern, v, to) => {
    const found = goPattern(text(pattern));
    return text(v).replaceAll(new RegExp(found.source, `${found.flags}g`), replacement(text(to)));
  },
  atoi: (v) => whole(v),
  int: (v) => whole(v),
  int64: (v) => whole(v),
  float64: (v) => real(v),
  toString: (v?: Value) => valueText(v),
  toStrings: (v) => list(v).map((item) => valueText(item)),
  add: (...vs) => fold(vs, (a, b) => a + b),
  mul: (...vs) => fold(vs, (a, b) => a * b),
  add1: (v) => whole(v) + 1n,
  sub: (a, b) => whole(a) - whole(b),
  div: (a, b) => divide(whole(a), whole(b)),
  mod: (a, b) => whole(a) - divide(whole(a), whole(b)) * whole(b),
  max: (...vs) => fold(vs, (a, b) => (a > b ? a : b)),
  min: (...vs) => fold(vs, (a, b) => (a < b ? a : b)),
  floor: (v) => Math.floor(real(v)),
  ceil: (v) => Math.ceil(real(v)),
  round: (v, places) => Math.round(real(v) * 10 ** real(places)) / 10 ** real(places),
  until: (count) => range(0n, whole(count), 1n),
  untilStep: (from, to, step) => range(whole(from), whole(to), whole(step)),
  default: (given, v) => (isEmpty(v) ? (given ?? null) : (v ?? null)),
  empty: (v) => isEmpty(v),
  coalesce: (...vs) => vs.find((v) => !isEmpty(v)) ?? null,
  ternary: (yes = null, no = null, test = false) => (test === true ? yes : no),
  list: (...vs) => vs,
  tuple: (...vs) => vs,
  dict,
  first: (v) => list(v)[0] ?? null,
  last: (v) => list(v).at(-1) ?? null,
  rest: (v) => list(v).slice(1),
  initial: (v) => list(v).slice(0, -1),
  append: (v, item = null) => [...list(v), item],
  prepend: (v, item = null) => [item, ...list(v)],
  concat: (...vs) => vs.flatMap((v) => list(v)),
  reverse: (v) => list(v).toReversed(),
  compact: (v) => list(v).filter((item) => !isEmpty(item)),
  uniq: (v) => list(v).filter((item, at, all) => all.findIndex((x) => sameValue(x, item)) === at),
  has: (item, v) => list(v).some((other) => sameValue(other, item ?? null)),
  without: (v, ...cut) => list(v).filter((item) => !cut.some((other) => sameValue(other, item))),
  get: (map, key) =>
    isMapValue(map) && Object.hasOwn(map, text(key)) ? (map[text(key)] ?? null) : '',
  hasKey: (map, key) => isMapValue(map) && Object.hasOwn(map, text(key)),
  keys: (...maps) => maps.flatMap((map) => (isMapValue(map) ? Object.keys(map).toSorted() : [])),
  toJson: (v = null) => goJson(v),
  fromJson: (v) => fromJson(text(v)),
  b64enc: (v) => Buffer.from(text(v)).toString('base64'),
  b64dec: (v) => Buffer.from(text(v), 'base64').toString(),
  sha256sum: (v) => hex('sha256', v),
  sha1sum: (v) => hex('sha1', v),
};

function divide(a: bigint, b: bigint): bigint {
  if (b === 0n) throw fault('runtime error: integer divide by zero');
  return a / b;
}

function trimSet(body: string, set: string, side: 'both' | 'left'): string {
  let characters = Array.from(body);
  while (characters.length > 0 && set.includes(characters[0] ?? ''))
    characters = characters.slice(1);
  if (side === 'left') return characters.join('');
  while (characters.length > 0 && set.includes(characters.at(-1) ?? '')) {
    characters = characters.slice(0, -1);
  }
  return characters.join('');
}
