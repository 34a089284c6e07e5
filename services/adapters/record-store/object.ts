import { PipelineError } from '../../core/error.ts';
import { compareKeys, joinKey } from '../../core/key.ts';
import type { CallOptions, ObjectStore } from '../../ports/object-store.ts';
import type { RecordStore, StoredRecord } from '../../ports/record-store.ts';

/** Where records live in their bucket; the underscore hides them from engines that read tables. */
const FOLDER = '_records';
const SUFFIX = '.json';
/** Records read beside each other. */
const SCAN_BATCH = 8;

/**
 * Records as JSON objects `_records/{collection}/{id}.json`, readable by people: two spaces of indent, fields in the
 * order in which the writer names them, a newline at the end.
 */
export function objectRecords(store: ObjectStore): RecordStore {
  const read = async <T>(key: string, options: CallOptions | undefined): Promise<T | null> => {
    const bytes = await store.get(key, options);
    return bytes === null ? null : (decode(bytes, `${store.url}/${key}`) as T);
  };

  return {
    get: (collection, id, options) => read(keyOf(collection, id), options),
    put: async (collection, id, value, options) => {
      const key = keyOf(collection, id);
      const bytes = encode(value, key);
      const there = await store.get(key, options);
      if (there !== null && Buffer.compare(there, bytes) === 0) return;
      await store.put(key, bytes, options);
    },
    putIfAbsent: async (collection, id, value, options) => {
      const key = keyOf(collection, id);
      return (await store.putIfAbsent(key, encode(value, key), options)) !== null;
    },
    ids: (collection, options) => idsOf({ store, collection, options }),
    newest: async function* <T>(collection: string, countMax: number, options?: CallOptions) {
      const wanted = { store, collection, options };
      const ids = await newestIds(wanted, countMax);
      yield* readAll<T>(wanted, ids, (key) => read<T>(key, options));
    },
    scan: async function* <T>(collection: string, options?: CallOptions) {
      const wanted = { store, collection, options };
      const ids: string[] = [];
      for await (const id of idsOf(wanted)) ids.push(id);
      yield* readAll<T>(wanted, ids, (key) => read<T>(key, options));
    },
  };
}

interface Wanted {
  store: ObjectStore;
  collection: string;
  options: CallOptions | undefined;
}

async function* idsOf({ store, collection, options }: Wanted): AsyncGenerator<string> {
  const prefix = `${joinKey(FOLDER, collection)}/`;
  const ids: string[] = [];
  for await (const { key } of store.list(prefix, options)) {
    if (key.endsWith(SUFFIX)) ids.push(key.slice(prefix.length, -SUFFIX.length));
  }
  // Keys end in a suffix, so their order is not that of the ids: `a-b.json` comes before `a.json`.
  yield* ids.toSorted(compareKeys);
}

async function newestIds(
  { store, collection, options }: Wanted,
  countMax: number,
): Promise<string[]> {
  const prefix = `${joinKey(FOLDER, collection)}/`;
  const found: { id: string; writtenMs: number }[] = [];
  for await (const { key, lastModified } of store.list(prefix, options)) {
    if (!key.endsWith(SUFFIX)) continue;
    const id = key.slice(prefix.length, -SUFFIX.length);
    found.push({ id, writtenMs: lastModified.getTime() });
  }
  found.sort((one, other) => other.writtenMs - one.writtenMs || compareKeys(other.id, one.id));
  return found.slice(0, countMax).map(({ id }) => id);
}

async function* readAll<T>(
  { collection }: Wanted,
  ids: readonly string[],
  read: (key: string) => Promise<T | null>,
): AsyncGenerator<StoredRecord<T>> {
  const prefix = `${joinKey(FOLDER, collection)}/`;
  for (let at = 0; at < ids.length; at += SCAN_BATCH) {
    const batch = ids.slice(at, at + SCAN_BATCH);
    const values = await Promise.all(batch.map((id) => read(prefix + id + SUFFIX)));
    for (const [place, id] of batch.entries()) {
      const value = values[place];
      // A record removed since it was listed is not there any more.
      if (value !== null && value !== undefined) yield { id, value };
    }
  }
}

function keyOf(collection: string, id: string): string {
  for (const name of [collection, id]) {
    if (name !== '' && !name.startsWith('/') && !name.endsWith('/')) continue;
    throw new PipelineError('config-invalid', `record name ${JSON.stringify(name)} is refused`, {
      hint: 'a collection and an id are names joined by "/", such as runs/2026-11-21',
    });
  }
  return joinKey(FOLDER, collection, `${id}${SUFFIX}`);
}

function encode(value: unknown, key: string): Uint8Array {
  const text = JSON.stringify(value, null, 2) as string | undefined;
  if (text === undefined) throw new PipelineError('bug', `record ${key} is not JSON`);
  return new TextEncoder().encode(`${text}\n`);
}

function decode(bytes: Uint8Array, object: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new PipelineError('input-invalid', `record ${object} is not JSON any more`, {
      hint: 'restore the object, or delete it so that it is made again',
      cause,
    });
  }
}
