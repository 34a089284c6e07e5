import { PipelineError } from '../../../core/error.ts';
import type { RecordStore } from '../../../ports/record-store.ts';

/** The same records, of which those that are no JSON any more are not there: one must not hide the others. */
export function tolerantRecords(records: RecordStore): RecordStore {
  const get: RecordStore['get'] = async (collection, id, options) => {
    try {
      return await records.get(collection, id, options);
    } catch (error) {
      // `recordClaims` tells of it.
      if (error instanceof PipelineError && error.kind === 'input-invalid') return null;
      throw error;
    }
  };
  return {
    ...records,
    get,
    scan: async function* <T>(collection: string, options?: Parameters<RecordStore['scan']>[1]) {
      for await (const id of records.ids(collection, options)) {
        const value = await get<T>(collection, id, options);
        if (value !== null) yield { id, value };
      }
    },
  };
}
