import type { Clock } from '../ports/clock.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Arrivals } from '../ports/step.ts';
import { arrivalId, isArrival } from './arrival.ts';
import type { Desk } from './desk.ts';
import type { Ledger } from './ledger.ts';
import { isQuiet } from './quiet.ts';

/** What another watcher has accepted is left to it for so long. */
const TAKEOVER_MS = 15 * 60_000;

export interface SweepOptions {
  rule: Arrivals;
  store: ObjectStore;
  ledger: Ledger;
  desk: Desk;
  clock: Clock;
  watcher: string;
  quietMs: number;
  /** True: what was accepted and not settled is taken up, whoever accepted it; a watcher does so when it starts. */
  isFirst: boolean;
  /** True: what has failed is tried again. */
  retriesFailed: boolean;
  signal: AbortSignal;
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
    if (!isArrival(rule, info.key)) continue;
    swept.seen++;
    const id = arrivalId(info.key, info.etag);
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
