import { expect, it } from 'vitest';
import { type ErrorKind, isRetryable, PipelineError } from '../../services/core/error.ts';

it.each<[ErrorKind, boolean]>([
  ['unavailable', true],
  ['throttled', true],
  ['conflict', true],
  ['commit-unknown', false],
  ['interrupted', false],
  ['denied', false],
])('a call that ended as %s may be tried again at once: %s', (kind, expected) => {
  expect(isRetryable(new PipelineError(kind, 'x'))).toBe(expected);
});
