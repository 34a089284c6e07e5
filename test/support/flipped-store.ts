import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { filesystemStore } from '../../services/adapters/object-store/filesystem.ts';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { objectRecords } from '../../services/adapters/record-store/object.ts';
import { findWing } from '../../services/cli/commands.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import { type Verdict, verifyPipeline } from '../../services/stages/observe/verify/verify.ts';
import { copyStore, START } from './pipeline.ts';

/** A pipeline's bucket in memory, as a run has left it. */
export interface Bucket {
  pipeline: string;
  store: ObjectStore;
  /** Keys of objects that say what others are: commits, manifests, records of versions. */
  naming: string[];
  /** Keys of objects whose hash is recorded elsewhere. */
  parts: string[];
}

const NAMING: Readonly<Record<string, RegExp>> = {
  finance: /^(?:clean|extracted)\/[^/]+\/(?:manifest|report)/,
  'csv-intake': /^_records\/file(?:s|-versions)\//,
};

/** Copies the bucket of a pipeline below a folder of stores into memory. */
export async function bucketOf(folder: string, pipeline: string): Promise<Bucket> {
  const from = filesystemStore({ folder, bucket: `argosy-${pipeline}` });
  const to = memoryStore({ bucket: pipeline, clock: manualClock(START) });
  const store = await copyStore(from, to);
  const commits = /^_commits\//;
  const own = NAMING[pipeline] ?? commits;
  const naming: string[] = [];
  const rest: string[] = [];
  for await (const { key } of store.list('')) {
    if (commits.test(key) || own.test(key)) naming.push(key);
    else rest.push(key);
  }
  // What nothing names is a stray, what nothing proves is told.
  const { strays, unproven } = await verdictOf({ pipeline, store }, true);
  const unnamed = new Set([...(strays ?? []), ...unproven]);
  // Bookkeeping that is made again, what came from outside, reports for people.
  const zones = /^_|^(?:logs|quality|reports|inbox|uploads)\//;
  const parts = rest.filter((key) => !unnamed.has(key) && !zones.test(key));
  return { pipeline, store, naming, parts };
}

/** What `argosy verify` finds. */
export async function verdictOf(
  { pipeline, store }: Pick<Bucket, 'pipeline' | 'store'>,
  withStrays = false,
): Promise<Verdict> {
  const ports = {
    store,
    records: objectRecords(store),
    sideStore: () => store,
    now: START,
    signal: new AbortController().signal,
  };
  const options = { withStrays, progress: () => undefined };
  return verifyPipeline(ports, await findWing(pipeline).proofs(), options);
}

/** Flips one bit of each object, verifies, and puts the bytes back; returns the flips that were not found. */
export async function missedFlips(
  bucket: Bucket,
  keys: readonly string[],
  random: () => number,
): Promise<string[]> {
  const before = new Map<string, Uint8Array>();
  const flips: string[] = [];
  for (const key of keys) {
    const bytes = (await bucket.store.get(key)) ?? Buffer.of();
    const at = Math.floor(random() * bytes.length);
    const bit = Math.floor(random() * 8);
    const flipped = Uint8Array.from(bytes);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
    before.set(key, bytes);
    flips.push(`${key}: byte ${at}, bit ${bit}`);
    await bucket.store.put(key, flipped);
  }
  const { findings } = await verdictOf(bucket);
  const found = new Set(findings.flatMap(({ key, namedBy }) => [key, namedBy]));
  for (const [key, bytes] of before) await bucket.store.put(key, bytes);
  return flips.filter((flip) => !found.has(flip.slice(0, flip.lastIndexOf(': '))));
}
