import { fault } from '../fault.ts';
import { floatText } from '../go-text.ts';

/**
 * A value of an expression, with Go's types: `bigint` is an int, `number` a float64, `null` is nil.
 * Lists are arrays, maps are objects without a prototype's names in the way (`Object.hasOwn` is
 * asked first).
 */
export type Value = null | boolean | bigint | number | string | Value[] | ValueMap | ValueFunction;
export interface ValueMap {
  [key: string]: Value;
}
export type ValueFunction = (...args: Value[]) => Value;

export function isMapValue(value: Value | undefined): value is ValueMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The name of the value's type as Go prints it. */
export function typeName(value: Value | undefined): string {
  if (value === null || value === undefined) return '<nil>';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return 'float64';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'function') return 'func';
  return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
}

/** The value as Go's `%v` prints it. */
export function valueText(value: Value | undefined): string {
  if (value === null || value === undefined) return '<nil>';
  if (typeof value === 'number') return floatText(value);
  if (Array.isArray(value)) return `[${value.map((item) => valueText(item)).join(' ')}]`;
  if (!isMapValue(value)) return String(value);
  const keys = Object.keys(value).toSorted();
  return `map[${keys.map((key) => `${key}:${valueText(value[key])}`).join(' ')}]`;
}

/**
 * Equality: numbers by value whatever their type, lists and maps by content, else same type and
 * value.
 */
export function sameValue(left: Value, right: Value): boolean {
  if (isNumber(left) && isNumber(right)) return Number(left) === Number(right);
  if (Array.isArray(left) && Array.isArray(right)) {
    return (
      left.length === right.length &&
      left.every((item, index) => sameValue(item, right[index] ?? null))
    );
  }
  if (isMapValue(left) && isMapValue(right)) {
    const keys = Object.keys(left);
    return (
      keys.length === Object.keys(right).length &&
      keys.every(
        (key) => Object.hasOwn(right, key) && sameValue(left[key] ?? null, right[key] ?? null),
      )
    );
  }
  return left === right;
}

export function isNumber(value: Value | undefined): value is bigint | number {
  return typeof value === 'bigint' || typeof value === 'number';
}

/** A text, or a fault in Go's words. */
export function asText(value: Value | undefined): string {
  if (typeof value === 'string') return value;
  throw fault(`interface conversion: interface {} is ${goKind(value)}, not string`);
}

export function asList(value: Value | undefined, name: string): Value[] {
  if (Array.isArray(value)) return value;
  throw fault(`cannot ${name} ${goKind(value)}`);
}

/** A whole number for an index or a length. */
export function asIndex(value: Value | undefined): number {
  if (isNumber(value)) return Math.trunc(Number(value));
  throw fault(`invalid operation: int(${typeName(value)})`);
}

function goKind(value: Value | undefined): string {
  return value === null || value === undefined ? 'nil' : typeName(value);
}

/**
 * Member and index access, as expr does it: a missing key of a map is nil, a negative index counts
 * from the end.
 */
export function fetchMember(base: Value, key: Value): Value {
  if (base === null) throw fault(`cannot fetch ${valueText(key)} from <nil>`);
  if (Array.isArray(base) || typeof base === 'string') {
    const length = typeof base === 'string' ? Buffer.byteLength(base) : base.length;
    const asked = asIndex(key);
    const index = asked < 0 ? length + asked : asked;
    if (index < 0 || index >= length) {
      throw fault(`index out of range: ${index} (array length is ${length})`);
    }
    return typeof base === 'string' ? BigInt(Buffer.from(base)[index] ?? 0) : (base[index] ?? null);
  }
  if (isMapValue(base)) {
    if (typeof key !== 'string')
      throw fault(`cannot fetch ${valueText(key)} from ${typeName(base)}`);
    return Object.hasOwn(base, key) ? (base[key] ?? null) : null;
  }
  throw fault(`cannot fetch ${valueText(key)} from ${typeName(base)}`);
}
