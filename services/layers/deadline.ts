import { PipelineError } from '../core/error.ts';
import type { Clock } from '../ports/clock.ts';
import type { Body, CallOptions, ObjectInfo, ObjectStore } from '../ports/object-store.ts';

export interface DeadlineOptions {
  clock: Clock;
  /** How long one call may take; one page of a listing, one chunk of a stream. */
  timeoutMs: number;
  /** A write may take longer by its size at this speed. Default 1 MiB a second. */
  bytesPerSecondMin?: number | undefined;
}

const BYTES_PER_SECOND_MIN = 1024 * 1024;

/**
 * A store whose calls end in time: `unavailable` after the limit, and `commit-unknown` for a put-if-absent, which may
 * have been stored. The call itself is told to stop.
 */
export function deadlineStore(store: ObjectStore, options: DeadlineOptions): ObjectStore {
  const limited = <T>(
    call: { method: string; key: string; options: CallOptions | undefined; body?: Body },
    run: (options: CallOptions) => Promise<T>,
  ): Promise<T> =>
    withDeadline(
      {
        clock: options.clock,
        timeoutMs: options.timeoutMs + transferMs(call.body, options),
        what: `${call.method} of ${store.url}/${call.key}`,
        signal: call.options?.signal,
        isCommit: call.method === 'putIfAbsent',
      },
      (signal) => run({ signal }),
    );

  return {
    url: store.url,
    capability: store.capability,
    put: (key, body, call) =>
      limited({ method: 'put', key, body, options: call }, (own) => store.put(key, body, own)),
    putIfAbsent: (key, body, call) =>
      limited({ method: 'putIfAbsent', key, body, options: call }, (own) =>
        store.putIfAbsent(key, body, own),
      ),
    get: (key, call) =>
      limited({ method: 'get', key, options: call }, (own) => store.get(key, own)),
    open: async (key, call) => {
      const what = { method: 'open', key, options: call };
      const stopper = new AbortController();
      const signal = joined(call?.signal, stopper.signal);
      const stream = await limited(what, (own) =>
        store.open(key, { signal: joined(own.signal, signal) }),
      );
      return eachInTime(stream, (next) => limited(what, next), stopper);
    },
    head: (key, call) =>
      limited({ method: 'head', key, options: call }, (own) => store.head(key, own)),
    list: (prefix, call): AsyncIterable<ObjectInfo> => {
      const stopper = new AbortController();
      const items = store.list(prefix, { signal: joined(call?.signal, stopper.signal) });
      const what = { method: 'list', key: prefix, options: call };
      return eachInTime(items, (next) => limited(what, next), stopper);
    },
    delete: (key, call) =>
      limited({ method: 'delete', key, options: call }, (own) => store.delete(key, own)),
    localPath: (key) => store.localPath(key),
  };
}

function transferMs(body: Body | undefined, options: DeadlineOptions): number {
  if (body === undefined) return 0;
  const sizeBytes = body instanceof Uint8Array ? body.length : body.sizeBytes;
  return (sizeBytes / (options.bytesPerSecondMin ?? BYTES_PER_SECOND_MIN)) * 1000;
}

interface Deadline {
  clock: Clock;
  timeoutMs: number;
  what: string;
  signal: AbortSignal | undefined;
  isCommit: boolean;
}

const EXPIRED = Symbol('expired');

/** Races the call against the clock; the loser is stopped. */
async function withDeadline<T>(
  deadline: Deadline,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const callStopper = new AbortController();
  const timerStopper = new AbortController();
  const expiry = deadline.clock.sleep(deadline.timeoutMs, timerStopper.signal).then(
    () => EXPIRED,
    // The call ended first and stopped the timer; the race is over, nobody sees this.
    () => EXPIRED,
  );
  const call = run(joined(deadline.signal, callStopper.signal));
  try {
    const first = await Promise.race([call, expiry]);
    if (first !== EXPIRED) return first as T;
  } finally {
    timerStopper.abort();
  }
  // The call's own end no longer matters; without a handler its rejection would end the process.
  call.catch(() => undefined);
  callStopper.abort();
  throw expired(deadline);
}

function expired({ what, timeoutMs, isCommit }: Deadline): PipelineError {
  const message = `${what} took longer than ${Math.round(timeoutMs)} ms`;
  if (!isCommit) return new PipelineError('unavailable', message);
  return new PipelineError('commit-unknown', `${message}; it may be stored`, {
    hint: 'read the object before anything else',
  });
}

/** Each step of an iteration has the time of one call; the time between, which is the reader's, does not count. */
async function* eachInTime<T>(
  items: AsyncIterable<T>,
  inTime: (next: () => Promise<IteratorResult<T>>) => Promise<IteratorResult<T>>,
  stopper: AbortController,
): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  let isWaiting = false;
  try {
    for (;;) {
      isWaiting = true;
      const item = await inTime(() => iterator.next());
      isWaiting = false;
      if (item.done === true) return;
      yield item.value;
    }
  } finally {
    // A step that was given up still runs: to wait for its end would be to wait for ever.
    if (isWaiting) stopper.abort();
    else await iterator.return?.();
  }
}

function joined(outer: AbortSignal | undefined, own: AbortSignal): AbortSignal {
  return outer === undefined ? own : AbortSignal.any([outer, own]);
}
