import type { Reader } from './reader.ts';
import type { Tree } from './tree.ts';

/** Reads a number: an int (also in hex, octal, binary) or a float. */
export function numberTree(reader: Reader): Tree {
  const { at, text } = reader.next();
  const digits = text.replaceAll('_', '');
  const prefixed = /^0[xob]/i.test(digits);
  if (!prefixed && /[.e]/i.test(digits)) return { op: 'literal', at, value: Number(digits) };
  const value = BigInt(prefixed ? digits.toLowerCase() : digits);
  if (value > 9_223_372_036_854_775_807n) {
    throw reader.fail(
      reader.current(),
      `invalid integer literal: strconv.ParseInt: parsing "${digits}": value out of range`,
    );
  }
  return { op: 'literal', at, value };
}
