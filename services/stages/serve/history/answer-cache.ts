import type { CallOptions, ObjectStore } from '../../../ports/object-store.ts';
import type { Cell, Column, QueryResult } from '../../../ports/query-engine.ts';

/** Answers older than this are given no more (requirements 3.13). */
export const ANSWER_AGE_MS_MAX = 86_400_000;
/** A larger answer is not kept: asking again is the cheaper way. */
const ANSWER_BYTES_MAX = 8 * 2 ** 20;
/** More cells than this are not even counted in bytes. */
const CELLS_MAX = 400_000;
/** All answers that are kept in a bucket: the oldest go first. */
const ANSWERS_MAX = 500;
const BYTES_MAX = 256 * 2 ** 20;

/** Where answers are kept: everything under it can be removed at any time. */
export const ANSWERS_PREFIX = '_queries/cache/';

/** An answer that is kept, and what is told of it. */
export interface KeptAnswer extends QueryResult {
  /** ISO 8601. */
  answered_at: string;
  /** The day as of which it is given. */
  as_of: string | null;
  tables: readonly string[];
  scanned_bytes: number | null;
  execution_id: string | null;
}

/** The answer of this id that was given within a day; null when there is none, or what is there is none of ours. */
export async function findAnswer(
  store: ObjectStore,
  id: string,
  { now, signal }: CallOptions & { now: Date },
): Promise<KeptAnswer | null> {
  const bytes = await store.get(keyOf(id), { signal });
  if (bytes === null) return null;
  const answer = decode(bytes);
  if (answer === null) return null;
  const ageMs = now.getTime() - Date.parse(answer.answered_at);
  return ageMs >= 0 && ageMs < ANSWER_AGE_MS_MAX ? answer : null;
}

/** Keeps an answer under its id; false when it is too large for that. */
export async function keepAnswer(
  store: ObjectStore,
  id: string,
  answer: KeptAnswer,
  options?: CallOptions,
): Promise<boolean> {
  if (answer.rows.length * Math.max(answer.columns.length, 1) > CELLS_MAX) return false;
  const bytes = Buffer.from(`${JSON.stringify(answer)}\n`);
  if (bytes.length > ANSWER_BYTES_MAX) return false;
  await store.put(keyOf(id), bytes, options);
  return true;
}

/** Removes answers that are too old to be given, and the oldest of too many. */
export async function pruneAnswers(
  store: ObjectStore,
  { now, signal }: CallOptions & { now: Date },
): Promise<number> {
  const kept: { key: string; sizeBytes: number; atMs: number }[] = [];
  for await (const { key, sizeBytes, lastModified } of store.list(ANSWERS_PREFIX, { signal }))
    kept.push({ key, sizeBytes, atMs: lastModified.getTime() });
  kept.sort((a, b) => b.atMs - a.atMs);
  let bytes = 0;
  const gone = kept.filter(({ sizeBytes, atMs }, at) => {
    bytes += sizeBytes;
    return at >= ANSWERS_MAX || bytes > BYTES_MAX || now.getTime() - atMs > ANSWER_AGE_MS_MAX;
  });
  for (const { key } of gone) await store.delete(key, { signal });
  return gone.length;
}

function keyOf(id: string): string {
  return `${ANSWERS_PREFIX}${id}.json`;
}

/** What is damaged, or was kept by another release, counts as absent: the question is asked again. */
function decode(bytes: Uint8Array): KeptAnswer | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return isAnswer(value) ? value : null;
  } catch {
    // Not JSON any more: as if nothing were kept.
    return null;
  }
}

function isAnswer(value: unknown): value is KeptAnswer {
  const { columns, rows, answered_at: at, tables } = (value ?? {}) as Partial<KeptAnswer>;
  if (!Array.isArray(columns) || !Array.isArray(rows) || !Array.isArray(tables)) return false;
  const isColumn = ({ name, type }: Partial<Column>): boolean =>
    typeof name === 'string' && typeof type === 'string';
  const isRow = (row: unknown): row is Cell[] =>
    Array.isArray(row) && row.length === columns.length;
  return typeof at === 'string' && columns.every(isColumn) && rows.every(isRow);
}
