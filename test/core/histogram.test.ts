import { describe, expect, it } from 'vitest';
import {
  addToHistogram,
  barsOf,
  histogram,
  mergeHistograms,
} from '../../services/core/histogram.ts';
import { randomBySeed } from '../support/random-csv.ts';

function of(values: readonly number[]) {
  const made = histogram();
  for (const value of values) addToHistogram(made, value);
  return made;
}

function randomValues(seed: number): number[] {
  const random = randomBySeed(seed);
  const scale = 10 ** (Math.floor(random() * 40) - 20);
  const base = random() < 0.5 ? 0 : random() * 1e6;
  const count = 1 + Math.floor(random() * 200);
  return Array.from({ length: count }, () => base + (random() - 0.3) * scale);
}

describe('a histogram', () => {
  it('counts every number in the bar that it lies in', () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const values = randomValues(seed);
      const { low, width, counts } = barsOf(of(values), 16)!;
      const expected = counts.map(
        (_, at) =>
          values.filter((value) => Math.floor(value / width) === Math.round(low / width) + at)
            .length,
      );
      expect(counts, `seed ${seed}`).toEqual(expected);
      expect(counts.length).toBeLessThanOrEqual(16);
    }
  });

  it('does not depend on the order of the numbers, nor on how they were shared out', () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const values = randomValues(seed);
      const whole = of(values);
      expect(of(values.toReversed()), `seed ${seed}`).toEqual(whole);
      const cut = Math.floor(values.length / 3);
      const parts = of(values.slice(cut));
      mergeHistograms(parts, of(values.slice(0, cut)));
      mergeHistograms(parts, histogram());
      expect(parts, `seed ${seed}`).toEqual(whole);
    }
  });

  it.each([
    [[5, 5, 5]],
    [[0]],
    [[-1e308, 1e308]],
    [[5e-324, 1e308]],
    [[1e300, 1e300 * (1 + 2 ** -52)]],
    [[-0, 0]],
  ])('of %j holds all of them', (values) => {
    const bars = barsOf(of(values), 24)!;
    expect(bars.counts.reduce((sum, count) => sum + count, 0)).toBe(values.length);
  });

  it('of no number has no bars', () => {
    expect(barsOf(histogram(), 24)).toBeNull();
  });
});
