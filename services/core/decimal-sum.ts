/** Scales that are summed as plain numbers: with at most 15 digits, what is added is exact. */
const SCALES = 23;
const EXACT_MAX = Number.MAX_SAFE_INTEGER;
/** A number smaller than 10^-400 counts as zero, as it does in a double. */
export const SCALE_MAX = 400;

/**
 * An exact sum of decimal numbers, independent of the order of adding: whole mantissas are summed by their scale (the
 * number of decimals). Plain numbers hold the sums while they are exact, big integers take over what would not be.
 */
export interface DecimalSum {
  /** At index s: a sum of mantissas with s decimals, exact. */
  small: Float64Array;
  /** By scale, which may be negative (`1e30`): what did not fit into `small`. */
  wide: Map<number, bigint>;
}

export function decimalSum(): DecimalSum {
  return { small: new Float64Array(SCALES), wide: new Map() };
}

/** Adds `mantissa / 10^scale`, where |mantissa| < 10^15 and 0 <= scale <= 22. */
export function addSmall({ small, wide }: DecimalSum, mantissa: number, scale: number): void {
  const sum = small[scale]! + mantissa;
  if (sum <= EXACT_MAX && sum >= -EXACT_MAX) {
    small[scale] = sum;
    return;
  }
  wide.set(scale, (wide.get(scale) ?? 0n) + BigInt(small[scale]!));
  small[scale] = mantissa;
}

/** Adds `mantissa / 10^scale` of any size; beyond 400 decimals it counts as zero. */
export function addWide({ wide }: DecimalSum, mantissa: bigint, scale: number): void {
  if (scale <= SCALE_MAX) wide.set(scale, (wide.get(scale) ?? 0n) + mantissa);
}

/** Adds another sum to this one. */
export function mergeSums(into: DecimalSum, from: DecimalSum): void {
  for (const [scale, mantissa] of from.small.entries()) {
    if (mantissa !== 0) addWide(into, BigInt(mantissa), scale);
  }
  for (const [scale, mantissa] of from.wide) addWide(into, mantissa, scale);
}

/** The sum divided by a count, as the nearest double. */
export function meanOf({ small, wide }: DecimalSum, count: number): number {
  const parts = [...wide];
  for (const [scale, mantissa] of small.entries()) {
    if (mantissa !== 0) parts.push([scale, BigInt(mantissa)]);
  }
  const scaleMax = Math.max(0, ...parts.map(([scale]) => scale));
  let sum = 0n;
  for (const [scale, mantissa] of parts) sum += mantissa * 10n ** BigInt(scaleMax - scale);
  return nearestDouble(sum, BigInt(count) * 10n ** BigInt(scaleMax));
}

/** Digits that are carried to the rounding; a double has 17 at most. */
const DIGITS = 40;

/** The quotient as the nearest double: enough digits of it, and a last one that tells of a rest, are read as a number. */
function nearestDouble(numerator: bigint, denominator: bigint): number {
  const isNegative = numerator < 0n;
  const top = isNegative ? -numerator : numerator;
  const shift = Math.max(0, String(denominator).length - String(top).length + DIGITS);
  const scaled = top * 10n ** BigInt(shift);
  const rest = scaled % denominator === 0n ? '0' : '1';
  const value = Number(`${scaled / denominator}${rest}e${-shift - 1}`);
  return isNegative ? -value : value;
}
