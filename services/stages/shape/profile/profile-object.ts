import { createReadStream } from 'node:fs';
import { PipelineError } from '../../../core/error.ts';
import type { ObjectInfo, ObjectStore } from '../../../ports/object-store.ts';
import type { Profile, ProfileRules } from './profile.ts';
import { profileFile } from './profile-file.ts';
import { profileStream } from './profile-stream.ts';
import { workerProgram } from './threads.ts';

/** Below this, starting threads takes longer than they save. */
export const THREADS_BYTES_MIN = 48 * 2 ** 20;
/** Bytes read at once from a local file. */
const READ_BYTES = 256 * 1024;

/** The profile of an object, wherever its store keeps it. */
export async function profileObject(
  store: ObjectStore,
  { key, sizeBytes }: ObjectInfo,
  options: { rules: ProfileRules; signal: AbortSignal },
): Promise<Profile> {
  const path = await store.localPath(key);
  try {
    return await profileAt(store, { key, sizeBytes, path }, options);
  } catch (error) {
    throw unreadable(`${store.url}/${key}`, error);
  }
}

async function profileAt(
  store: ObjectStore,
  { key, sizeBytes, path }: { key: string; sizeBytes: number; path: string | null },
  { rules, signal }: { rules: ProfileRules; signal: AbortSignal },
): Promise<Profile> {
  const program = sizeBytes < THREADS_BYTES_MIN ? null : workerProgram();
  if (path !== null && program !== null) {
    const whole = await profileFile({ path, sizeBytes, program }, { rules, signal });
    if (whole !== null) return whole;
  }
  const chunks =
    path === null
      ? await store.open(key, { signal })
      : createReadStream(path, { highWaterMark: READ_BYTES, signal });
  return profileStream(chunks, { rules });
}

/** A local file that may not be read, in the words that the object's store has for it. */
function unreadable(object: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'EACCES' && code !== 'EPERM') return error;
  return new PipelineError('denied', `${object} cannot be read: ${code}`, {
    cause: error,
    hint: 'give the user who runs argosy the right to read it',
  });
}
