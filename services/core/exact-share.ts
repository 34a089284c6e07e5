/** A share of a whole, exact: both are whole numbers. */
export interface Share {
  part: number;
  whole: number;
}

const DECIMALS = 4;
const PLAIN_DECIMAL = /^(\d+)(?:\.(\d+))?$/;

/**
 * True when part ÷ whole is at most `max`, compared as the decimals that people wrote: 7 of 100 is not above 0.07,
 * which doubles get wrong. Nothing of nothing is 0.
 */
export function isShareWithin({ part, whole }: Share, max: number): boolean {
  const [, units = '', decimals = ''] = PLAIN_DECIMAL.exec(plainDecimal(max)) ?? [];
  const mantissa = BigInt(units + decimals);
  return BigInt(part) * 10n ** BigInt(decimals.length) <= mantissa * BigInt(whole);
}

/** A share for people: `0.0213 (426 of 20000)`. */
export function shareText({ part, whole }: Share): string {
  const share = whole === 0 ? 0 : part / whole;
  return `${Number(share.toFixed(DECIMALS))} (${part} of ${whole})`;
}

/** Without an exponent, which small numbers have in JavaScript's own text. */
function plainDecimal(value: number): string {
  const text = String(value);
  return PLAIN_DECIMAL.test(text) ? text : value.toFixed(20);
}
