import { attempt, fault } from './fault.ts';
import { floatText } from './go-text.ts';
import { goPattern } from './go-pattern.ts';
import { checkTokens, readTokens } from './when-token.ts';
import type { Token } from './when-token.ts';

type Value = string | number | boolean | RegExp | null | Value[];

/**
 * Whether a task runs: evaluates a `when` whose tags are replaced. A bare word is text, numbers
 * compare as numbers, a quoted number is text. The faults are Argo's, with its spelling.
 */
export function shouldExecute(when: string | undefined): boolean {
  if (when === undefined || when === '') return true;
  const read = attempt(() => checkTokens(readTokens(when)));
  if ('fault' in read) {
    const { message } = read.fault;
    const hint = message.includes('Invalid token')
      ? ' (hint: try wrapping the affected expression in quotes ("))'
      : '';
    throw fault(`Invalid 'when' expression '${when}': ${message}${hint}`);
  }
  const words = read.value.map((token): Token => {
    return token.kind === 'VARIABLE' ? { kind: 'STRING', value: token.value } : token;
  });
  const checked = attempt(
    () => checkTokens(words),
    `Failed to parse 'when' expression '${when}': `,
  );
  if ('fault' in checked) throw checked.fault;
  const result = attempt(
    () => evaluate(checked.value),
    `Failed to evaluate 'when' expresion '${when}': `,
  );
  if ('fault' in result) throw result.fault;
  if (typeof result.value === 'boolean') return result.value;
  throw fault(`Expected boolean evaluation for '${when}'. Got ${shown(result.value)}`);
}

function shown(value: Value): string {
  if (value === null) return '<nil>';
  if (typeof value === 'number') return floatText(value);
  return Array.isArray(value) ? `[${value.map((item) => shown(item)).join(' ')}]` : String(value);
}

interface Stream {
  tokens: readonly Token[];
  at: number;
}

function evaluate(tokens: readonly Token[]): Value {
  const stream = { tokens, at: 0 };
  return separated(stream);
}

/** Binary operators by level, loosest first. */
const LEVELS: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['==', '!=', '>', '>=', '<', '<=', '=~', '!~', 'in'],
  ['^', '&', '|'],
  ['>>', '<<'],
  ['+', '-'],
  ['*', '/', '%'],
  ['**'],
];

const OPERATORS = new Set(['COMPARATOR', 'LOGICALOP', 'MODIFIER']);

function separated(stream: Stream): Value {
  let left = ternary(stream);
  while (stream.tokens[stream.at]?.kind === 'SEPARATOR') {
    stream.at++;
    const right = ternary(stream);
    left = Array.isArray(left) ? [...left, right] : [left, right];
  }
  return left;
}

function ternary(stream: Stream): Value {
  let left = level(stream, 0);
  for (;;) {
    const token = stream.tokens[stream.at];
    if (token?.kind !== 'TERNARY') return left;
    stream.at++;
    const right = level(stream, 0);
    if (token.value === '?') {
      if (typeof left !== 'boolean') {
        throw fault(
          `Value '${shown(left)}' cannot be used with the ternary operator '?', it is not a bool`,
        );
      }
      left = left ? right : null;
    } else left ??= right;
  }
}

function level(stream: Stream, depth: number): Value {
  const symbols = LEVELS[depth];
  if (symbols === undefined) return operand(stream);
  let left = level(stream, depth + 1);
  for (;;) {
    const token = stream.tokens[stream.at];
    if (token === undefined || !OPERATORS.has(token.kind)) return left;
    const symbol = String(token.value);
    if (!symbols.includes(symbol)) return left;
    stream.at++;
    left = binary(symbol, left, () => level(stream, depth + 1));
  }
}

function operand(stream: Stream): Value {
  const token = stream.tokens[stream.at];
  if (token === undefined) return null;
  if (token.kind === 'CLAUSE_CLOSE') return null;
  stream.at++;
  switch (token.kind) {
    case 'CLAUSE': {
      const value = separated(stream);
      stream.at++;
      return value;
    }
    case 'PREFIX':
      return prefixed(String(token.value), operand(stream));
    case 'ACCESSOR':
      throw fault(`No parameter '${String(token.value).split('.')[0] ?? ''}' found.`);
    default:
      return token.value;
  }
}

