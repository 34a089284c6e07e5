import { createReadStream } from 'node:fs';
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
  const { rules, signal } = options;
  const path = await store.localPath(key);
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
