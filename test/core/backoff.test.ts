import { describe, expect, it } from 'vitest';

import {
  DEFAULT_RETRY_POLICY,
  parseRetryAfterMs,
  waitBeforeRetryMs,
} from '../../services/core/backoff.ts';
import { PipelineError, type ErrorKind } from '../../services/core/error.ts';

const always = (value: number) => (): number => value;

function waitMs(kind: ErrorKind, attempt: number, random = always(1), retryAfterMs?: number) {
  const error = new PipelineError(kind, 'x', retryAfterMs === undefined ? {} : { retryAfterMs });
  return waitBeforeRetryMs({ error, attempt, random }, DEFAULT_RETRY_POLICY);
}

describe('the wait before a retry', () => {
  it('doubles from the base up to the cap', () => {
    const policy = { ...DEFAULT_RETRY_POLICY, attemptsMax: 20 };
    const error = new PipelineError('unavailable', 'x');
    const waits = [1, 2, 3, 4, 5, 6, 7, 8, 19].map((attempt) =>
      waitBeforeRetryMs({ error, attempt, random: always(1) }, policy),
    );
    expect(waits).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
  });

  it('lies anywhere below its bound', () => {
    expect(waitMs('unavailable', 3, always(0))).toBe(0);
    expect(waitMs('unavailable', 3, always(0.5))).toBe(400);
  });

  it.each(['unavailable', 'throttled', 'conflict'] as const)('%s is tried again', (kind) => {
    expect(waitMs(kind, 1)).not.toBeNull();
  });

  it.each([
    'input-invalid',
    'not-found',
    'denied',
    'config-invalid',
    'commit-unknown',
    'interrupted',
    'bug',
    'too-large',
  ] as const)('%s is not tried again', (kind) => {
    expect(waitMs(kind, 1)).toBeNull();
  });

  it('what is not ours is not tried again', () => {
    const failed = { error: new Error('x'), attempt: 1, random: always(1) };
    expect(waitBeforeRetryMs(failed, DEFAULT_RETRY_POLICY)).toBeNull();
  });

  it('ends with the last try', () => {
    expect(waitMs('unavailable', 4)).not.toBeNull();
    expect(waitMs('unavailable', 5)).toBeNull();
  });

  it('is as long as the other side asked, and up to a tenth longer', () => {
    expect(waitMs('throttled', 1, always(0), 30_000)).toBe(30_000);
    expect(waitMs('throttled', 1, always(1), 30_000)).toBe(33_000);
  });

  it('is given up when the other side asks for more than a minute', () => {
    expect(waitMs('throttled', 1, always(0), 60_000)).toBe(60_000);
    expect(waitMs('throttled', 1, always(0), 60_001)).toBeNull();
  });
});

describe('Retry-After', () => {
  const now = new Date('2026-11-21T12:00:00Z');

  it.each([
    ['0', 0],
    ['120', 120_000],
    [' 7 ', 7000],
    ['Sat, 21 Nov 2026 12:00:30 GMT', 30_000],
    ['Sat, 21 Nov 2026 11:00:00 GMT', 0],
  ])('%j is %i ms', (header, ms) => {
    expect(parseRetryAfterMs(header, now)).toBe(ms);
  });

  it.each([undefined, '', 'soon', '-5', '1.5', '99999999999999'])('%j says nothing', (header) => {
    expect(parseRetryAfterMs(header, now)).toBeUndefined();
  });

  it('a date says nothing to who has no clock', () => {
    expect(parseRetryAfterMs('Sat, 21 Nov 2026 12:00:30 GMT')).toBeUndefined();
  });
});