function prefixed(symbol: string, value: Value): Value {
  if (symbol === '!' && typeof value === 'boolean') return !value;
  if (symbol === '-' && typeof value === 'number') return -value;
  if (symbol === '~' && typeof value === 'number') return Number(~BigInt(Math.trunc(value)));
  throw fault(`Value '${shown(value)}' cannot be used with the prefix '${symbol}'`);
}

function binary(symbol: string, left: Value, read: () => Value): Value {
  if (symbol === '&&' || symbol === '||') {
    // The right side is read in any case, to step over it; what fails in it only counts when it is
    // needed.
    const right = attempt(read);
    if (left === (symbol === '||')) return left;
    if ('fault' in right) throw right.fault;
    return logical(symbol, left, right.value);
  }
  const right = read();
  if (symbol === '==') return sameValue(left, right);
  if (symbol === '!=') return !sameValue(left, right);
  if (symbol === 'in') {
    if (!Array.isArray(right)) throw misuse(right, 'in', 'comparator');
    return right.some((item) => sameValue(item, left));
  }
  if (symbol === '=~' || symbol === '!~') return matches(symbol, left, right);
  if (/^[<>]=?$/.test(symbol)) return compare(symbol, left, right);
  if (symbol === '+' && (typeof left === 'string' || typeof right === 'string')) {
    return shown(left) + shown(right);
  }
  if (typeof left !== 'number') throw misuse(left, symbol, 'modifier');
  if (typeof right !== 'number') throw misuse(symbol === '+' ? left : right, symbol, 'modifier');
  return calculate(symbol, left, right);
}

function misuse(value: Value, symbol: string, role: 'comparator' | 'modifier'): Error {
  return fault(
    `Value '${shown(value)}' cannot be used with the ${role} '${symbol}', it is not a number`,
  );
}

function logical(symbol: string, left: Value, right: Value): Value {
  for (const side of [left, right]) {
    if (typeof side === 'boolean') continue;
    const text = `Value '${shown(side)}' cannot be used with the logical operator '${symbol}'`;
    throw fault(`${text}, it is not a bool`);
  }
  return right;
}

function sameValue(left: Value, right: Value): boolean {
  if (Array.isArray(left) && Array.isArray(right)) {
    return (
      left.length === right.length && left.every((item, at) => sameValue(item, right[at] ?? null))
    );
  }
  return left === right;
}

function matches(symbol: string, left: Value, right: Value): boolean {
  if (typeof left !== 'string') throw misuse(left, symbol, 'comparator');
  if (typeof right !== 'string' && !(right instanceof RegExp))
    throw misuse(right, symbol, 'comparator');
  const pattern = typeof right === 'string' ? goPattern(right) : right;
  return pattern.test(left) === (symbol === '=~');
}

function compare(symbol: string, left: Value, right: Value): boolean {
  const numbers = typeof left === 'number' && typeof right === 'number';
  const texts = typeof left === 'string' && typeof right === 'string';
  if (!numbers && !texts) throw misuse(left, symbol, 'comparator');
  if (symbol === '<') return left < right;
  if (symbol === '<=') return left <= right;
  return symbol === '>' ? left > right : left >= right;
}

function calculate(symbol: string, left: number, right: number): number {
  const whole = (work: (a: bigint, b: bigint) => bigint): number =>
    Number(work(BigInt(Math.trunc(left)), BigInt(Math.trunc(right))));
  switch (symbol) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '%':
      return left % right;
    case '**':
      return left ** right;
    case '&':
      return whole((a, b) => a & b);
    case '|':
      return whole((a, b) => a | b);
    case '^':
      return whole((a, b) => a ^ b);
    case '<<':
      return right > 64 ? 0 : whole((a, b) => BigInt.asUintN(64, a << b));
    default:
      return whole((a, b) => a >> b);
  }
}
