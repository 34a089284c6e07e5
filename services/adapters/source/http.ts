import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';

import {
  DEFAULT_RETRY_POLICY,
  parseRetryAfterMs,
  waitBeforeRetryMs,
  type RetryPolicy,
} from '../../core/backoff.ts';
import { PipelineError, type ErrorKind } from '../../core/error.ts';
import { FETCH_MS_MAX, FETCH_SILENCE_MS_MAX, REDIRECTS_MAX } from '../../core/limit.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Source, SourceReply, SourceRequest } from '../../ports/source.ts';
import { readBody } from './body.ts';
import {
  checkUrl,
  guardedLookup,
  namedHosts,
  requireCover,
  showUrl,
  systemResolve,
  type Resolve,
  type Target,
} from './guard.ts';

export interface HttpSourceOptions {
  /** `host` or `host:port` that the operator named; these may have private or loopback addresses. */
  allowedHosts: readonly string[];
  clock: Clock;
  /** In [0, 1): spreads the waits between tries. */
  random: () => number;
  /** One try, from the first byte to the last. Default 120 seconds. */
  timeoutMs?: number | undefined;
  /** How long the sender may stay silent, while connecting or later. Default 30 seconds. */
  silenceTimeoutMs?: number | undefined;
  policy?: Partial<RetryPolicy> | undefined;
  /** Told before each wait, for the log. */
  onRetry?:
    | ((retry: { what: string; attempt: number; waitMs: number; error: Error }) => void)
    | undefined;
  /** Names to addresses; the machine's resolver by default. */
  resolve?: Resolve | undefined;
}

/** The options with their defaults, and what is made of them once. */
interface Fetcher {
  named: ReadonlySet<string>;
  clock: Clock;
  timeoutMs: number;
  silenceTimeoutMs: number;
  resolve: Resolve;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Bytes by http and https from public hosts, and from hosts that the operator named wherever they are. Names are
 * checked at the moment of connecting, redirects (at most 5) like first addresses. Keeps no cookies, and a credential
 * goes to the host that it is for and to no other. Tries again, as long as the sender asked, what that may cure.
 */
export function httpSource(options: HttpSourceOptions): Source {
  const fetcher: Fetcher = {
    named: namedHosts(options.allowedHosts),
    clock: options.clock,
    timeoutMs: options.timeoutMs ?? FETCH_MS_MAX,
    silenceTimeoutMs: options.silenceTimeoutMs ?? FETCH_SILENCE_MS_MAX,
    resolve: options.resolve ?? systemResolve,
  };
  const policy = { ...DEFAULT_RETRY_POLICY, ...options.policy };
  return {
    fetch: async (request) => {
      const target = checkUrl(request.url, fetcher.named);
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await fetchOnce(fetcher, target, request);
        } catch (error) {
          const failed = { error, attempt, random: options.random };
          const waitMs = waitBeforeRetryMs(failed, { ...policy, ...triesOf(request) });
          if (waitMs === null) throw error;
          const what = `fetch of ${showUrl(target.url)}`;
          options.onRetry?.({ what, attempt, waitMs, error: error as Error });
          await options.clock.sleep(waitMs, request.signal);
        }
      }
    },
  };
}

function triesOf({ attemptsMax }: SourceRequest): Partial<RetryPolicy> {
  return attemptsMax === undefined ? {} : { attemptsMax };
}

/** One try: the first address and the redirects from there. */
async function fetchOnce(
  fetcher: Fetcher,
  first: Target,
  request: SourceRequest,
): Promise<SourceReply> {
  const deadline = AbortSignal.timeout(fetcher.timeoutMs);
  const signal = request.signal ? AbortSignal.any([request.signal, deadline]) : deadline;
  const { redirectsMax = REDIRECTS_MAX } = request;
  let target = first;
  let { authorization } = request;
  try {
    request.signal?.throwIfAborted();
    for (let hop = 0; ; hop += 1) {
      const answer = await ask(fetcher, target, { ...request, authorization, signal });
      const location = locationOf(answer);
      if (location === null) return await replyOf(answer, target, { fetcher, request });
      answer.destroy();
      if (hop === redirectsMax) break;
      const next = checkUrl(location, fetcher.named, target.url);
      if (next.url.origin !== target.url.origin) authorization = undefined;
      target = next;
    }
  } catch (error) {
    throw translate(error, target, { request, deadline, timeoutMs: fetcher.timeoutMs });
  }
  throw new PipelineError(
    'config-invalid',
    redirectsMax === 0
      ? `${showUrl(first.url)} leads to another address, and is not followed`
      : `${showUrl(first.url)} leads to more than ${redirectsMax} redirects`,
    { hint: 'name the address that the redirects end at' },
  );
}

/** Where a redirect leads; null for any other answer. */
function locationOf({ statusCode, headers }: IncomingMessage): string | null {
  return REDIRECTS.has(statusCode ?? 0) ? (headers.location ?? null) : null;
}

