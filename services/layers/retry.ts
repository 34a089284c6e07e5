import { DEFAULT_RETRY_POLICY, waitBeforeRetryMs, type RetryPolicy } from '../core/backoff.ts';
import { compareKeys } from '../core/key.ts';
import type { Clock } from '../ports/clock.ts';
import type { CallOptions, ObjectInfo, ObjectStore } from '../ports/object-store.ts';

export interface RetryOptions {
  clock: Clock;
  /** In [0, 1): spreads the waits. */
  random: () => number;
  /** What differs from `DEFAULT_RETRY_POLICY`. */
  policy?: Partial<RetryPolicy> | undefined;
  /** Told before each wait, for the log. */
  onRetry?:
    | ((retry: { what: string; attempt: number; waitMs: number; error: Error }) => void)
    | undefined;
}

/**
 * A store that tries again what a retry may cure. A put-if-absent whose outcome is unknown is not tried again: its
 * caller reads first. A listing goes on behind the last key it gave. A stream is retried only until it is open; when
 * it breaks later, its reader gets `unavailable`.
 */
export function retryStore(store: ObjectStore, options: RetryOptions): ObjectStore {
  const again = <T>(
    method: string,
    key: string,
    call: () => Promise<T>,
    callOptions: CallOptions | undefined,
  ): Promise<T> =>
    retrying({ ...options, what: `${method} of ${store.url}/${key}`, ...callOptions }, call);

  return {
    url: store.url,
    capability: store.capability,
    put: (key, body, call) => again('put', key, () => store.put(key, body, call), call),
    putIfAbsent: (key, body, call) =>
      again('putIfAbsent', key, () => store.putIfAbsent(key, body, call), call),
    get: (key, call) => again('get', key, () => store.get(key, call), call),
    open: (key, call) => again('open', key, () => store.open(key, call), call),
    head: (key, call) => again('head', key, () => store.head(key, call), call),
    list: (prefix, call) => listOn(store, { prefix, call, options }),
    delete: (key, call) => again('delete', key, () => store.delete(key, call), call),
    localPath: (key) => again('localPath', key, () => store.localPath(key), undefined),
  };
}

interface Retrying extends RetryOptions, CallOptions {
  what: string;
}

async function retrying<T>(retry: Retrying, call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      await waitOrThrow(retry, error, attempt);
    }
  }
}

async function waitOrThrow(retry: Retrying, error: unknown, attempt: number): Promise<void> {
  const policy = { ...DEFAULT_RETRY_POLICY, ...retry.policy };
  const waitMs = waitBeforeRetryMs({ error, attempt, random: retry.random }, policy);
  if (waitMs === null) throw error;
  retry.onRetry?.({ what: retry.what, attempt, waitMs, error: error as Error });
  await retry.clock.sleep(waitMs, retry.signal);
}

/** The tries count anew after every key that came: a long listing may meet more than one fault. */
async function* listOn(
  store: ObjectStore,
  listing: { prefix: string; call: CallOptions | undefined; options: RetryOptions },
): AsyncGenerator<ObjectInfo> {
  const { prefix, call, options } = listing;
  const retry = { ...options, what: `list of ${store.url}/${prefix}`, signal: call?.signal };
  let lastKey: string | null = null;
  for (let attempt = 1; ; attempt += 1) {
    const items = store.list(prefix, call)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const item = await items.next().catch((error: unknown) => ({ error }));
        if ('error' in item) {
          await waitOrThrow(retry, item.error, attempt);
          break;
        }
        if (item.done === true) return;
        if (lastKey !== null && compareKeys(item.value.key, lastKey) <= 0) continue;
        lastKey = item.value.key;
        attempt = 1;
        yield item.value;
      }
    } finally {
      await items.return?.();
    }
  }
}
