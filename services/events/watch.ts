import { setMaxListeners } from 'node:events';
import { type PipelineError, toPipelineError } from '../core/error.ts';
import type { BucketEvents, BucketNews } from '../ports/bucket-events.ts';
import type { ObjectInfo } from '../ports/object-store.ts';
import { type Desk, openDesk } from './desk.ts';
import { decodeEvents } from './event.ts';
import { foldEvents } from './event-order.ts';
import type { Landing } from './landing.ts';
import type { DeskEvent, DeskOptions } from './run-queue.ts';
import { RENEW_MS, sweep, type Swept } from './sweep.ts';

/** What whoever watches is told, beside what the desk tells. */
export type WatchEvent =
  | DeskEvent
  | { type: 'listening' }
  | { type: 'lost'; reason: string }
  /** The store cannot tell of changes: from now on only sweeps find them. */
  | { type: 'sweeping-only'; reason: string }
  | ({ type: 'swept' } & Swept)
  /** A notification that is none of ours, or none at all. */
  | { type: 'refused'; error: PipelineError }
  | { type: 'sweep-failed'; error: PipelineError };

export interface WatchOptions extends Omit<DeskOptions, 'onEvent' | 'runSignal'> {
  /** The bucket's name, as notifications spell it. */
  bucket: string;
  /** Null: nothing tells of changes. */
  events: BucketEvents | null;
  /** What brings files of a folder into the bucket; the events are then those of that folder. */
  landing: Landing | null;
  sweepEveryMs: number;
  retriesFailed: boolean;
  /** When told to stop, runs under way may go on for so long before they are stopped too. */
  drainMs: number;
  onEvent(event: WatchEvent): void;
}

/**
 * Sees to every object that arrives until the signal is aborted, or, with `isOnce`, to all that is there. Nothing that
 * was in the bucket before a sweep began is missed by it, whatever the events did. What runs when it is told to stop is
 * ended first. Throws what the first sweep throws: a store that cannot be listed is no place to watch.
 */
export async function watch(options: WatchOptions): Promise<void> {
  const { signal, clock, landing } = options;
  const runs = new AbortController();
  const over = new AbortController();
  /** Of one of those that go on beside each other, for the others. */
  const ended = new AbortController();
  // Whatever waits, waits for the end too; there may be as many as there are lanes.
  setMaxListeners(0, signal, runs.signal);
  const desk = openDesk({ ...options, runSignal: runs.signal });
  landing?.onLanded((info) => desk.take(info, false));
  const drain = () => stopLate(runs, clock.sleep(options.drainMs, over.signal));
  signal.addEventListener('abort', drain, { once: true });
  const going = { ...options, signal: AbortSignal.any([signal, ended.signal]) };
  const all = watching(going, desk);
  const renewals = renew(going, desk);
  try {
    await Promise.all(all);
    await landing?.idle();
    if (options.isOnce) await desk.idle();
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    ended.abort();
    if (!signal.aborted) runs.abort();
    await Promise.allSettled([...all, renewals]);
    await landing?.idle();
    await desk.idle();
    signal.removeEventListener('abort', drain);
    over.abort();
  }
}

/** What goes on until the signal is aborted; changes are heard while the first sweep, which may take long, goes on. */
function watching(options: WatchOptions, desk: Desk): Promise<void>[] {
  const sweeps = sweeper(options, desk);
  if (options.isOnce) return [sweeps.first()];
  return [sweeps.first(), listen(options, desk, sweeps), tick(options, sweeps)];
}

function stopLate(runs: AbortController, late: Promise<void>): void {
  late.then(
    () => runs.abort(),
    // Everything ended in time.
    () => undefined,
  );
}

interface Sweeper {
  first(): Promise<void>;
  /** Sweeps now, or once more when a sweep is under way; a failure is told, not thrown. */
  again(): Promise<void>;
}

function sweeper(options: WatchOptions, desk: Desk): Sweeper {
  let running: Promise<void> | null = null;
  let isWanted = false;
  const once = async (isFirst: boolean): Promise<void> => {
    const retriesFailed = isFirst && options.retriesFailed;
    const etags = new Map<string, string>();
    const onListed = ({ key, etag }: ObjectInfo) => void etags.set(key, etag);
    const { landing } = options;
    const told = landing === null ? {} : { onListed };
    const swept = await sweep({ ...options, desk, isFirst, retriesFailed, ...told });
    await landing?.sweep(etags);
    options.onEvent({ type: 'swept', ...swept });
  };
  const wanted = async (): Promise<void> => {
    while (isWanted) {
      isWanted = false;
      try {
        await once(false);
      } catch (thrown) {
        if (options.signal.aborted) return;
        options.onEvent({ type: 'sweep-failed', error: toPipelineError(thrown) });
      }
    }
  };
  /** One at a time: what is wanted while another goes on comes after it. */
  const begin = (work: () => Promise<void>): Promise<void> =>
    (running ??= work().finally(() => {
      running = null;
    }));
  return {
    first: () => begin(() => once(true).then(wanted)),
    again: () => {
      isWanted = true;
      return begin(wanted);
    },
  };
}

async function tick({ clock, signal, sweepEveryMs }: WatchOptions, sweeps: Sweeper) {
  while (!signal.aborted) {
    await clock.sleep(sweepEveryMs, signal);
    await sweeps.again();
  }
}

/** For as long as something may be under way: other watchers take up what is not heard of. */
async function renew({ clock, signal }: WatchOptions, desk: Desk): Promise<void> {
  try {
    for (;;) {
      await clock.sleep(RENEW_MS, signal);
      await desk.renew();
    }
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
}

async function listen(options: WatchOptions, desk: Desk, sweeps: Sweeper): Promise<void> {
  const { events, rule, signal } = options;
  const none = 'this store cannot tell of changes';
  if (events === null) return options.onEvent({ type: 'sweeping-only', reason: none });
  try {
    // A folder in which files are dropped has the names that they will have below the prefix.
    const prefix = options.landing === null ? rule.prefix : '';
    for await (const news of events.listen({ prefix, signal })) {
      hear(options, { desk, sweeps, news });
    }
  } catch (thrown) {
    const error = toPipelineError(thrown);
    if (signal.aborted) return;
    if (error.kind === 'bug') throw error;
    options.onEvent({ type: 'sweeping-only', reason: error.message });
  }
}

function hear(
  options: WatchOptions,
  { desk, sweeps, news }: { desk: Desk; sweeps: Sweeper; news: BucketNews },
): void {
  if (news.type === 'changed') return (options.landing ?? desk).look(news.key);
  if (news.type === 'notification') return hearNotification(options, desk, news.body);
  options.onEvent(news);
  if (news.type === 'listening') void sweeps.again();
}

function hearNotification(options: WatchOptions, desk: Desk, body: unknown): void {
  const { bucket, rule } = options;
  try {
    const events = decodeEvents(body, { bucket, prefix: rule.prefix, suffixes: [] });
    for (const { kind, key } of foldEvents(events)) if (kind === 'created') desk.look(key);
  } catch (thrown) {
    const error = toPipelineError(thrown);
    if (error.kind === 'bug') throw error;
    options.onEvent({ type: 'refused', error });
  }
}
