import { expect, it } from 'vitest';
import { familyOf, mayBeNaN, mayBeNumber } from '../../services/core/column-family.ts';
import { isShareWithin, shareText } from '../../services/core/exact-share.ts';

it.each([
  [7, 100, 0.07, true],
  [29, 100, 0.29, true],
  [1, 3, 0.3333, false],
  [1, 10_000_000, 1e-7, true],
  [2, 10_000_000, 1e-7, false],
  [0, 0, 0, true],
  [1, 1, 1, true],
  [9_007_199_254_740_990, 9_007_199_254_740_991, 0.9999999999999998, false],
])('%d of %d within %d: %s', (part, whole, max, isWithin) => {
  expect(isShareWithin({ part, whole }, max)).toBe(isWithin);
});

it('a share is told with what it is of', () => {
  expect(shareText({ part: 426, whole: 20_000 })).toBe('0.0213 (426 of 20000)');
  expect(shareText({ part: 0, whole: 0 })).toBe('0 (0 of 0)');
});

it.each([
  ['VARCHAR', 'text'],
  ['TEXT', 'text'],
  ['HUGEINT', 'integer'],
  ['INT4', 'integer'],
  ['INTERVAL', null],
  ['DECIMAL(12,2)', 'decimal'],
  ['NUMERIC', 'decimal'],
  ['DOUBLE', 'float'],
  ['DATE', 'date'],
  ['TIMESTAMP WITH TIME ZONE', 'moment'],
  ['BOOLEAN', 'boolean'],
  ['INTEGER[]', null],
  ['VARCHAR[]', null],
])('the family of %s is %s', (type, family) => {
  expect(familyOf(type)).toBe(family);
});

it('only what is known to be no number is taken for none', () => {
  expect(['DECIMAL(5,2)', 'GEOMETRY', 'VARCHAR'].map(mayBeNumber)).toEqual([true, true, false]);
  expect(['DOUBLE', 'NUMERIC', 'DECIMAL(5,2)'].map(mayBeNaN)).toEqual([true, true, false]);
});
