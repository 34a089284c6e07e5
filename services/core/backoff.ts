import { ATTEMPTS_MAX, RETRY_AFTER_MS_MAX } from './limit.ts';
import { isRetryable } from './error.ts';

/** How often to try and how long to wait between. */
export interface RetryPolicy {
  /** Tries in all, the first included. */
  attemptsMax: number;
  /** The longest wait before the second try; doubles with each further one. */
  baseMs: number;
  /** No wait is longer, but one that the other side asked for. */
  capMs: number;
  /** No wait is longer, whoever asked for it. */
  retryAfterMsMax: number;
}

/** Five tries, waits of at most 0.2, 0.4, 0.8 and 1.6 seconds: well inside the 60 s of design F9. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  attemptsMax: ATTEMPTS_MAX,
  baseMs: 200,
  capMs: 10_000,
  retryAfterMsMax: RETRY_AFTER_MS_MAX,
};

export interface FailedAttempt {
  error: unknown;
  /** 1 for the first try. */
  attempt: number;
  random: () => number;
}

/**
 * The wait before the next try (full jitter: anywhere between nothing and the bound), or `null` when there must be
 * none: the kind is not cured by trying again, the run is being stopped, or the tries are used up. A wait that the
 * other side asked for is kept to, and up to a tenth longer so that callers do not return all at once.
 */
export function waitBeforeRetryMs(failed: FailedAttempt, policy: RetryPolicy): number | null {
  const { error, attempt, random } = failed;
  if (!isRetryable(error)) return null;
  if (attempt >= policy.attemptsMax) return null;
  if (error.retryAfterMs !== undefined) {
    if (error.retryAfterMs > policy.retryAfterMsMax) return null;
    return Math.round(error.retryAfterMs * (1 + random() / 10));
  }
  const boundMs = Math.min(policy.capMs, policy.baseMs * 2 ** (attempt - 1));
  return Math.round(random() * boundMs);
}

/**
 * The wait that a `Retry-After` header asks for, in milliseconds: whole seconds or an HTTP date (RFC 9110, 10.2.3).
 * `undefined` when there is none or it says neither.
 */
export function parseRetryAfterMs(header: string | undefined, now?: Date): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs) || now === undefined || !/[a-z]/i.test(text)) return undefined;
  return Math.max(0, atMs - now.getTime());
}
