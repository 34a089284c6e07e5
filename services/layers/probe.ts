import { PipelineError } from '../core/error.ts';
import { PROBE_MS_MAX } from '../core/limit.ts';
import type { Clock } from '../ports/clock.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { deadlineStore } from './deadline.ts';

/** The one object a probe leaves behind, so that a second probe of the same bucket writes nothing. */
const PROBE_KEY = '_probe/put-if-absent';
const [FIRST, SECOND] = ['argosy probe: first\n', 'argosy probe: second\n'];

/**
 * Proves that the store refuses a second put-if-absent and keeps the first bytes (design F20): some servers ignore the
 * condition. Throws `unsupported` when it does not, within 2 seconds; a store that does not answer is `unavailable`.
 */
export async function probePutIfAbsent(store: ObjectStore, clock: Clock): Promise<void> {
  if (!store.capability.putIfAbsent) throw refusal(store, 'says that it has no put-if-absent');
  // Four calls in all.
  const probed = deadlineStore(store, { clock, timeoutMs: PROBE_MS_MAX / 4 });
  const encoder = new TextEncoder();
  await probed.putIfAbsent(PROBE_KEY, encoder.encode(FIRST));
  const kept = decode(await probed.get(PROBE_KEY));
  if (kept === null) throw refusal(store, 'did not keep an object put if absent');
  const other = kept === SECOND ? FIRST : SECOND;
  const second = await probed.putIfAbsent(PROBE_KEY, encoder.encode(other));
  if (second !== null) throw refusal(store, 'took a second put-if-absent of one key');
  if (decode(await probed.get(PROBE_KEY)) !== kept) {
    throw refusal(store, 'refused a second put-if-absent and changed the object all the same');
  }
}

function decode(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : new TextDecoder().decode(bytes);
}

function refusal(store: ObjectStore, fault: string): PipelineError {
  return new PipelineError('unsupported', `${store.url} cannot hold commits: it ${fault}`, {
    hint: 'use a store with conditional writes: AWS S3, MinIO RELEASE.2025-09-07 or later, versitygw, a local folder',
  });
}
