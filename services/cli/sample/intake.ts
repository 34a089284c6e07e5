import { sha256 } from '../../core/manifest.ts';
import { makeUploads } from '../../sample/csv-intake.ts';
import { bucketFor } from '../host.ts';
import type { Session } from '../session.ts';

const SAMPLE_SEED = 5;

/** Puts the sample's files below `uploads/` of the sample's store; those that are there already stay as they are. */
export async function putUploads(session: Session): Promise<void> {
  const store = bucketFor(session, 'csv-intake');
  const { signal } = session;
  for (const [name, bytes] of makeUploads(SAMPLE_SEED)) {
    const key = `uploads/${name}`;
    const stored = await store.get(key, { signal });
    if (stored === null || sha256(stored) !== sha256(bytes))
      await store.put(key, bytes, { signal });
  }
}
