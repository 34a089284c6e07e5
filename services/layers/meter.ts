import { toPipelineError, type ErrorKind } from '../core/error.ts';
import type { Clock } from '../ports/clock.ts';
import type { Body, CallOptions, ObjectStore } from '../ports/object-store.ts';

/** One finished call of a store. */
export interface MeteredCall {
  method: string;
  /** Of a listing or a stream: from the call to the last item. */
  durationMs: number;
  /** Bytes that went in or out; 0 where there are none. */
  sizeBytes: number;
  /** `ok`, or the kind of the failure. */
  outcome: 'ok' | ErrorKind;
}

export interface MeterOptions {
  clock: Clock;
  /** Called once for each call, after it ended. Must not throw. */
  onCall: (call: MeteredCall) => void;
}

type Measured = { sizeBytes: number };

/** A store that reports each of its calls. */
export function meterStore(store: ObjectStore, options: MeterOptions): ObjectStore {
  const metered = meter(options);
  return {
    url: store.url,
    capability: store.capability,
    put: (key, body, call) =>
      metered(
        'put',
        () => store.put(key, body, call),
        () => sizeOf(body),
      ),
    putIfAbsent: (key, body, call) =>
      metered(
        'putIfAbsent',
        () => store.putIfAbsent(key, body, call),
        (info) => (info === null ? 0 : sizeOf(body)),
      ),
    get: (key, call) =>
      metered(
        'get',
        () => store.get(key, call),
        (bytes) => bytes?.length ?? 0,
      ),
    open: (key, call) => openMetered(store, { key, call, options }),
    head: (key, call) => metered('head', () => store.head(key, call), nothing),
    list: (prefix, call) =>
      throughMeter({
        method: 'list',
        options,
        items: () => store.list(prefix, call),
        size: nothing,
      }),
    delete: (key, call) => metered('delete', () => store.delete(key, call), nothing),
    localPath: (key) => metered('localPath', () => store.localPath(key), nothing),
  };
}

function meter(options: MeterOptions) {
  return async <T>(
    method: string,
    call: () => Promise<T>,
    size: (result: T) => number,
  ): Promise<T> => {
    const report = begin(method, options);
    try {
      const result = await call();
      report('ok', size(result));
      return result;
    } catch (error) {
      report(toPipelineError(error).kind, 0);
      throw error;
    }
  };
}

function begin(method: string, { clock, onCall }: MeterOptions) {
  const beganMs = clock.now().getTime();
  return (outcome: MeteredCall['outcome'], sizeBytes: number): void =>
    onCall({ method, durationMs: clock.now().getTime() - beganMs, sizeBytes, outcome });
}

async function openMetered(
  store: ObjectStore,
  opening: { key: string; call: CallOptions | undefined; options: MeterOptions },
): Promise<AsyncIterable<Uint8Array>> {
  const { key, call, options } = opening;
  const report = begin('open', options);
  try {
    const stream = await store.open(key, call);
    return throughMeter({ report, items: () => stream, size: (chunk) => chunk.length });
  } catch (error) {
    report(toPipelineError(error).kind, 0);
    throw error;
  }
}

type Through<T> = { items: () => AsyncIterable<T>; size: (item: T) => number } & (
  | { report: ReturnType<typeof begin> }
  | { method: string; options: MeterOptions }
);

/** Passes items on; reports when the last has come, when one fails, and when the reader stops early (as `ok`). */
async function* throughMeter<T>(through: Through<T>): AsyncGenerator<T> {
  const report = 'report' in through ? through.report : begin(through.method, through.options);
  let outcome: MeteredCall['outcome'] = 'ok';
  const seen: Measured = { sizeBytes: 0 };
  try {
    for await (const item of through.items()) {
      seen.sizeBytes += through.size(item);
      yield item;
    }
  } catch (error) {
    outcome = toPipelineError(error).kind;
    throw error;
  } finally {
    report(outcome, seen.sizeBytes);
  }
}

function nothing(): number {
  return 0;
}

function sizeOf(body: Body): number {
  return body instanceof Uint8Array ? body.length : body.sizeBytes;
}
