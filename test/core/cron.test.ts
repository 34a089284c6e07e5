import { describe, expect, it } from 'vitest';
import { nextRun } from '../../services/core/next-run.ts';

const next = (expression: string, after: string, zone = 'UTC'): string | null =>
  nextRun(expression, new Date(after), { timezone: zone })?.toISOString().slice(0, 16) ?? null;

describe('the next time of a schedule', () => {
  it.each([
    ['0 6 * * *', '2026-11-21T05:59:59Z', '2026-11-21T06:00'],
    ['0 6 * * *', '2026-11-21T06:00:00Z', '2026-11-22T06:00'],
    ['*/15 * * * *', '2026-11-21T12:01:00Z', '2026-11-21T12:15'],
    ['5/20 * * * *', '2026-11-21T12:30:00Z', '2026-11-21T12:45'],
    ['30 2 1-7 * *', '2026-11-08T00:00:00Z', '2026-12-01T02:30'],
    ['0 0 * * mon-FRI', '2026-11-20T00:00:00Z', '2026-11-23T00:00'],
    ['0 0 * Jan,jul sun', '2026-11-21T00:00:00Z', '2027-01-03T00:00'],
    ['0 0 29 2 *', '2026-11-21T00:00:00Z', '2028-02-29T00:00'],
    ['@monthly', '2026-11-21T00:00:00Z', '2026-12-01T00:00'],
    ['@weekly', '2026-11-21T00:00:00Z', '2026-11-22T00:00'],
    ['0 0 13 * 5', '2026-11-21T00:00:00Z', '2026-11-27T00:00'],
    ['0 0 */10 * 5', '2026-11-21T00:00:00Z', '2026-11-27T00:00'],
    ['0,30, * * * *', '2026-11-21T12:01:00Z', '2026-11-21T12:30'],
    ['@every 1h30m', '2026-11-21T12:01:00Z', '2026-11-21T13:31'],
    ['0 0 13 * ?', '2026-11-21T00:00:00Z', '2026-12-13T00:00'],
  ])('%s after %s is %s', (expression, after, expected) => {
    expect(next(expression, after)).toBe(expected);
  });

  it('is told in the schedule’s own zone, through changes of the clocks', () => {
    const zone = 'America/New_York';
    expect(next('0 6 * * *', '2026-10-31T12:00:00Z', zone)).toBe('2026-11-01T11:00');
    expect(next('0 6 * * *', '2026-10-30T12:00:00Z', zone)).toBe('2026-10-31T10:00');
    // 02:30 does not exist on 14 March 2027, and 01:30 comes twice on 1 November 2026.
    expect(next('30 2 * * *', '2027-03-13T12:00:00Z', zone)).toBe('2027-03-15T06:30');
    expect(next('30 1 * * *', '2026-11-01T00:00:00Z', zone)).toBe('2026-11-01T05:30');
    expect(next('0 6 * * *', '2026-11-21T00:00:00Z', 'Asia/Kolkata')).toBe('2026-11-21T00:30');
  });

  it('is told in the zone that the schedule itself names, when nothing else names one', () => {
    const after = new Date('2026-11-21T00:00:00Z');
    const inTokyo = new Date('2026-11-21T21:00:00Z');
    expect(nextRun('CRON_TZ=Asia/Tokyo 0 6 * * *', after)).toEqual(inTokyo);
    expect(nextRun('TZ=Asia/Tokyo 0 6 * * *', after)).toEqual(inTokyo);
    // The controller puts its zone in front, and reads the second one as a field too many.
    expect(nextRun('TZ=Asia/Tokyo 0 6 * * *', after, { timezone: 'UTC' })).toBeNull();
  });

  it('of an interval counts from the last one', () => {
    const after = new Date('2026-11-21T12:10:00Z');
    const lastAt = new Date('2026-11-21T09:00:30Z');
    const found = nextRun('@every 1h', after, { timezone: 'Asia/Tokyo', lastAt });
    expect(found).toEqual(new Date('2026-11-21T13:00:30Z'));
  });

  it.each([
    '',
    '* * * *',
    '60 * * * *',
    '0 0 31 2 *',
    '0 0 * * mon-',
    '*/0 * * * *',
    'a b c d e',
    '5-1 * * * *',
    '0 0 0 * *',
  ])('is none for %j', (expression) => {
    expect(next(expression, '2026-11-21T00:00:00Z')).toBeNull();
  });

  it('is none for a zone that this machine does not know', () => {
    expect(next('@daily', '2026-11-21T00:00:00Z', 'Nowhere/Here')).toBeNull();
  });
});
