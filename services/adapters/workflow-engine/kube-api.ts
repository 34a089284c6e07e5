import { DEFAULT_RETRY_POLICY, type RetryPolicy, waitBeforeRetryMs } from '../../core/backoff.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/step.ts';
import type { KubeConnection } from './kube-config.ts';
import { notKubernetes } from './kube-fault.ts';
import { ask, askLines, type KubeCall, KUBE_LIMITS, type KubeLimits } from './kube-request.ts';

export interface KubeOptions {
  connection: KubeConnection;
  clock: Clock;
  /** In [0, 1): spreads the waits between tries. */
  random: () => number;
  /** Told of what is tried again. */
  log: Log;
  limits?: Partial<KubeLimits> | undefined;
  policy?: Partial<RetryPolicy> | undefined;
}

/** The API server of one cluster. */
export interface KubeApi extends KubeOptions {
  /** The answer, tried again when waiting may cure what failed. A call must be one that may arrive twice. */
  json(call: KubeCall, onRetry?: () => void): Promise<unknown>;
  /** The answer of one try. */
  jsonOnce(call: KubeCall): Promise<unknown>;
  /** The answer as it is, of one try. */
  textOnce(call: KubeCall): Promise<string>;
  /** The lines of a watch, of one try. */
  lines(call: KubeCall): AsyncGenerator<string, void, undefined>;
}

/** The API server behind a connection. */
export function kubeApi(options: KubeOptions): KubeApi {
  const { connection } = options;
  const limits = { ...KUBE_LIMITS, ...options.limits };
  const textOnce = (call: KubeCall): Promise<string> => {
    options.log.debug('cluster.ask', { call: `${call.verb} ${call.resource}`, name: call.name });
    return ask(connection, call, limits);
  };
  const jsonOnce = async (call: KubeCall): Promise<unknown> =>
    parse(await textOnce(call), connection);
  return {
    ...options,
    textOnce,
    jsonOnce,
    json: (call, onRetry) => again(options, call, { once: () => jsonOnce(call), onRetry }),
    lines: (call) => askLines(connection, call, limits),
  };
}

async function again<T>(
  options: KubeOptions,
  call: KubeCall,
  { once, onRetry }: { once: () => Promise<T>; onRetry: (() => void) | undefined },
): Promise<T> {
  const policy = { ...DEFAULT_RETRY_POLICY, ...options.policy };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once();
    } catch (error) {
      const waitMs = isConflict(error)
        ? null
        : waitBeforeRetryMs({ error, attempt, random: options.random }, policy);
      if (waitMs === null) throw error;
      options.log.warn('cluster.retry', {
        call: `${call.verb} ${call.resource}`,
        attempt,
        reason: reasonOf(error),
      });
      onRetry?.();
      await options.clock.sleep(waitMs, call.signal);
    }
  }
}

/** Sent again, the same object meets the same conflict. */
function isConflict(error: unknown): boolean {
  return error instanceof Error && 'kind' in error && error.kind === 'conflict';
}

/** What went wrong, in one line. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function parse(body: string, connection: KubeConnection): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    // Whatever it is, no part of it says more than that it is not the API server's.
    throw notKubernetes(connection, body);
  }
}
