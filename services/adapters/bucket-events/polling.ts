import { PipelineError, toPipelineError } from '../../core/error.ts';
import type { BucketEvents, BucketNews, ListenRequest } from '../../ports/bucket-events.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ObjectStore } from '../../ports/object-store.ts';

export interface PollingOptions {
  store: ObjectStore;
  clock: Clock;
  /** The pause between two listings, at least; long listings make it longer. */
  everyMs: number;
}

/** A listing may take one part in so many of the time. */
const SHARE = 10;

/** News of a bucket by listing it again and again: for servers that cannot tell of changes. */
export function pollingEvents({ store, clock, everyMs }: PollingOptions): BucketEvents {
  return {
    async *listen({ prefix, signal }) {
      let known: Map<string, string> | null = null;
      while (!signal.aborted) {
        const startedAt = clock.now().getTime();
        try {
          const listed = new Map<string, string>();
          for await (const { key, etag } of store.list(prefix, { signal })) listed.set(key, etag);
          if (known === null) yield { type: 'listening' };
          for (const [key, etag] of listed) {
            if (known !== null && known.get(key) !== etag) yield { type: 'changed', key };
          }
          known = listed;
        } catch (thrown) {
          if (signal.aborted) return;
          const error = toPipelineError(thrown);
          if (error.kind === 'bug' || error.kind === 'config-invalid') throw error;
          if (known !== null) yield { type: 'lost', reason: error.message };
          known = null;
        }
        const tookMs = clock.now().getTime() - startedAt;
        const isOver = await clock.sleep(Math.max(everyMs, tookMs * SHARE), signal).then(
          () => false,
          () => signal.aborted,
        );
        if (isOver) return;
      }
    },
  };
}

/** So long the second is heard before the first is asked again: it may only have been slow. */
const AGAIN_MS = 10 * 60_000;

/**
 * The news of the first; those of the second for a while whenever the first says that it has none to tell
 * (`unsupported`).
 */
export function withFallback(
  first: BucketEvents,
  second: BucketEvents,
  { clock, againMs = AGAIN_MS }: { clock: Clock; againMs?: number },
): BucketEvents {
  return {
    async *listen(request) {
      let isLossTold = false;
      while (!request.signal.aborted) {
        try {
          for await (const news of first.listen(request)) {
            isLossTold = false;
            yield news;
          }
          return;
        } catch (thrown) {
          if (!(thrown instanceof PipelineError) || thrown.kind !== 'unsupported') throw thrown;
          if (!isLossTold) yield { type: 'lost', reason: thrown.message };
          isLossTold = true;
        }
        yield* listenFor(againMs, { events: second, request, clock });
      }
    },
  };
}

async function* listenFor(
  durationMs: number,
  { events, request, clock }: { events: BucketEvents; request: ListenRequest; clock: Clock },
): AsyncGenerator<BucketNews> {
  const turn = new AbortController();
  const signal = AbortSignal.any([request.signal, turn.signal]);
  clock.sleep(durationMs, signal).then(
    () => turn.abort(),
    // Stopped before its end.
    () => undefined,
  );
  try {
    yield* events.listen({ ...request, signal });
  } finally {
    turn.abort();
  }
}
