import { manualClock } from '../../services/adapters/clock/manual.ts';
import { filesystemStore } from '../../services/adapters/object-store/filesystem.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../services/adapters/record-store/object.ts';
import { recordStoreContract } from '../contract/record-store.ts';
import { tempFolder } from '../support/temp-folder.ts';

recordStoreContract('the record store in memory', async () => {
  const store = memoryStore({ bucket: 'argosy-test', clock: manualClock(new Date('2026-11-21')) });
  return { store, records: objectRecords(store) };
});

recordStoreContract('the record store on disk', async () => {
  const folder = await tempFolder();
  const store = filesystemStore({ folder: folder.path, bucket: 'argosy-test' });
  return { store, records: objectRecords(store), close: () => folder.remove() };
});
