import type { ObjectInfo, ObjectStore } from '../../../ports/object-store.ts';
import type { RecordStore } from '../../../ports/record-store.ts';

export interface ReplayPorts {
  store: ObjectStore;
  records: RecordStore;
  /** The present moment. */
  now: Date;
  signal: AbortSignal;
}

/** One run of the pipeline's workflow. */
export interface ReplayRun {
  /** What it works on, for people. */
  what: string;
  parameters: Readonly<Record<string, string>>;
}

/** What a replay would do; nothing was changed to find it out. */
export interface ReplayPlan {
  /** Raw objects that are read again. */
  objects: number;
  sizeBytes: number;
  /** The first and last day of them; null when there are none. */
  from: string | null;
  to: string | null;
  /** In the order in which they are run. */
  runs: readonly ReplayRun[];
}

/** How a pipeline makes everything again from what came from outside. */
export interface ReplaySource {
  /** The prefix of its raw objects. */
  raw: string;
  /** What is made again, for people. */
  remakes: readonly string[];
  plan(ports: ReplayPorts, since: string): Promise<ReplayPlan>;
}

/** The raw objects of a day or later: how many, how large, and the days in their order. */
export interface RawSince {
  objects: ObjectInfo[];
  sizeBytes: number;
  days: string[];
  /** True when an older one is there too. */
  hasOlder: boolean;
}

/** Finds them; `dayOf` says of which day an object is, null for one that is none of them. */
export async function rawSince(
  { store, signal }: Pick<ReplayPorts, 'store' | 'signal'>,
  { prefix, since }: { prefix: string; since: string },
  dayOf: (info: ObjectInfo) => string | null,
): Promise<RawSince> {
  const found: RawSince = { objects: [], sizeBytes: 0, days: [], hasOlder: false };
  const days = new Set<string>();
  for await (const info of store.list(prefix, { signal })) {
    const day = dayOf(info);
    if (day === null) continue;
    if (day < since) {
      found.hasOlder = true;
      continue;
    }
    found.objects.push(info);
    found.sizeBytes += info.sizeBytes;
    days.add(day);
  }
  found.days = [...days].toSorted();
  return found;
}

/** The plan of these runs over these objects. */
export function planOf({ objects, sizeBytes, days }: RawSince, runs: ReplayRun[]): ReplayPlan {
  const range = { from: days[0] ?? null, to: days.at(-1) ?? null };
  return { objects: objects.length, sizeBytes, ...range, runs: days.length === 0 ? [] : runs };
}

/** The UTC day on which an object was stored. */
export function dayStored({ lastModified }: ObjectInfo): string {
  return lastModified.toISOString().slice(0, 10);
}
