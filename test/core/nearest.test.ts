import { describe, expect, it } from 'vitest';

import { editDistance, nearest } from '../../services/core/nearest.ts';

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['kitten', 'sitting', 3],
    ['stroe', 'store', 1],
    ['abcd', 'acbd', 1],
    ['same', 'same', 0],
  ])('from %j to %j is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });
});

describe('nearest', () => {
  it('finds the closest name, the first of equals', () => {
    expect(nearest('unzp', ['fetch', 'unzip', 'convert'])).toBe('unzip');
    expect(nearest('x', ['a', 'b'])).toBe('a');
    expect(nearest('x', [])).toBeUndefined();
  });

  it('finds a name by its beginning', () => {
    expect(nearest('fama', ['finance', 'fama-french'])).toBe('fama-french');
  });

  it('finds none that is far-fetched', () => {
    expect(nearest('nosuch', ['finance', 'commerce', 'csv-intake'])).toBeUndefined();
    expect(nearest('postgres', ['duckdb', 'athena'])).toBeUndefined();
  });
});
