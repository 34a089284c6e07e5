import { expect, it } from 'vitest';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { filesystemStore } from '../../services/adapters/object-store/filesystem.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../services/adapters/record-store/object.ts';
import { recordStoreContract } from '../contract/record-store.ts';
import { listOf, utf8 } from '../support/bytes.ts';
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

it('the newest records are those written last, and no other is read', async () => {
  const clock = manualClock(new Date('2026-11-21'));
  const store = memoryStore({ bucket: 'argosy-test', clock });
  await store.put('_records/written/x.json', utf8('no JSON, so that who reads it fails'));
  for (const n of [1, 2, 3]) {
    await clock.advance(1_000);
    await objectRecords(store).put('written', `id-${4 - n}`, { n });
  }
  await clock.advance(1_000);
  await objectRecords(store).put('written', 'id-3', { n: 4 });
  expect(await listOf(objectRecords(store).newest('written', 3))).toEqual([
    { id: 'id-3', value: { n: 4 } },
    { id: 'id-1', value: { n: 3 } },
    { id: 'id-2', value: { n: 2 } },
  ]);
});
