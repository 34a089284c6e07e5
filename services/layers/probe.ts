import { type ErrorKind, PipelineError } from '../core/error.ts';
import { PROBE_MS_MAX } from '../core/limit.ts';
import type { Clock } from '../ports/clock.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { deadlineStore } from './deadline.ts';

/** The one object a probe leaves behind, so that a second probe of the same bucket writes nothing. */
const PROBE_KEY = '_probe/put-if-absent';
const [FIRST, SECOND] = ['argosy probe: first\n', 'argosy probe: second\n'];

const SILENT: ReadonlySet<ErrorKind> = new Set(['commit-unknown', 'unavailable']);
const MAY_BE_STORED = /; it may be stored$/;

/**
 * Proves that the store refuses a second put-if-absent and keeps the first bytes (design F20): some servers ignore the
 * condition. Throws `unsupported` when it does not, within 2 seconds; a store that does not answer is `unavailable`.
 */
export async function probePutIfAbsent(store: ObjectStore, clock: Clock): Promise<void> {
  if (!store.capability.putIfAbsent) throw refusal(store, 'says that it has no put-if-absent');
  const endsAtMs = clock.now().getTime() + PROBE_MS_MAX;
  /** One budget for the whole probe: a call may take what the calls before it have left. */
  const probed = () => {
    const timeoutMs = Math.max(1, endsAtMs - clock.now().getTime());
    return deadlineStore(store, { clock, timeoutMs, bytesPerSecondMin: Infinity });
  };
  const encoder = new TextEncoder();
  const putIfAbsent = (text: string) =>
    answered(store, probed().putIfAbsent(PROBE_KEY, encoder.encode(text)));
  const get = async () => decode(await answered(store, probed().get(PROBE_KEY)));
  await putIfAbsent(FIRST);
  const kept = await get();
  if (kept === null) throw refusal(store, 'did not keep an object put if absent');
  const second = await putIfAbsent(kept === SECOND ? FIRST : SECOND);
  if (second !== null) throw refusal(store, 'took a second put-if-absent of one key');
  if ((await get()) !== kept) {
    throw refusal(store, 'refused a second put-if-absent and changed the object all the same');
  }
}

/** Of a probe nobody needs to know whether its object was stored: no answer is no answer. */
async function answered<T>(store: ObjectStore, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    const isSilent = cause instanceof PipelineError && SILENT.has(cause.kind);
    if (!isSilent) throw cause;
    const message = `${store.url} cannot be reached: ${cause.message.replace(MAY_BE_STORED, '')}`;
    throw new PipelineError('unavailable', message, {
      hint: 'see that the server runs and answers at its address; argosy doctor shows the settings',
      cause,
    });
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
