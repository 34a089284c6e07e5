import type { ObjectStore } from '../../../ports/object-store.ts';
import { type Claim, damaged } from './claim.ts';

const RECORDS = '_records/';

/** The records of a bucket that are no JSON any more, or not as a record is written. Their values have no hash. */
export async function* recordClaims(store: ObjectStore, signal: AbortSignal): AsyncIterable<Claim> {
  for await (const { key } of store.list(RECORDS, { signal })) {
    const bytes = await store.get(key, { signal });
    if (bytes === null || !key.endsWith('.json')) continue;
    const text = Buffer.from(bytes).toString('utf8');
    try {
      const written = Buffer.from(`${JSON.stringify(JSON.parse(text), null, 2)}\n`);
      const isExact = Buffer.compare(written, bytes) === 0;
      if (!isExact) yield damaged(key, 'its bytes are not those that were written');
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      yield damaged(key, 'it is not JSON any more');
    }
  }
}
