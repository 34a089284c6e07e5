import { PipelineError } from '../core/error.ts';
import type { Clock } from '../ports/clock.ts';
import type { ObjectInfo, ObjectStore } from '../ports/object-store.ts';

/** An object that was last changed longer ago is taken to be whole. */
const SETTLED_AGE_MS = 2_000;
/** The longest time that an object which keeps changing must stand still. */
const WANTED_MS_MAX = 2_000;
/** A file that has not stood still after so long is left to its next change, or the next sweep. */
const PATIENCE_MS = 10_000;
/** Many programs make an empty file first: so long it must stay empty to be taken for one. */
const EMPTY_MS = 1_000;

export interface QuietOptions {
  store: ObjectStore;
  clock: Clock;
  signal: AbortSignal;
  /** 0: as it is found. */
  quietMs: number;
}

/** True when nobody can still be writing the object. */
export function isQuiet(
  info: ObjectInfo,
  { clock, quietMs }: Omit<QuietOptions, 'store' | 'signal'>,
): boolean {
  if (quietMs === 0) return true;
  return clock.now().getTime() - info.lastModified.getTime() >= SETTLED_AGE_MS;
}

/**
 * The object once it has stayed the same for a while; null when there is none. In a folder anybody writes files as
 * slowly as he likes: one that keeps growing is given longer and longer, and so is one that is still empty. `conflict` when
 * it never stands still.
 */
export async function quietInfo(key: string, options: QuietOptions): Promise<ObjectInfo | null> {
  const { store, clock, signal, quietMs } = options;
  let info = await store.head(key, { signal });
  let wantedMs = quietMs;
  let stoodMs = 0;
  for (let waitedMs = 0; info !== null && !isQuiet(info, options); waitedMs += quietMs) {
    const neededMs = info.sizeBytes === 0 ? Math.max(EMPTY_MS, wantedMs) : wantedMs;
    if (stoodMs >= neededMs) return info;
    if (waitedMs >= PATIENCE_MS) throw restless(key);
    // In small steps, so that a file that was empty a moment ago is taken soon after it is written.
    await clock.sleep(quietMs, signal);
    const next = await store.head(key, { signal });
    const isSame = next?.etag === info.etag;
    if (!isSame && info.sizeBytes > 0) wantedMs = Math.min(WANTED_MS_MAX, wantedMs * 2);
    stoodMs = isSame ? stoodMs + quietMs : 0;
    info = next;
  }
  return info;
}

function restless(key: string): PipelineError {
  return new PipelineError('conflict', `${key}: is still being written`, {
    hint: 'it is taken when it stands still; better write it under another name (such as x.part) and rename it when it is done',
  });
}
