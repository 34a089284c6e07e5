import { asIndex, asText, isMapValue, isNumber, sameValue, typeName } from './value.ts';
import type { Value } from './value.ts';
import { fault } from '../fault.ts';
import type { Fault } from '../fault.ts';
import { goPattern } from '../go-pattern.ts';

type Operator = (left: Value, right: Value) => Value;

const RANGE_MAX = 1_000_000;

function mismatch(left: Value, symbol: string, right: Value): Fault {
  return fault(`invalid operation: ${typeName(left)} ${symbol} ${typeName(right)}`);
}

function arithmetic(
  symbol: string,
  onInts: (a: bigint, b: bigint) => bigint,
  onFloats: (a: number, b: number) => number,
): Operator {
  return (left, right) => {
    if (typeof left === 'bigint' && typeof right === 'bigint') {
      return BigInt.asIntN(64, onInts(left, right));
    }
    if (isNumber(left) && isNumber(right)) return onFloats(Number(left), Number(right));
    if (symbol === '+' && typeof left === 'string' && typeof right === 'string')
      return left + right;
    throw mismatch(left, symbol, right);
  };
}

function comparison(symbol: string, holds: (order: number) => boolean): Operator {
  return (left, right) => {
    if (isNumber(left) && isNumber(right)) return holds(Math.sign(Number(left) - Number(right)));
    if (typeof left === 'string' && typeof right === 'string') {
      return holds(left < right ? -1 : left > right ? 1 : 0);
    }
    throw mismatch(left, symbol, right);
  };
}

function toFloat(value: Value): number {
  if (isNumber(value)) return Number(value);
  throw fault(`invalid operation: float(${typeName(value)})`);
}

const power: Operator = (left, right) => toFloat(left) ** toFloat(right);

function modulo(left: Value, right: Value): Value {
  if (typeof left !== 'bigint' || typeof right !== 'bigint') throw mismatch(left, '%', right);
  if (right === 0n) throw fault('integer divide by zero');
  return left % right;
}

function range(left: Value, right: Value): Value {
  const [from, to] = [asIndex(left), asIndex(right)];
  if (to - from + 1 > RANGE_MAX) throw fault('memory budget exceeded');
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => BigInt(from + index));
}

function within(left: Value, right: Value): Value {
  if (right === null) return false;
  if (Array.isArray(right)) return right.some((item) => sameValue(item, left));
  if (isMapValue(right)) return typeof left === 'string' && Object.hasOwn(right, left);
  throw fault(`operator "in" not defined on ${typeName(right)}`);
}

/** Every operator whose two sides are both worked out first. */
export const OPERATORS: Readonly<Record<string, Operator>> = {
  '+': arithmetic(
    '+',
    (a, b) => a + b,
    (a, b) => a + b,
  ),
  '-': arithmetic(
    '-',
    (a, b) => a - b,
    (a, b) => a - b,
  ),
  '*': arithmetic(
    '*',
    (a, b) => a * b,
    (a, b) => a * b,
  ),
  '/': (left, right) => {
    if (!isNumber(left) || !isNumber(right)) throw mismatch(left, '/', right);
    return Number(left) / Number(right);
  },
  '%': modulo,
  '**': power,
  '^': power,
  '==': (left, right) => sameValue(left, right),
  '!=': (left, right) => !sameValue(left, right),
  '<': comparison('<', (order) => order < 0),
  '<=': comparison('<=', (order) => order <= 0),
  '>': comparison('>', (order) => order > 0),
  '>=': comparison('>=', (order) => order >= 0),
  '..': range,
  in: within,
  contains: (left, right) => asText(left).includes(asText(right)),
  startsWith: (left, right) => asText(left).startsWith(asText(right)),
  endsWith: (left, right) => asText(left).endsWith(asText(right)),
  matches: (left, right) => (left === null ? false : goPattern(asText(right)).test(asText(left))),
};

/** `-x`, `+x`, `!x`. */
export function applyUnary(symbol: string, value: Value): Value {
  if (symbol === '!' || symbol === 'not') {
    if (typeof value === 'boolean') return !value;
    throw fault(
      `interface conversion: interface {} is ${value === null ? 'nil' : typeName(value)}, not bool`,
    );
  }
  if (!isNumber(value)) throw fault(`invalid operation: ${symbol} ${typeName(value)}`);
  return symbol === '-' ? -value : value;
}
