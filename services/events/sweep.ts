import type { Clock } from '../ports/clock.ts';
import type { ObjectInfo, ObjectStore } from '../ports/object-store.ts';
import type { Arrivals } from '../ports/step.ts';
import { arrivalId, isArrival, isWanted } from './arrival.ts';
import type { Desk } from './desk.ts';
import type { Ledger } from './ledger.ts';
import { isQuiet } from './quiet.ts';

/** What another watcher has accepted is left to it for so long after it was last heard of. */
const TAKEOVER_MS = 15 * 60_000;
/** How often a watcher says of what it holds that it does. */
export const RENEW_MS = TAKEOVER_MS / 3;

export interface SweepOptions {
  rule: Arrivals;
  store: ObjectStore;
  ledger: Ledger;
  desk: Pick<Desk, 'look' | 'take' | 'isUnderWay' | 'beginSweep'>;
  clock: Clock;
  watcher: string;
  quietMs: number;
  /** True: what was accepted and not settled is taken up, whoever accepted it; a watcher does so when it starts. */
  isFirst: boolean;
  /** True: what has failed is tried again. */
  retriesFailed: boolean;
  signal: AbortSignal;
  /** Told of every object below the prefix. */
  onListed?(info: ObjectInfo): void;
}

/** How many objects may have arrived, and how many of them were still to do. */
export interface Swept {
  seen: number;
  found: number;
}

/** Lists what has arrived and takes on whatever events have missed, or a killed watcher has left undone. */
export async function sweep(options: SweepOptions): Promise<Swept> {
  const end = options.desk.beginSweep();
  try {
    return await sweepOnce(options);
  } finally {
    end();
  }
}

async function sweepOnce(options: SweepOptions): Promise<Swept> {
  const { rule, store, ledger, desk, signal } = options;
  const settled = await ledger.settledIds({ withFailed: !options.retriesFailed });
  const accepted = await ledger.acceptedIds();
  const swept: Swept = { seen: 0, found: 0 };
  for await (const info of store.list(rule.prefix, { signal })) {
    options.onListed?.(info);
    if (!isWanted(rule, info.key)) continue;
    const id = arrivalId(info.key, info.etag);
    // What was dropped in a folder has arrived under whatever name.
    if (!isArrival(rule, info.key) && !accepted.has(id)) continue;
    swept.seen++;
    if (settled.has(id) || desk.isUnderWay(id)) continue;
    const isAccepted = accepted.has(id);
    if (isAccepted && !(await mayTakeUp(id, options))) continue;
    swept.found++;
    if (isAccepted || isQuiet(info, options)) desk.take(info, isAccepted);
    else desk.look(info.key);
  }
  return swept;
}

async function mayTakeUp(id: string, options: SweepOptions): Promise<boolean> {
  if (options.isFirst) return true;
  const record = await options.ledger.accepted(id);
  if (record === null || record.by === options.watcher) return true;
  const ageMs = options.clock.now().getTime() - Date.parse(record.accepted_at);
  return !(ageMs < TAKEOVER_MS);
}
