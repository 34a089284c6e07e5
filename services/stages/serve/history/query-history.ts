import type { CallOptions, ObjectStore } from '../../../ports/object-store.ts';

/** What is kept of one question (requirements 1.13, 3.13): its texts are without secrets. */
export interface QueryRecord {
  /** Sorts by time. */
  id: string;
  /** ISO 8601. */
  asked_at: string;
  actor: string;
  pipeline: string;
  /** `duckdb`, `athena` or `postgres`. */
  engine: string;
  named: string | null;
  sql: string;
  as_of: string | null;
  /** The tables and views that it names, where that is known. */
  tables: readonly string[];
  rows: number | null;
  /** Bytes of the objects that it read, where that is known; 0 for an answer that was kept. */
  scanned_bytes: number | null;
  duration_ms: number;
  /** True when the answer was one that was kept, by argosy or by the engine. */
  cache_hit: boolean;
  /** What the engine's own history knows it as. */
  execution_id: string | null;
  status: 'success' | 'failed';
  /** A kind of error, and its message. */
  error_class: string | null;
  error_message: string | null;
}

const HISTORY_PREFIX = '_queries/history/';
/** What is kept: so many, and so long. */
const RECORDS_MAX = 1_000;
const AGE_MS_MAX = 90 * 86_400_000;
const READS_AT_ONCE = 16;

/** The id of a question that is asked at a moment; `mark` tells questions of one millisecond apart. */
export function queryId(askedAt: Date, mark: string): string {
  return `${askedAt.toISOString().replaceAll(/[-:]/g, '')}-${mark}`;
}

/** Keeps a record. */
export async function keepQuery(
  store: ObjectStore,
  record: QueryRecord,
  options?: CallOptions,
): Promise<void> {
  await store.put(keyOf(record.id), Buffer.from(`${JSON.stringify(record, null, 2)}\n`), options);
}

export interface HistoryRequest extends CallOptions {
  countMax: number;
  /** Records that are of no interest are read all the same. */
  isWanted?: (record: QueryRecord) => boolean;
}

/** The newest records, the newest first. A record that is damaged is passed over. */
export async function readHistory(
  store: ObjectStore,
  { countMax, isWanted = () => true, signal }: HistoryRequest,
): Promise<QueryRecord[]> {
  const keys = await keysOf(store, { signal });
  const found: QueryRecord[] = [];
  for (let at = 0; at < keys.length && found.length < countMax; at += READS_AT_ONCE) {
    const batch = keys.slice(at, at + READS_AT_ONCE);
    const records = await Promise.all(batch.map((key) => readRecord(store, key, { signal })));
    for (const record of records) if (record !== null && isWanted(record)) found.push(record);
  }
  return found.slice(0, countMax);
}

/** Removes the records that are too old, and the oldest of too many. */
export async function pruneHistory(
  store: ObjectStore,
  { now, signal }: CallOptions & { now: Date },
): Promise<number> {
  const keys = await keysOf(store, { signal });
  const oldest = keyOf(queryId(new Date(now.getTime() - AGE_MS_MAX), ''));
  const gone = keys.filter((key, at) => at >= RECORDS_MAX || key < oldest);
  for (const key of gone) await store.delete(key, { signal });
  return gone.length;
}

function keyOf(id: string): string {
  return `${HISTORY_PREFIX}${id}.json`;
}

/** The newest first: ids begin with their moment. */
async function keysOf(store: ObjectStore, options: CallOptions): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(HISTORY_PREFIX, options)) keys.push(key);
  return keys.toReversed();
}

async function readRecord(
  store: ObjectStore,
  key: string,
  options: CallOptions,
): Promise<QueryRecord | null> {
  const bytes = await store.get(key, options);
  if (bytes === null) return null;
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return isRecord(value) ? value : null;
  } catch {
    // One record that is not JSON any more must not hide the others.
    return null;
  }
}

const isText = (value: unknown): boolean => typeof value === 'string';
const isCount = (value: unknown): boolean => Number.isFinite(value);
const isFlag = (value: unknown): boolean => typeof value === 'boolean';
const orNull =
  (isOne: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === null || isOne(value);

const FIELDS: Readonly<Record<keyof QueryRecord, (value: unknown) => boolean>> = {
  id: isText,
  asked_at: isText,
  actor: isText,
  pipeline: isText,
  engine: isText,
  named: orNull(isText),
  sql: isText,
  as_of: orNull(isText),
  tables: (value) => Array.isArray(value) && value.every(isText),
  rows: orNull(isCount),
  scanned_bytes: orNull(isCount),
  duration_ms: isCount,
  cache_hit: isFlag,
  execution_id: orNull(isText),
  status: (value) => value === 'success' || value === 'failed',
  error_class: orNull(isText),
  error_message: orNull(isText),
};

function isRecord(value: unknown): value is QueryRecord {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(FIELDS).every(([name, isOne]) => isOne(Reflect.get(value, name)));
}
