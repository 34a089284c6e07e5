import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeEvents } from '../../services/events/event.ts';
import type { BucketEvents, BucketNews } from '../../services/ports/bucket-events.ts';
import { utf8 } from '../support/bytes.ts';
import { waitFor } from '../support/watch-bench.ts';

/** A bucket that tells of changes, and a way to change it. */
export interface MadeEvents {
  events: BucketEvents;
  /** The name in its notifications. */
  bucket: string;
  put(key: string, bytes: Uint8Array): Promise<void>;
  close?: () => Promise<void>;
}

/** Someone who listens; `keys` are those told of, decoded. */
export interface Listener {
  news: BucketNews[];
  keys(): string[];
  stop(): Promise<void>;
}

/** Listens until it is stopped, and has begun to when this resolves. */
export async function listenTo(
  { events, bucket }: Pick<MadeEvents, 'events' | 'bucket'>,
  prefix: string,
): Promise<Listener> {
  const controller = new AbortController();
  const news: BucketNews[] = [];
  const over = (async () => {
    for await (const one of events.listen({ prefix, signal: controller.signal })) news.push(one);
  })();
  const heard = () => news.some(({ type }) => type === 'listening');
  await Promise.race([over, waitFor(heard)]);
  return {
    news,
    keys: () =>
      news.flatMap((one) => {
        if (one.type === 'changed') return [one.key];
        if (one.type !== 'notification') return [];
        return decodeEvents(one.body, { bucket, prefix, suffixes: [] }).map(({ key }) => key);
      }),
    stop: async () => {
      controller.abort();
      await over;
    },
  };
}

/** Every sentence of the port that can be had without a fault of the other side. */
export function bucketEventsContract(name: string, make: () => Promise<MadeEvents>): void {
  describe(`${name} keeps the bucket-events contract`, () => {
    let made: MadeEvents;

    beforeAll(async () => {
      made = await make();
    }, 60_000);
    afterAll(() => made.close?.());

    const ODD_KEYS = [
      'uploads/a.csv',
      'uploads/a b+c.csv',
      'uploads/%2B % é 文 🚢.csv',
      'uploads/deep/er/b.csv',
      "uploads/quotes ' and & <x>.csv",
    ];

    it.each(ODD_KEYS)('tells of the object %s', async (key) => {
      const listener = await listenTo(made, 'uploads/');
      await made.put(key, utf8('1'));
      await waitFor(() => listener.keys().includes(key));
      await listener.stop();
      expect(listener.keys()).toContain(key);
    });

    it('tells of an object that is replaced', async () => {
      await made.put('uploads/again.csv', utf8('1'));
      const listener = await listenTo(made, 'uploads/');
      await made.put('uploads/again.csv', utf8('22'));
      await waitFor(() => listener.keys().includes('uploads/again.csv'));
      await listener.stop();
      expect(new Set(listener.keys())).toEqual(new Set(['uploads/again.csv']));
    });

    it('tells two listeners of the same object', async () => {
      const listeners = [await listenTo(made, 'uploads/'), await listenTo(made, 'uploads/')];
      await made.put('uploads/both.csv', utf8('1'));
      for (const one of listeners) await waitFor(() => one.keys().includes('uploads/both.csv'));
      for (const listener of listeners) await listener.stop();
      expect(listeners.map((one) => new Set(one.keys()).size)).toEqual([1, 1]);
    });

    it('tells of 200 objects put at once', async () => {
      const listener = await listenTo(made, 'uploads/');
      const keys = Array.from({ length: 200 }, (_, at) => `uploads/many/${at}.csv`);
      await Promise.all(keys.map((key) => made.put(key, utf8(key))));
      await waitFor(() => new Set(listener.keys()).size >= 200);
      await listener.stop();
      expect(new Set(listener.keys())).toEqual(new Set(keys));
    }, 60_000);

    it('ends without an error when it is told to stop, also before it began', async () => {
      const controller = new AbortController();
      controller.abort();
      const news: BucketNews[] = [];
      const listening = made.events.listen({ prefix: 'uploads/', signal: controller.signal });
      for await (const one of listening) news.push(one);
      expect(news.filter(({ type }) => type === 'lost')).toEqual([]);
    });
  });
}
