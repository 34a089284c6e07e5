import { systemClock } from '../../services/adapters/clock/system.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../services/adapters/record-store/object.ts';
import type { RunArrivals } from '../../services/events/run-queue.ts';
import { openLedger, type SettledRecord } from '../../services/events/ledger.ts';
import { watch, type WatchEvent, type WatchOptions } from '../../services/events/watch.ts';
import type { BucketEvents, BucketNews } from '../../services/ports/bucket-events.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import type { Arrivals } from '../../services/ports/step.ts';
import { listOf, utf8 } from './bytes.ts';

export const BUCKET = 'drops';

export const CSV_ARRIVALS: Arrivals = {
  prefix: 'uploads/',
  suffixes: ['.csv'],
  isDeep: true,
  parameters: ([arrival]) => ({ key: arrival?.key ?? '' }),
};

/** News that a test sends by hand. */
export interface Wire {
  events: BucketEvents;
  send(news: BucketNews): void;
  /** Who listens gets this error. */
  fail(error: Error): void;
}

/** Opens a wire; who listens to it first hears `listening`. */
export function openWire(): Wire {
  const queue: BucketNews[] = [{ type: 'listening' }];
  let error: Error | null = null;
  let wake: () => void = () => undefined;
  return {
    events: {
      async *listen({ signal }) {
        signal.addEventListener('abort', () => wake(), { once: true });
        while (!signal.aborted) {
          const news = queue.shift();
          if (news) yield news;
          else if (error) throw error;
          else await new Promise<void>((resolve) => void (wake = resolve));
        }
      },
    },
    send: (news) => {
      queue.push(news);
      wake();
    },
    fail: (thrown) => {
      error = thrown;
      wake();
    },
  };
}

export interface WatchBench {
  store: ObjectStore;
  wire: Wire;
  told: WatchEvent[];
  /** Keys in the order in which their runs began. */
  ran: string[];
  put(key: string, text?: string): Promise<void>;
  /** A notification of the object, as MinIO would send it. */
  notify(key: string): void;
  settled(): Promise<SettledRecord[]>;
  acceptedCount(): Promise<number>;
  /** Watches until `until` is true, then stops and waits for the end. */
  watch(options: Partial<WatchOptions>, until?: () => boolean | Promise<boolean>): Promise<void>;
}

const WAIT_MS_MAX = 20_000;

/** A bucket in memory with a watcher over it. */
export function watchBench(store: ObjectStore = memoryBucket()): WatchBench {
  const records = objectRecords(store);
  const wire = openWire();
  const told: WatchEvent[] = [];
  const ran: string[] = [];
  const run: RunArrivals = async (arrivals) => {
    ran.push(...arrivals.map(({ key }) => key));
    return { runName: `run-${ran.length}`, error: null };
  };
  return {
    store,
    wire,
    told,
    ran,
    put: async (key, text = key) => void (await store.put(key, utf8(text))),
    notify: (key) => wire.send({ type: 'notification', body: notificationOf(key) }),
    settled: async () => {
      const all: SettledRecord[] = [];
      const scan = records.scan<SettledRecord>('arrivals/drops/settled');
      for await (const { value } of scan) all.push(value);
      return all;
    },
    acceptedCount: async () => (await listOf(records.ids('arrivals/drops/accepted'))).length,
    watch: async (given, until) => {
      const stop = new AbortController();
      const options: WatchOptions = {
        rule: CSV_ARRIVALS,
        store,
        bucket: BUCKET,
        ledger: openLedger(records, BUCKET),
        clock: systemClock(),
        events: wire.events,
        landing: null,
        run,
        watcher: 'one',
        runsMax: 4,
        quietMs: 0,
        sweepEveryMs: 600_000,
        isOnce: until === undefined,
        retriesFailed: false,
        drainMs: 5_000,
        signal: stop.signal,
        onEvent: (event) => void told.push(event),
        ...given,
      };
      const over = watch(options);
      await (until ? Promise.race([over, waitFor(until)]) : over);
      stop.abort();
      await over;
    },
  };
}

/** Polls until it is true; fails after 20 seconds. */
export async function waitFor(until: () => boolean | Promise<boolean>): Promise<void> {
  const pauseMs = 5;
  for (let waitedMs = 0; !(await until()); waitedMs += pauseMs) {
    if (waitedMs > WAIT_MS_MAX) throw new Error(`waited in vain for ${String(until)}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

function memoryBucket(): ObjectStore {
  return memoryStore({ bucket: BUCKET, clock: systemClock() });
}

/** A notification as MinIO spells it. */
export function notificationOf(key: string, change: Record<string, unknown> = {}): unknown {
  const spelled = encodeURIComponent(key).replaceAll('%20', '+');
  return {
    EventName: 's3:ObjectCreated:Put',
    Key: `${BUCKET}/${key}`,
    Records: [
      {
        eventTime: '2026-11-21T12:00:00.000Z',
        eventName: 's3:ObjectCreated:Put',
        s3: { bucket: { name: BUCKET }, object: { key: spelled, ...change } },
      },
    ],
  };
}
