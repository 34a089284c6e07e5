import { PipelineError } from '../../../core/error.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { ObjectStore } from '../../../ports/object-store.ts';
import { offer } from '../../shape/publish.ts';
import { BACKFILLS } from './plan.ts';

/** How often a holder says that it is alive, and after what silence another machine takes its place. */
const BEAT_MS = 60_000;
const SILENCE_MS_MAX = 5 * 60_000;
const GENERATIONS_MAX = 10_000;

const HOLDER = /\/holders\/\d{6}\.json$/;

/** Who works on a plan. */
export interface Holder {
  host: string;
  pid: number;
  since: string;
  beatAt: string;
  /** Null while it works. */
  endedAt: string | null;
}

export interface HoldRequest {
  id: string;
  me: { host: string; pid: number };
  isDead: (process: { host: string; pid: number }) => boolean;
  clock: Clock;
  signal: AbortSignal;
}

/** A hold on a plan; `release` lets the next one have it. */
export interface Hold {
  release(): Promise<void>;
}

/**
 * Takes the plan for this process: two that resume it at once would run the same twice. Each holder has a number of its
 * own, taken by put-if-absent, so of two that find the last one gone one wins. `conflict` while another is at it.
 */
export async function holdPlan(store: ObjectStore, request: HoldRequest): Promise<Hold> {
  const { id, me, clock, signal } = request;
  const number = await nextNumber(store, request);
  const since = clock.now().toISOString();
  const mine: Holder = { ...me, since, beatAt: since, endedAt: null };
  const key = holderKey(id, number);
  const offered = await offer(store, key, encode(mine), signal);
  if (!offered.isOurs && Buffer.compare(offered.stored, encode(mine)) !== 0) {
    throw new PipelineError('conflict', `backfill ${id}: another process was first to take it`, {
      hint: 'look at it with argosy backfill --list',
    });
  }
  const stop = new AbortController();
  const beating = beat(store, { key, mine, clock, signal: stop.signal });
  return {
    release: async () => {
      stop.abort();
      await beating;
      await store.put(key, encode({ ...mine, endedAt: clock.now().toISOString() }));
    },
  };
}

/** Whether somebody works on the plan as far as can be known. */
export async function isHeld(
  store: ObjectStore,
  { id, isDead, clock, signal }: Omit<HoldRequest, 'me'>,
): Promise<boolean> {
  const holder = (await newestHolder(store, { id, signal }))?.holder ?? null;
  return holder !== null && isAtWork(holder, { isDead, now: clock.now() });
}

async function nextNumber(store: ObjectStore, request: HoldRequest): Promise<number> {
  const { id, isDead, clock, signal } = request;
  const last = await newestHolder(store, { id, signal });
  if (last === null) return 1;
  const { holder, number } = last;
  if (holder !== null && isAtWork(holder, { isDead, now: clock.now() })) {
    throw new PipelineError(
      'conflict',
      `backfill ${id} is being worked on by process ${holder.pid} of ${holder.host}`,
      { hint: 'wait for it, or stop that process and resume' },
    );
  }
  if (number < GENERATIONS_MAX) return number + 1;
  throw new PipelineError('conflict', `backfill ${id} was taken ${number} times`, {
    hint: 'plan what is left again',
  });
}

function isAtWork(
  { host, pid, beatAt, endedAt }: Holder,
  { isDead, now }: { isDead: HoldRequest['isDead']; now: Date },
): boolean {
  if (endedAt !== null || isDead({ host, pid })) return false;
  return now.getTime() - Date.parse(beatAt) <= SILENCE_MS_MAX;
}

async function newestHolder(
  store: ObjectStore,
  { id, signal }: { id: string; signal: AbortSignal },
): Promise<{ holder: Holder | null; number: number } | null> {
  let newest = '';
  for await (const { key } of store.list(holderFolder(id), { signal })) {
    if (HOLDER.test(key)) newest = key;
  }
  const bytes = newest === '' ? null : await store.get(newest, { signal });
  if (bytes === null) return null;
  const number = Number(newest.slice(holderFolder(id).length, -'.json'.length));
  return { holder: decode(bytes), number };
}

/** Null for what cannot be read: it counts as nobody, and its number stays taken. */
function decode(bytes: Uint8Array): Holder | null {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString('utf8')) as Partial<Holder> | null;
    const isHolder =
      typeof value?.host === 'string' &&
      typeof value.pid === 'number' &&
      !Number.isNaN(Date.parse(value.beatAt ?? ''));
    return isHolder ? (value as Holder) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

async function beat(
  store: ObjectStore,
  { key, mine, clock, signal }: { key: string; mine: Holder; clock: Clock; signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    const isAwake = await clock.sleep(BEAT_MS, signal).then(
      () => true,
      () => false,
    );
    // A sign of life that does not arrive is made up for by the next.
    if (isAwake) {
      await store
        .put(key, encode({ ...mine, beatAt: clock.now().toISOString() }))
        .catch(() => undefined);
    }
  }
}

function encode(holder: Holder): Uint8Array {
  return Buffer.from(`${JSON.stringify(holder, null, 2)}\n`);
}

function holderFolder(id: string): string {
  return `${BACKFILLS}${id}/holders/`;
}

function holderKey(id: string, number: number): string {
  return `${holderFolder(id)}${String(number).padStart(6, '0')}.json`;
}
