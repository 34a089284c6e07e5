import type { ObjectInfo } from '../ports/object-store.ts';
import type { Arrival } from '../ports/step.ts';
import { arrivalId, isArrival } from './arrival.ts';
import { openLanes } from './lanes.ts';
import { quietInfo } from './quiet.ts';
import { type DeskOptions, openRunQueue, tellTrouble } from './run-queue.ts';

/** Takes arrivals on, each version of an object once, and sees to their runs. */
export interface Desk {
  /** The object of this key may be new: asks the store, and takes it on unless that was done before. */
  look(key: string): void;
  /** Takes on an object as it was listed; `isAccepted` when its record says so already and its run is to be had again. */
  take(info: ObjectInfo, isAccepted: boolean): void;
  /** True while the desk works on it, and, during a sweep, of all that it has ended since the sweep began. */
  isUnderWay(id: string): boolean;
  /** A sweep begins: its picture of what is settled grows old while it lists. The answer is called when it ends. */
  beginSweep(): () => void;
  /** Says of all that is held back, put off or run that it is, so that no other watcher takes it up. Never throws. */
  renew(): Promise<void>;
  /** Resolves when nothing is looked at, held back or run. */
  idle(): Promise<void>;
}

/** Objects looked at beside each other; most of that time they only have to stay quiet. */
const LOOKS_MAX = 64;

/** Records renewed beside each other. */
const RENEWALS_MAX = 8;

/** Opens a desk; it does nothing by itself. */
export function openDesk(options: DeskOptions): Desk {
  const { rule, ledger, clock, signal } = options;
  const looks = openLanes(LOOKS_MAX);
  const lookingAt = new Set<string>();
  const underWay = openUnderWay();
  const held = new Map<string, Arrival>();
  const runs = openRunQueue(options, ({ key, etag }) => {
    const id = arrivalId(key, etag);
    held.delete(id);
    underWay.leave(id);
  });
  signal.addEventListener('abort', () => looks.clear(), { once: true });
  const look = (key: string, work: () => Promise<void>): void => {
    void looks.run(key, work).catch((thrown: unknown) => tellTrouble(options, key, thrown));
  };

  const take = async (info: ObjectInfo, isAccepted: boolean): Promise<void> => {
    const { key, etag, sizeBytes } = info;
    const id = arrivalId(key, etag);
    if (underWay.has(id) || signal.aborted) return;
    underWay.add(id);
    const arrival: Arrival = { key, etag, sizeBytes };
    const note = { at: clock.now(), by: options.watcher };
    let isOurs = false;
    try {
      if (isAccepted) await ledger.renew(arrival, note);
      isOurs = isAccepted || (await ledger.accept(arrival, note));
    } finally {
      if (!isOurs) underWay.drop(id);
    }
    if (!isOurs) return;
    held.set(id, arrival);
    runs.add(arrival);
  };

  const renew = async (): Promise<void> => {
    const lanes = openLanes(RENEWALS_MAX);
    const one = (id: string, arrival: Arrival): Promise<void> =>
      lanes
        .run(id, async () => {
          // Settled while it waited for a lane.
          if (!held.has(id)) return;
          await ledger.renew(arrival, { at: clock.now(), by: options.watcher });
        })
        .catch((thrown: unknown) => tellTrouble(options, arrival.key, thrown));
    await Promise.all([...held].map(([id, arrival]) => one(id, arrival)));
  };

  return {
    look: (key) => {
      if (!isArrival(rule, key) || lookingAt.has(key) || signal.aborted) return;
      lookingAt.add(key);
      look(key, async () => {
        lookingAt.delete(key);
        const info = await quietInfo(key, options);
        if (info !== null) await take(info, false);
      });
    },
    take: (info, isAccepted) => look(info.key, () => take(info, isAccepted)),
    isUnderWay: (id) => underWay.has(id),
    renew,
    beginSweep: () => underWay.beginSweep(),
    idle: async () => {
      await looks.idle();
      await runs.idle();
    },
  };
}

/** Ids that are worked on; during a sweep also those that were. */
function openUnderWay() {
  const now = new Set<string>();
  const ended = new Set<string>();
  let isSweeping = false;
  return {
    has: (id: string) => now.has(id) || ended.has(id),
    add: (id: string) => void now.add(id),
    /** It was never ours. */
    drop: (id: string) => void now.delete(id),
    leave: (id: string): void => {
      now.delete(id);
      if (isSweeping) ended.add(id);
    },
    beginSweep: () => {
      isSweeping = true;
      return (): void => {
        isSweeping = false;
        ended.clear();
      };
    },
  };
}
