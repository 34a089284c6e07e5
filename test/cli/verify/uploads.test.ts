import { expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import { encodeSummary, type Summary } from '../../../services/pipelines/csv-intake/summary.ts';
import { versionId } from '../../../services/pipelines/csv-intake/upload.ts';
import { verdictOf } from '../../support/flipped-store.ts';
import { START } from '../../support/pipeline.ts';

const KEY = 'uploads/a.csv';
const SUMMARY = 'processed/a_summary.json';

/** A profiled upload in a store whose etags are the MD5 of the bytes, as those of S3 are. */
async function profiled(): Promise<ObjectStore> {
  const store = memoryStore({ bucket: 'b', clock: manualClock(START) });
  const { etag } = await store.put(KEY, Buffer.from('a,b\n1,2\n'));
  const record = {
    file_name: 'a.csv',
    status: 'success',
    row_count: 1,
    source_key: KEY,
    etag,
    size_bytes: 8,
    summary_key: SUMMARY,
  };
  const summary = { ...record, dialect: {}, columns: [], row_widths: {} } as unknown as Summary;
  const records = objectRecords(store);
  await records.put('files', 'a.csv', record);
  await records.put('file-versions', versionId('a.csv', etag), summary);
  await store.put(SUMMARY, encodeSummary(summary));
  return store;
}

it('an upload whose bytes are those of its etag is well', async () => {
  const store = await profiled();
  expect(await verdictOf({ pipeline: 'csv-intake', store })).toMatchObject({
    findings: [],
    unproven: [],
    objects: 1,
  });
});

it('an upload whose bytes have rotted under its etag is found', async () => {
  const store = await profiled();
  const rotten: ObjectStore = {
    ...store,
    open: async (key, options) =>
      key === KEY ? [Buffer.from('a,b\n1,3\n')].values() : store.open(key, options),
  } as ObjectStore;
  const { findings } = await verdictOf({ pipeline: 'csv-intake', store: rotten });
  expect(findings).toMatchObject([{ kind: 'changed', key: KEY }]);
});

it('an upload that was replaced or removed since is no damage', async () => {
  const store = await profiled();
  await store.put(KEY, Buffer.from('a,b\n7,8\n9,9\n'));
  expect((await verdictOf({ pipeline: 'csv-intake', store })).findings).toEqual([]);
  await store.delete(KEY);
  expect((await verdictOf({ pipeline: 'csv-intake', store })).findings).toEqual([]);
});

it('a file whose record is gone is found by the record of its version', async () => {
  const store = await profiled();
  await store.delete('_records/files/a.csv.json');
  const { findings } = await verdictOf({ pipeline: 'csv-intake', store });
  expect(findings).toMatchObject([
    { kind: 'missing', key: '_records/files/a.csv.json' },
    { kind: 'missing', key: 'processed/' },
  ]);
});

it('a summary that says other things than its record is found, and so is one that is gone', async () => {
  const store = await profiled();
  await store.put(SUMMARY, Buffer.from('{}\n'));
  const { findings } = await verdictOf({ pipeline: 'csv-intake', store });
  expect(findings).toMatchObject([{ kind: 'changed', key: SUMMARY }]);
  await store.delete(SUMMARY);
  const gone = await verdictOf({ pipeline: 'csv-intake', store });
  expect(gone.findings).toMatchObject([{ kind: 'missing', key: SUMMARY }]);
});
