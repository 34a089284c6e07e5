/** Bins of a histogram while it is made. */
export const BINS = 64;
/** Below this power of two, widths are not told apart, so that no scale overflows. */
const POWER_MIN = -1000;

/**
 * A histogram of numbers whose range is not known beforehand, in constant memory. The width of a bin is the smallest
 * power of two with which 64 bins, aligned at multiples of the width, hold the range seen so far; so it depends on the
 * numbers alone, not on their order, and histograms of parts add up to that of the whole.
 */
export interface Histogram {
  /** The range seen so far; without numbers the least is above the most. */
  min: number;
  max: number;
  /** The width of a bin is 2^power. */
  power: number;
  /** 2^-power. */
  scale: number;
  /** The number of the first bin: it begins at `low * 2^power`. */
  low: number;
  bins: Float64Array;
}

export function histogram(): Histogram {
  return {
    min: Infinity,
    max: -Infinity,
    power: POWER_MIN,
    scale: 2 ** -POWER_MIN,
    low: 0,
    bins: new Float64Array(BINS),
  };
}

/** Counts one finite number. */
export function addToHistogram(h: Histogram, value: number): void {
  if (value < h.min || value > h.max || h.min > h.max) stretch(h, value);
  const bin = Math.floor(value * h.scale) - h.low;
  h.bins[bin] = h.bins[bin]! + 1;
}

/** Makes the range include a number; the bins stay as they are when they hold it already. */
function stretch(h: Histogram, value: number): void {
  const bin = Math.floor(value * h.scale) - h.low;
  if (bin >= 0 && bin < BINS && h.min <= h.max) {
    if (value < h.min) h.min = value;
    else h.max = value;
  } else {
    widen(h, value, value);
  }
}

/** Adds the counts of another histogram. */
export function mergeHistograms(into: Histogram, from: Histogram): void {
  if (from.min > from.max) return;
  widen(into, from.min, from.max);
  const fold = 2 ** (from.power - into.power);
  for (const [at, count] of from.bins.entries()) {
    if (count === 0) continue;
    const bin = Math.floor((from.low + at) * fold) - into.low;
    into.bins[bin] = into.bins[bin]! + count;
  }
}

/** Makes the bins hold a range too; the counts move to the bins that hold theirs. */
function widen(h: Histogram, min: number, max: number): void {
  const old = { low: h.low, power: h.power, bins: h.bins, isEmpty: h.min > h.max };
  h.min = Math.min(h.min, min);
  h.max = Math.max(h.max, max);
  h.power = Math.max(h.power, powerFor(h.min, h.max));
  h.scale = 2 ** -h.power;
  h.low = Math.floor(h.min * h.scale);
  const isSame = h.power === old.power && (h.low === old.low || old.isEmpty);
  if (isSame) return;
  h.bins = new Float64Array(BINS);
  const fold = 2 ** (old.power - h.power);
  for (const [at, count] of old.bins.entries()) {
    if (count === 0) continue;
    const bin = Math.floor((old.low + at) * fold) - h.low;
    h.bins[bin] = h.bins[bin]! + count;
  }
}

/** The smallest power of two at which the range fits; that of a single number is the smallest that keeps it exact. */
function powerFor(min: number, max: number): number {
  const range = max / BINS - min / BINS;
  const size = Math.max(Math.abs(min), Math.abs(max));
  const finest = size === 0 ? POWER_MIN : Math.ceil(Math.log2(size)) - 52;
  const guess = range === 0 ? finest : Math.max(finest, Math.floor(Math.log2(range)) - 1);
  let power = Math.max(POWER_MIN, guess);
  while (Math.floor(max * 2 ** -power) - Math.floor(min * 2 ** -power) >= BINS) power += 1;
  return power;
}

/** What a reader gets: where the first bin begins, how wide one is, and how many numbers are in each. */
export interface Bars {
  low: number;
  width: number;
  counts: number[];
}

/** At most `barsMax` bars over the range, none before the first number or after the last; null without numbers. */
export function barsOf(h: Histogram, barsMax: number): Bars | null {
  if (h.min > h.max) return null;
  let power = h.power;
  const first = (): number => Math.floor(h.min * 2 ** -power);
  const last = (): number => Math.floor(h.max * 2 ** -power);
  while (last() - first() >= barsMax) power += 1;
  const low = first();
  const counts = Array.from({ length: last() - low + 1 }, () => 0);
  const fold = 2 ** (h.power - power);
  for (const [at, count] of h.bins.entries()) {
    if (count > 0) counts[Math.floor((h.low + at) * fold) - low]! += count;
  }
  // Adding zero takes the sign from it.
  return { low: low * 2 ** power + 0, width: 2 ** power, counts };
}
