import type { ObjectStore } from '../../ports/object-store.ts';

/** A row that was not taken, with its place and the rule that refused it. */
export interface RejectedRow {
  /** Counted from 1. */
  line: number;
  text: string;
  rule: string;
}

/**
 * Keeps rejected rows as JSON lines under `_quarantine/<dataset>/<partition>.jsonl`, each with object, line and rule.
 * The same rejects give the same bytes and are not written again; without rejects nothing is written.
 */
export async function quarantine(
  store: ObjectStore,
  from: { dataset: string; partition: string; object: string; rejects: readonly RejectedRow[] },
): Promise<void> {
  if (from.rejects.length === 0) return;
  const { object } = from;
  const lines = from.rejects
    .toSorted((a, b) => a.line - b.line)
    .map(({ line, rule, text }) => `${JSON.stringify({ object, line, rule, text })}\n`);
  const key = `_quarantine/${from.dataset}/${from.partition}.jsonl`;
  const bytes = Buffer.from(lines.join(''));
  const stored = await store.get(key);
  if (stored === null || Buffer.compare(stored, bytes) !== 0) await store.put(key, bytes);
}
