import type { ObjectStore } from '../../../ports/object-store.ts';

interface Place {
  store: ObjectStore;
  signal: AbortSignal;
}

/** Answers to questions that were asked: anyone may be in them, and they can be asked again. */
const ANSWERS = ['_queries/cache/', 'athena-results/'] as const;
/** The questions themselves, which may name whom they were asked about. */
const QUESTIONS = '_queries/history/';

/** Removes all answers that are kept, and the questions in which one of these identifiers is. Returns how many. */
export async function eraseQueries(
  { store, signal }: Place,
  identifiers: readonly string[],
): Promise<number> {
  const gone: string[] = [];
  for (const prefix of ANSWERS)
    for await (const { key } of store.list(prefix, { signal })) gone.push(key);
  for await (const { key } of store.list(QUESTIONS, { signal })) {
    const bytes = await store.get(key, { signal });
    const text = bytes === null ? '' : Buffer.from(bytes).toString('utf8');
    if (identifiers.some((one) => text.includes(one))) gone.push(key);
  }
  for (const key of gone) await store.delete(key, { signal });
  return gone.length;
}
