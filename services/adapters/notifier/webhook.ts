import {
  parseRetryAfterMs,
  type RetryPolicy,
  DEFAULT_RETRY_POLICY,
  waitBeforeRetryMs,
} from '../../core/backoff.ts';
import { type ErrorKind, PipelineError } from '../../core/error.ts';
import type { Secret } from '../../core/secret.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Notifier } from '../../ports/notifier.ts';
import { slackMessage } from './slack-message.ts';

export interface WebhookOptions {
  /** The address is the key: it is in no error and in no log line. */
  url: Secret;
  clock: Clock;
  /** In [0, 1): spreads the waits between tries. */
  random: () => number;
  /** Ends the sending. */
  signal: AbortSignal;
  /** One try. Default 10 seconds. */
  timeoutMs?: number | undefined;
  policy?: Partial<RetryPolicy> | undefined;
}

const TIMEOUT_MS = 10_000;

/** Three tries, and no wait above 30 seconds: a run must not hang for its notice. */
const POLICY: RetryPolicy = {
  ...DEFAULT_RETRY_POLICY,
  attemptsMax: 3,
  baseMs: 500,
  retryAfterMsMax: 30_000,
};

const HINT = 'see ARGOSY_NOTIFY_WEBHOOK_URL';

/**
 * Posts notices as Slack's incoming webhooks take them, and whatever takes the same. Tries again what that may cure, as
 * late as it is asked to; follows no redirect, for the address is a secret.
 */
export function webhookNotifier(options: WebhookOptions): Notifier {
  const policy = { ...POLICY, ...options.policy };
  return {
    send: async (notice) => {
      const body = JSON.stringify(slackMessage(notice));
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await post(options, body);
        } catch (error) {
          const waitMs = waitBeforeRetryMs({ error, attempt, random: options.random }, policy);
          if (waitMs === null) throw error;
          await options.clock.sleep(waitMs, options.signal);
        }
      }
    },
  };
}

async function post(options: WebhookOptions, body: string): Promise<void> {
  const { url, clock, signal, timeoutMs = TIMEOUT_MS } = options;
  const deadline = AbortSignal.timeout(timeoutMs);
  const { address, authorization } = targetOf(url);
  let reply: Response;
  try {
    reply = await fetch(address, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'argosy',
        ...authorization,
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, deadline]),
    });
  } catch (thrown) {
    signal.throwIfAborted();
    // The error's own text may hold the address, so only its code is told, and it is no cause either.
    const why = deadline.aborted ? `no answer in ${timeoutMs} ms` : codeOf(thrown);
    throw new PipelineError('unavailable', `the webhook cannot be reached: ${why}`, { hint: HINT });
  }
  // What it says in answer is of no use, and may repeat what it was sent.
  await reply.body?.cancel().catch(() => undefined);
  if (!reply.ok) throw refusal(reply, clock.now());
}

/** `fetch` takes no address with user and password in it, and would tell it in full: they go into the header. */
function targetOf(url: Secret): { address: URL; authorization: Record<string, string> } {
  const address = new URL(url.reveal());
  const { username, password } = address;
  if (username === '' && password === '') return { address, authorization: {} };
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  address.username = '';
  address.password = '';
  const authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
  return { address, authorization: { authorization } };
}

function refusal(reply: Response, now: Date): PipelineError {
  const { status } = reply;
  if (status >= 300 && status < 400) {
    return new PipelineError('config-invalid', `the webhook answered ${status}, a redirect`, {
      hint: `it is not followed; ${HINT}, and name the address where it ends`,
    });
  }
  const retryAfterMs = parseRetryAfterMs(reply.headers.get('retry-after') ?? undefined, now);
  return new PipelineError(kindOf(status), `the webhook answered ${status}`, {
    hint: HINT,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function kindOf(status: number): ErrorKind {
  if (status === 429) return 'throttled';
  if (status === 401 || status === 403) return 'denied';
  if (status === 404 || status === 410) return 'not-found';
  return status === 408 || status >= 500 ? 'unavailable' : 'config-invalid';
}

/** `ECONNREFUSED`, `DEPTH_ZERO_SELF_SIGNED_CERT` and their like, which name no address. */
function codeOf(thrown: unknown): string {
  const cause: unknown = thrown instanceof Error ? thrown.cause : undefined;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : null;
  return typeof code === 'string' && /^\w+$/.test(code) ? code : 'no connection';
}