/** Sends one request; resolves with the head of the answer. */
async function ask(
  fetcher: Fetcher,
  target: Target,
  request: SourceRequest,
): Promise<IncomingMessage> {
  const isTls = target.url.protocol === 'https:';
  if (request.authorization !== undefined) requireCover(target);
  const { request: send } = isTls ? await import('node:https') : await import('node:http');
  const options: RequestOptions = {
    method: 'GET',
    headers: { ...headersOf(request), ...authorizationOf(request) },
    lookup: guardedLookup(fetcher.resolve, target),
    timeout: fetcher.silenceTimeoutMs,
    signal: request.signal,
  };
  return await new Promise((resolve, reject) => {
    const sent: ClientRequest = send(target.url, options, resolve);
    sent.once('error', reject);
    sent.once('timeout', () => {
      const silence = `${showUrl(target.url)} was silent for ${fetcher.silenceTimeoutMs} ms`;
      sent.destroy(new PipelineError('unavailable', silence));
    });
    sent.end();
  });
}

function headersOf(request: SourceRequest): Record<string, string> {
  return {
    'user-agent': 'argosy/0.1',
    accept: '*/*',
    'accept-encoding': 'identity',
    ...(request.etag === undefined ? {} : { 'if-none-match': request.etag }),
    ...(request.lastModified === undefined ? {} : { 'if-modified-since': request.lastModified }),
  };
}

/** What a header may hold (RFC 9110, 5.5): nothing that ends it. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]+$/;

/** The one place where the credential is seen; nothing that is told or kept is made of these headers. */
function authorizationOf({ authorization }: SourceRequest): Record<string, string> {
  if (authorization === undefined) return {};
  const value = authorization.reveal();
  if (HEADER_VALUE.test(value)) return { authorization: value };
  const message = 'the credential of the source holds a character that no header may hold';
  throw new PipelineError('config-invalid', message, {
    hint: 'see ARGOSY_SOURCE_AUTHORIZATION: is there a line end in it?',
  });
}

async function replyOf(
  answer: IncomingMessage,
  target: Target,
  context: { fetcher: Fetcher; request: SourceRequest },
): Promise<SourceReply> {
  const { request, fetcher } = context;
  const status = answer.statusCode ?? 0;
  const isConditional = request.etag !== undefined || request.lastModified !== undefined;
  try {
    if (status === 304 && isConditional) return { status: 'unchanged' };
    if (status < 200 || status > 299 || status === 206) throw refusedWith(answer, target, fetcher);
    const address = showUrl(target.url);
    const bytes = await readBody(answer, { address, sizeBytesMax: request.sizeBytesMax });
    return {
      status: 'fresh',
      url: target.url.href,
      bytes,
      contentType: answer.headers['content-type'] ?? null,
      etag: answer.headers.etag ?? null,
      lastModified: answer.headers['last-modified'] ?? null,
      link: textOf(answer.headers['link']),
      totalCount: textOf(answer.headers['x-total-count']),
    };
  } finally {
    if (!answer.complete) answer.destroy();
    else answer.resume();
  }
}

function textOf(header: string | string[] | undefined): string | null {
  return Array.isArray(header) ? header.join(', ') : (header ?? null);
}

const KIND_OF_STATUS: Record<number, ErrorKind> = {
  401: 'denied',
  403: 'denied',
  404: 'not-found',
  407: 'denied',
  408: 'unavailable',
  410: 'not-found',
  425: 'unavailable',
  429: 'throttled',
  451: 'denied',
};

function refusedWith(answer: IncomingMessage, target: Target, fetcher: Fetcher): PipelineError {
  const status = answer.statusCode ?? 0;
  const isRequestAtFault = status >= 400 && status < 500;
  const kind = KIND_OF_STATUS[status] ?? (isRequestAtFault ? 'config-invalid' : 'unavailable');
  const retryAfterMs = parseRetryAfterMs(answer.headers['retry-after'], fetcher.clock.now());
  const detail = retryAfterMs === undefined ? {} : { retryAfterMs };
  return new PipelineError(kind, `${showUrl(target.url)} answered ${status}`, detail);
}

function translate(
  error: unknown,
  target: Target,
  context: { request: SourceRequest; deadline: AbortSignal; timeoutMs: number },
): PipelineError {
  const address = showUrl(target.url);
  const { request, deadline, timeoutMs } = context;
  if (request.signal?.aborted === true) {
    return new PipelineError('interrupted', `fetch of ${address} was stopped`, { cause: error });
  }
  if (error instanceof PipelineError) return error;
  if (deadline.aborted) {
    return new PipelineError('unavailable', `${address} took longer than ${timeoutMs} ms`, {
      cause: error,
    });
  }
  const { code, message } = error as NodeJS.ErrnoException;
  return new PipelineError('unavailable', `${address} could not be read: ${code ?? message}`, {
    cause: error,
  });
}
