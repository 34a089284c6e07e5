import { createReadStream } from 'node:fs';
import type { ObjectInfo, ObjectStore } from '../../../ports/object-store.ts';
import type { Profile, ProfileRules } from './profile.ts';
import { profileStream } from './profile-stream.ts';

/** Bytes read at once from a local file. */
const READ_BYTES = 256 * 1024;

/** The profile of an object, wherever its store keeps it. */
export async function profileObject(
  store: ObjectStore,
  { key }: ObjectInfo,
  options: { rules: ProfileRules; signal: AbortSignal },
): Promise<Profile> {
  const { rules, signal } = options;
  const path = await store.localPath(key);
  const chunks =
    path === null
      ? await store.open(key, { signal })
      : createReadStream(path, { highWaterMark: READ_BYTES, signal });
  return profileStream(chunks, { rules });
}
