import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { folderStore } from '../../adapters/object-store/filesystem.ts';
import { TEMP_FOLDER } from '../../adapters/object-store/filesystem-name.ts';
import type { ObjectStore } from '../../ports/object-store.ts';

/** A folder of this machine as a store, for what is written for people. `close` leaves nothing behind but what was put. */
export function openFolder(path: string): { store: ObjectStore; close(): Promise<void> } {
  return {
    store: folderStore(path),
    async close() {
      // Another writer may be at work in it, or nothing was written.
      await rmdir(join(path, TEMP_FOLDER)).catch(() => undefined);
    },
  };
}
