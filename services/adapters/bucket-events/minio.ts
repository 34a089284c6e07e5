import type { ClientRequest, IncomingMessage } from 'node:http';
import type { NotificationPoller } from 'minio';
import { PipelineError, toPipelineError } from '../../core/error.ts';
import type { BucketEvents, BucketNews } from '../../ports/bucket-events.ts';
import type { Clock } from '../../ports/clock.ts';
import { openInbox } from './inbox.ts';
import { clientOf, type MinioServer, translateMinioError } from './minio-client.ts';

export interface MinioEventsOptions {
  server: MinioServer;
  bucket: string;
  clock: Clock;
  /** In [0, 1): spreads the waits before a new connection. */
  random: () => number;
  /** How long the server may send nothing at all; it sends a blank twice a second. Default 15 seconds. */
  silenceMs?: number;
  /** How long it may take to begin its answer, which is as soon as it sends the first blank. Default 5 seconds. */
  openMs?: number;
}

const NEWS_MAX = 10_000;
const SILENCE_MS = 15_000;
const OPEN_MS = 5_000;
/** Waits before a connection is made again: the first is at most this long, and each doubles up to the bound. */
const RECONNECT_MS = 500;
const RECONNECT_MS_MAX = 30_000;
/** A connection that was open for so long, or that has told of something, was a good one: the waits begin anew. */
const STEADY_MS = 60_000;
/** Of S3's events, the one that may bring an arrival. */
const CREATED = 's3:ObjectCreated:*';

/**
 * News of a bucket by MinIO's `ListenBucketNotification`; `unsupported` from other servers, and from builds of MinIO that
 * keep back what they should stream (those from minio#21651 on, which lack a Flush). The client's own poller asks again at once, and tells nobody,
 * when an answer ends, and it never notices an answer that only falls silent: here each answer is one connection, whose
 * end is told.
 */
export function minioEvents(options: MinioEventsOptions): BucketEvents {
  const { clock, random } = options;
  return {
    async *listen({ prefix, signal }) {
      let failures = 0;
      while (!signal.aborted) {
        let reason = 'the server has ended the connection';
        const startedAt = clock.now().getTime();
        try {
          for await (const news of connection(options, prefix, signal)) {
            if (news.type === 'notification') failures = 0;
            yield news;
          }
        } catch (thrown) {
          const error = toPipelineError(thrown);
          if (error.kind !== 'unavailable' && error.kind !== 'throttled') throw error;
          reason = error.message;
        }
        if (signal.aborted) return;
        if (clock.now().getTime() - startedAt >= STEADY_MS) failures = 0;
        yield { type: 'lost', reason };
        const boundMs = Math.min(RECONNECT_MS_MAX, RECONNECT_MS * 2 ** Math.min(failures, 10));
        failures++;
        if (!(await pause(clock, boundMs * (0.5 + random() / 2), signal))) return;
      }
    },
  };
}

async function pause(clock: Clock, durationMs: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(durationMs, signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

async function* connection(
  options: MinioEventsOptions,
  prefix: string,
  signal: AbortSignal,
): AsyncGenerator<BucketNews> {
  const { server, bucket } = options;
  const inbox = openInbox<BucketNews>({
    countMax: NEWS_MAX,
    overflow: { type: 'lost', reason: 'notifications come faster than they are taken' },
  });
  let poller: NotificationPoller | null = null;
  const end = (error?: Error): void => {
    poller?.stop();
    inbox.close(error);
  };
  const answer = answerWatch(
    { silenceMs: options.silenceMs ?? SILENCE_MS, openMs: options.openMs ?? OPEN_MS },
    { onOpen: () => inbox.push({ type: 'listening' }), onEnd: end },
  );
  const stop = (): void => end();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const client = await clientOf(server, {
      tap: { onAnswer: answer.see, onConnected: answer.connected },
    });
    poller = client.listenBucketNotification(bucket, prefix, '', [CREATED]);
    poller.on('notification', (record) => {
      inbox.push({ type: 'notification', body: { Records: [encoded(record)] } });
    });
    poller.on('error', (error) =>
      end(translateMinioError(error, { what: `listening to ${bucket}`, server, bucket })),
    );
    yield* overflowing(inbox);
  } finally {
    signal.removeEventListener('abort', stop);
    poller?.stop();
    answer.drop();
  }
}

/**
 * To whom listens MinIO tells keys as they are; everywhere else they are form-encoded, and so they are handed on. A
 * record of another shape is handed on as it is, for whoever reads it to refuse.
 */
function encoded(record: unknown): unknown {
  const { s3 } = (record ?? {}) as { s3?: { object?: { key?: unknown } } };
  const key = s3?.object?.key;
  if (typeof record !== 'object' || typeof key !== 'string' || /\p{Surrogate}/u.test(key))
    return record;
  return { ...record, s3: { ...s3, object: { ...s3?.object, key: encodeURIComponent(key) } } };
}

/** What was lost in between is looked for at once: the connection itself is still there. */
async function* overflowing(news: AsyncIterable<BucketNews>): AsyncGenerator<BucketNews> {
  for await (const one of news) {
    yield one;
    if (one.type === 'lost') yield { type: 'listening' };
  }
}

/** Looks at the answer itself: whether it is a stream of events, when it ends, and when it falls silent. */
function answerWatch(
  { silenceMs, openMs }: { silenceMs: number; openMs: number },
  { onOpen, onEnd }: { onOpen: () => void; onEnd: (error?: Error) => void },
) {
  let request: ClientRequest | null = null;
  let response: IncomingMessage | null = null;
  let timer: NodeJS.Timeout | undefined;
  const drop = (): void => {
    clearTimeout(timer);
    response?.destroy();
    request?.destroy();
  };
  const give = (kind: 'unavailable' | 'unsupported', message: string): void => {
    onEnd(new PipelineError(kind, message));
    drop();
  };
  const connected = (made: ClientRequest): void => {
    request = made;
    clearTimeout(timer);
    const message = 'the server takes the wish to listen and then sends nothing';
    timer = setTimeout(() => give('unsupported', message), openMs);
  };
  const see = (seen: IncomingMessage): void => {
    clearTimeout(timer);
    if (seen.statusCode !== 200) return;
    response = seen;
    if (!/^text\/event-stream\b/.test(seen.headers['content-type'] ?? '')) {
      const name = String(seen.headers.server ?? 'this store');
      return give('unsupported', `${name} cannot tell of changes in a bucket`);
    }
    const silent = `the server was silent for ${silenceMs / 1000} s`;
    timer = setTimeout(() => give('unavailable', silent), silenceMs);
    seen.on('data', () => timer?.refresh());
    // At the end, and not at the close that follows it: in between the client's poller asks again.
    for (const over of ['end', 'close']) seen.once(over, () => onEnd());
    onOpen();
  };
  return { see, connected, drop };
}
