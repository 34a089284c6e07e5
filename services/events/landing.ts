import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { PipelineError, toPipelineError } from '../core/error.ts';
import { joinKey } from '../core/key.ts';
import { sha256 } from '../core/manifest.ts';
import type { Clock } from '../ports/clock.ts';
import type { Body, ObjectInfo, ObjectStore } from '../ports/object-store.ts';
import type { RecordStore } from '../ports/record-store.ts';
import type { Arrivals } from '../ports/step.ts';
import { isFinished } from './arrival.ts';
import { openLanes } from './lanes.ts';
import { isQuiet, quietInfo } from './quiet.ts';

/** Files copied into the bucket beside each other. */
const LANDINGS_MAX = 8;
/** Files waited for beside each other until they stand still. */
const LOOKS_MAX = 256;
/** Larger files go by way of scratch. */
const MEMORY_BYTES_MAX = 8 * 2 ** 20;
/** A file that changes while it is copied is copied again; after so many times its next change is waited for. */
const COPIES_MAX = 3;

export interface LandingOptions {
  rule: Arrivals;
  pipeline: string;
  /** The folder in which files are dropped, as a store; nothing is written to it. */
  drop: ObjectStore;
  store: ObjectStore;
  records: RecordStore;
  clock: Clock;
  signal: AbortSignal;
  quietMs: number;
  /** An existing folder for copies. */
  scratch: string;
  onTrouble(key: string, error: PipelineError): void;
}

/** Brings what is dropped in a folder into the bucket, below the prefix, under the names that it has there. */
export interface Landing {
  /** A file of the folder may be new. */
  look(name: string): void;
  /**
   * Looks at every file of the folder; resolves when all that is new has landed, but for files that may still be being
   * written: those land in their own time. `etags` are those of all objects below the prefix, by key.
   */
  sweep(etags: ReadonlyMap<string, string>): Promise<void>;
  /** Resolves when no file is waited for or copied. */
  idle(): Promise<void>;
  /** Who is told of each object that has landed. */
  onLanded(listener: (info: ObjectInfo) => void): void;
}

/** A file that has landed: when neither side has changed since, there is nothing to do. */
interface LandedRecord {
  name: string;
  file: string;
  etag: string;
}

/** Opens the way from a folder into a bucket. */
export function openLanding(options: LandingOptions): Landing {
  const { drop, signal } = options;
  const looks = openLanes(LOOKS_MAX);
  const copies = openLanes(LANDINGS_MAX);
  const wanted = { ...options.rule, prefix: '' };
  const queued = new Set<string>();
  const landed = new Map<string, LandedRecord>();
  let tell: (info: ObjectInfo) => void = () => undefined;
  signal.addEventListener('abort', () => [looks, copies].forEach((lanes) => lanes.clear()), {
    once: true,
  });

  const work = async (name: string): Promise<void> => {
    queued.delete(name);
    for (let copied = 0; copied < COPIES_MAX; copied++) {
      // Waiting takes no lane from files that only have to be copied.
      const file = await quietInfo(name, { ...options, store: drop });
      if (file === null) return;
      let isOver = true;
      await copies.run(name, async () => {
        const info = await land(options, file, landed);
        isOver = info !== 'changed';
        if (info !== null && info !== 'changed') tell(info);
      });
      if (isOver) return;
    }
    throw new PipelineError('conflict', `${name}: changes while it is copied`, {
      hint: 'write it under another name (such as x.part) and rename it when it is done',
    });
  };

  const look = async (name: string): Promise<void> => {
    if (!isFinished(wanted, name) || queued.has(name) || signal.aborted) return;
    queued.add(name);
    await looks
      .run(name, () => work(name))
      .catch((thrown: unknown) => {
        const error = toPipelineError(thrown);
        if (error.kind !== 'interrupted') options.onTrouble(name, error);
      });
  };

  return {
    look: (name) => void look(name),
    sweep: async (etags) => {
      const waited: Promise<void>[] = [];
      for await (const info of drop.list('', { signal })) {
        const known = landed.get(info.key);
        const etag = etags.get(joinKey(options.rule.prefix, info.key));
        if (known?.file === info.etag && known.etag === etag) continue;
        const looked = look(info.key);
        if (isQuiet(info, options)) waited.push(looked);
      }
      await Promise.all(waited);
    },
    idle: () => looks.idle(),
    onLanded: (listener) => {
      tell = listener;
    },
  };
}

/** The object that the file has become just now; null when it was there already, `changed` when the file is another now. */
async function land(
  options: LandingOptions,
  file: ObjectInfo,
  known: Map<string, LandedRecord>,
): Promise<ObjectInfo | 'changed' | null> {
  const { drop, store, records, rule, signal } = options;
  const name = file.key;
  const key = joinKey(rule.prefix, name);
  const collection = `arrivals/${options.pipeline}/landed`;
  const id = sha256(name).slice(0, 32);
  const there = await store.head(key, { signal });
  const old = known.get(name) ?? (await records.get<LandedRecord>(collection, id));
  if (old?.file === file.etag && old.etag === there?.etag) {
    known.set(name, old);
    return null;
  }
  const isThere = there !== null && (await isSame(options, { name, file, key, there }));
  const landed = isThere ? there : await copy(options, { name, file, key });
  if ((await drop.head(name, { signal }))?.etag !== file.etag) return 'changed';
  const record: LandedRecord = { name, file: file.etag, etag: landed.etag };
  await records.put(collection, id, record);
  known.set(name, record);
  return landed;
}

interface Pair {
  name: string;
  file: ObjectInfo;
  key: string;
}

/** A watcher that was killed between the copy and its record must not make a second version of the object. */
async function isSame(
  { drop, store, signal }: LandingOptions,
  { name, file, key, there }: Pair & { there: ObjectInfo },
): Promise<boolean> {
  if (there.sizeBytes !== file.sizeBytes) return false;
  // Opened within, so that when one of them fails the other's failure has somebody to hear it.
  const [one, other] = await Promise.all([digest(drop, name, signal), digest(store, key, signal)]);
  return one === other;
}

async function digest(store: ObjectStore, key: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of await store.open(key, { signal })) hash.update(chunk);
  return hash.digest('hex');
}

async function copy(options: LandingOptions, { name, file, key }: Pair): Promise<ObjectInfo> {
  const { drop, store, scratch, signal } = options;
  if (file.sizeBytes <= MEMORY_BYTES_MAX) {
    const bytes = await drop.get(name, { signal });
    if (bytes !== null) return store.put(key, bytes, { signal });
    throw new PipelineError('conflict', `${name}: gone while it is copied`);
  }
  // A copy of our own: the store may keep a file it is given under a second name, and this one is not ours to freeze.
  const path = join(scratch, sha256(name).slice(0, 32));
  try {
    const target = createWriteStream(path);
    await pipeline(await drop.open(name, { signal }), target, { signal });
    const body: Body = { path, sizeBytes: target.bytesWritten };
    return await store.put(key, body, { signal });
  } finally {
    await rm(path, { force: true });
  }
}
