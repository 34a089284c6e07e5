import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { minioEvents } from '../../services/adapters/bucket-events/minio.ts';
import { pollingEvents, withFallback } from '../../services/adapters/bucket-events/polling.ts';
import { systemClock } from '../../services/adapters/clock/system.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { PipelineError } from '../../services/core/error.ts';
import type { BucketEvents } from '../../services/ports/bucket-events.ts';
import type { Clock } from '../../services/ports/clock.ts';
import { bucketEventsContract, listenTo } from '../contract/bucket-events.ts';
import { utf8 } from '../support/bytes.ts';
import { listenServer, type ListenServer } from '../support/listen-server.ts';
import { tcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { BUCKET as bucket, notificationOf, waitFor } from '../support/watch-bench.ts';

const clock = systemClock();
const TIMES = { silenceMs: 400, openMs: 300 };

function eventsAt(port: number, timeOf: Clock = clock) {
  const endpoint = `http://127.0.0.1:${port}`;
  const credentials = async () => ({ accessKeyId: 'key', secretAccessKey: 'secret' });
  return minioEvents({
    server: { endpoint, region: 'us-east-1', isPathStyle: true, credentials },
    bucket,
    clock: timeOf,
    random: () => 0,
    ...TIMES,
  });
}

/** To whom listens, MinIO spells keys as they are. */
function listenedOf(key: string): unknown {
  const { Records } = notificationOf('') as { Records: { s3: { object: object } }[] };
  const plain = Records.map((one) => ({ ...one, s3: { ...one.s3, object: { key } } }));
  return { Records: plain };
}

describe("listening by MinIO's client", () => {
  let server: ListenServer;
  let proxy: TcpProxy;

  beforeEach(async () => {
    server = await listenServer();
    proxy = await tcpProxy(server.port);
  });
  afterEach(async () => {
    await proxy.close();
    await server.close();
  });

  const listening = () => listenTo({ events: eventsAt(proxy.port), bucket }, 'uploads/');
  const counts = (listener: { news: readonly { type: string }[] }, type: string) =>
    listener.news.filter((one) => one.type === type).length;

  it('tells of objects with odd keys', async () => {
    const listener = await listening();
    const keys = ['uploads/a b+c.csv', 'uploads/%2B % é 文.csv'];
    for (const key of keys) server.send(listenedOf(key));
    await waitFor(() => listener.keys().length === 2);
    expect(listener.keys()).toEqual(keys);
    await listener.stop();
  });

  it('tells that a connection was cut, makes it again, and tells that it listens', async () => {
    const listener = await listening();
    for (let time = 1; time <= 3; time++) {
      proxy.cut();
      await waitFor(() => counts(listener, 'listening') === time + 1);
      server.send(listenedOf(`uploads/after-${time}.csv`));
      await waitFor(() => listener.keys().includes(`uploads/after-${time}.csv`));
    }
    expect(counts(listener, 'lost')).toBe(3);
    await listener.stop();
  });

  it('tells that an answer has ended in good order', async () => {
    const listener = await listening();
    server.end();
    await waitFor(() => counts(listener, 'listening') === 2);
    expect(listener.news.find(({ type }) => type === 'lost')).toMatchObject({
      reason: expect.stringContaining('ended'),
    });
    await listener.stop();
  });

  it('notices an answer that falls silent while it stays open', async () => {
    const listener = await listening();
    proxy.silence();
    await waitFor(() => counts(listener, 'listening') === 2);
    expect(listener.news.find(({ type }) => type === 'lost')).toMatchObject({
      reason: 'the server was silent for 0.4 s',
    });
    await listener.stop();
  });

  it('asks a server that is away again, with growing waits', async () => {
    const listener = await listening();
    proxy.refuse(true);
    const startedAt = performance.now();
    proxy.cut();
    await waitFor(() => counts(listener, 'lost') === 3);
    // The shortest waits are half of 0.5 s and of 1 s.
    expect(performance.now() - startedAt).toBeGreaterThan(700);
    proxy.refuse(false);
    await waitFor(() => counts(listener, 'listening') === 2);
    await listener.stop();
  });

  it('closes its connection when it is told to stop', async () => {
    const listener = await listening();
    expect(server.count()).toBe(1);
    await listener.stop();
    await waitFor(() => server.count() === 0);
  });
});

describe('a server whose answers end as soon as they have begun', () => {
  it('is asked once after each wait, and the waits grow', async () => {
    const server = await listenServer({ isEnding: true });
    const waitsMs: number[] = [];
    const sleep = async (durationMs: number, signal?: AbortSignal) => {
      waitsMs.push(durationMs);
      await clock.sleep(1, signal);
    };
    try {
      const events = eventsAt(server.port, { ...clock, sleep });
      const listener = await listenTo({ events, bucket }, 'uploads/');
      await waitFor(() => waitsMs.length >= 5);
      await listener.stop();
      expect(waitsMs.slice(0, 5)).toEqual([250, 500, 1_000, 2_000, 4_000]);
      expect(server.askedCount()).toBeLessThanOrEqual(waitsMs.length + 1);
    } finally {
      await server.close();
    }
  });
});

describe('a server that cannot tell of changes', () => {
  it.each([
    ['answers with a listing', { contentType: 'application/xml' }, 'cannot tell of changes'],
    ['takes the wish and sends nothing', { isFlushing: false }, 'sends nothing'],
  ])('that %s is found out', async (_how, options, message) => {
    const server = await listenServer(options);
    try {
      await expect(listenTo({ events: eventsAt(server.port), bucket }, '')).rejects.toMatchObject({
        kind: 'unsupported',
        message: expect.stringContaining(message),
      });
    } finally {
      await server.close();
    }
  });

  it('is listed instead, after it was said why', async () => {
    const server = await listenServer({ isFlushing: false });
    const store = memoryStore({ bucket, clock });
    const polling = pollingEvents({ store, clock, everyMs: 10 });
    try {
      const events = withFallback(eventsAt(server.port), polling, { clock });
      const listener = await listenTo({ events, bucket }, 'uploads/');
      expect(listener.news).toMatchObject([
        { type: 'lost', reason: expect.stringContaining('sends nothing') },
        { type: 'listening' },
      ]);
      await store.put('uploads/a.csv', utf8('1'));
      await waitFor(() => listener.keys().includes('uploads/a.csv'));
      await listener.stop();
    } finally {
      await server.close();
    }
  });
});

describe('a source of news that was only slow', () => {
  it('is asked again after a while, and the loss is told once', async () => {
    const second = pollingEvents({ store: memoryStore({ bucket, clock }), clock, everyMs: 5 });
    let asked = 0;
    const first: BucketEvents = {
      async *listen() {
        asked++;
        if (asked < 4) throw new PipelineError('unsupported', 'too slow');
        yield { type: 'changed', key: 'uploads/a.csv' };
      },
    };
    const events = withFallback(first, second, { clock, againMs: 10 });
    const listener = await listenTo({ events, bucket }, 'uploads/');
    await waitFor(() => listener.keys().includes('uploads/a.csv'));
    await listener.stop();
    expect(listener.news.filter(({ type }) => type === 'lost')).toHaveLength(1);
    expect(asked).toBe(4);
  });
});

bucketEventsContract('a bucket that is listed again and again', async () => {
  const store = memoryStore({ bucket, clock });
  return {
    events: pollingEvents({ store, clock, everyMs: 10 }),
    bucket,
    put: async (key, bytes) => void (await store.put(key, bytes)),
  };
});

describe('a bucket that is listed', () => {
  it('and cannot be for a while tells so, and listens again later', async () => {
    const store = memoryStore({ bucket, clock });
    let isAway = false;
    const flaky = {
      ...store,
      async *list(prefix: string) {
        if (isAway) throw new Error('away');
        yield* store.list(prefix);
      },
    };
    const listed = {
      ...flaky,
      list: (prefix: string) => translated(flaky.list(prefix)),
    };
    async function* translated<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
      try {
        yield* items;
      } catch (cause) {
        throw new PipelineError('unavailable', 'list failed', { cause });
      }
    }
    const events = pollingEvents({ store: listed, clock, everyMs: 5 });
    const listener = await listenTo({ events, bucket }, 'uploads/');
    isAway = true;
    await waitFor(() => listener.news.some(({ type }) => type === 'lost'));
    isAway = false;
    await waitFor(() => listener.news.filter(({ type }) => type === 'listening').length === 2);
    expect(listener.news.filter(({ type }) => type === 'lost')).toHaveLength(1);
    await listener.stop();
  });
});
