import { plainFloat } from './go-text.ts';

/**
 * The values a plain scalar of YAML 1.1 can stand for, as Argo's reader (go-yaml 2) resolves it.
 */
export type ScalarValue = string | number | bigint | boolean | null;

const WORDS = new Map<string, ScalarValue>([
  ['', null],
  ['~', null],
  ['.nan', Number.NaN],
  ['.NaN', Number.NaN],
  ['.NAN', Number.NaN],
]);
for (const word of ['null', 'Null', 'NULL']) WORDS.set(word, null);
for (const word of ['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON']) {
  WORDS.set(word, true);
}
for (const word of ['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF']) {
  WORDS.set(word, false);
}
for (const word of ['.inf', '.Inf', '.INF']) {
  WORDS.set(word, Infinity);
  WORDS.set(`+${word}`, Infinity);
  WORDS.set(`-${word}`, -Infinity);
}

const INTEGER = /^([+-]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const INT64_MAX = 9_223_372_036_854_775_807n;
const UINT64_MAX = 18_446_744_073_709_551_615n;

/**
 * Resolves a plain (unquoted) scalar. `n`, `yes` and `off` are booleans; `0777` is octal; `1_000`
 * is 1000.
 */
export function plainScalar(source: string): ScalarValue {
  const word = WORDS.get(source);
  if (word !== undefined) return word;
  if (!/^[-+.0-9]/.test(source)) return source;
  const bare = source.replaceAll('_', '');
  const match = INTEGER.exec(bare);
  if (match !== null) {
    const [, sign, hex, binary, octal, decimal] = match;
    const size = magnitude({ hex, binary, octal, decimal });
    if (size <= (sign === '-' ? INT64_MAX : UINT64_MAX)) {
      const value = sign === '-' ? -size : size;
      return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
        ? Number(value)
        : value;
    }
  }
  return FLOAT.test(bare) ? Number(bare) : source;
}

function magnitude(parts: {
  hex: string | undefined;
  binary: string | undefined;
  octal: string | undefined;
  decimal: string | undefined;
}): bigint {
  if (parts.hex !== undefined) return BigInt(`0x${parts.hex}`);
  if (parts.binary !== undefined) return BigInt(`0b${parts.binary}`);
  return BigInt(parts.octal === undefined ? (parts.decimal ?? '0') : `0o${parts.octal}`);
}

/** A scalar as the text of a parameter: numbers pass through a float, as in Argo. */
export function textOf(value: ScalarValue | undefined): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' || typeof value === 'bigint') return plainFloat(Number(value));
  return String(value);
}
