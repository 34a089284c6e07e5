import { describe, expect, it } from 'vitest';
import { newestBefore, readMoment } from '../../../services/stages/land/feed/newest.ts';

const END = Date.parse('2026-11-21T00:00:00Z');

function newestOf(...values: (string | null)[]): string | null {
  const newest = newestBefore(END);
  for (const value of values) newest.see(value);
  return newest.value();
}

describe('the newest moment of a column', () => {
  it.each([
    [['2026-11-19', '2026-11-20', '2026-11-18'], '2026-11-20'],
    [['2026-11-20 09:00', '2026-11-20T10:00:00Z'], '2026-11-20T10:00:00Z'],
    [['2026-11-20 10:00:00+02', '2026-11-20 09:00:00'], '2026-11-20 09:00:00'],
    [['2026-11-20 10:00:00-05:30', '2026-11-20 12:00:00'], '2026-11-20 10:00:00-05:30'],
    [['2026-11-20 23:59:59.999999', '2026-11-20 23:59:59'], '2026-11-20 23:59:59.999999'],
    [['2026-11-21', '9999-12-31', '2026-11-20'], '2026-11-20'],
    [['2026-11-21T01:00:00+02:00'], '2026-11-21T01:00:00+02:00'],
    [[null, '', 'soon', '31/01/2026', '2026-13-01', '2026-02-30x'], null],
  ])('of %j is %j', (values, expected) => {
    expect(newestOf(...values)).toBe(expected);
  });

  it.each(['', 'x', '2026', '2026-1-1', '2026-01-01T', '2026-01-01 25:00:00', '20260101'])(
    'is never %j, which is no moment',
    (text) => {
      expect(readMoment(text)).toBeNaN();
    },
  );
});
