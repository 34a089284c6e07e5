import type { RunIdentity, StepPorts } from '../../../ports/step.ts';
import { readFeedSet } from '../set/feed-set.ts';
import { COPY, type FileRecord, hashHolder, isCopy, keepFileRecord } from './file-record.ts';
import type { News } from './news.ts';
import { type FeedName, RAW } from './raw-key.ts';

/** An object is gone; with that its file was not taken yet, nobody can. */
const GONE = 'the object is gone';

/**
 * Keeps what was found of new files, one after the other in the order of keys: of two with the same content the first is
 * taken. A copy whose original has other content now, or was never taken, stands for itself: what the tables hold is what
 * one build of all files would. Returns what was decided in this run.
 */
export async function settle(
  ports: StepPorts,
  run: RunIdentity,
  { news, looked }: { news: News; looked: readonly FileRecord[] },
): Promise<FileRecord[]> {
  const current = new Map([...news.known, ...looked.map((one) => [one.key, one] as const)]);
  for (const record of await markGone(ports, news)) current.set(record.key, record);
  const isHeld = ({ duplicateOf, metadata }: FileRecord): boolean =>
    isHolder(current.get(duplicateOf ?? ''), metadata.md5);
  const lapsed = news.copies.filter((copy) => !isHeld(copy)).map((copy) => freed(copy, run));
  const decided = new Map(news.ours.map((record) => [record.key, record]));
  for (const record of [...looked, ...lapsed].toSorted(byKey)) {
    const settled = await settleOne(ports, { record, current });
    current.set(settled.key, settled);
    decided.set(settled.key, settled);
    if (!settled.isValid) await keepReasons(ports, settled);
    else if (news.known.get(settled.key)?.isValid === false) await dropReasons(ports, settled);
    await keepFileRecord(ports, settled);
  }
  return [...decided.values()].toSorted(byKey);
}

/** Adds whether the content is that of another file. */
async function settleOne(
  ports: StepPorts,
  { record, current }: { record: FileRecord; current: ReadonlyMap<string, FileRecord> },
): Promise<FileRecord> {
  const { key, metadata } = record;
  const holder = metadata.md5 === '' ? null : await hashHolder(ports, metadata.md5);
  if (holder === null || holder === key || !isHolder(current.get(holder), metadata.md5))
    return record;
  return { ...record, isValid: false, duplicateOf: holder, errors: [...record.errors, COPY] };
}

function isHolder(record: FileRecord | undefined, md5: string): boolean {
  return record?.isValid === true && record.metadata.md5 === md5;
}

/** A copy as if its original had never been there. */
function freed(copy: FileRecord, { runId }: RunIdentity): FileRecord {
  const errors = copy.errors.filter((error) => error !== COPY);
  return { ...copy, errors, isValid: errors.length === 0, duplicateOf: null, runId };
}

/** What was taken of an object that is gone stays; one that was not taken cannot be any more. */
async function markGone(ports: StepPorts, { gone }: News): Promise<FileRecord[]> {
  const taken = new Map<FeedName, ReadonlySet<string>>();
  const marked: FileRecord[] = [];
  for (const record of gone) {
    const { feed, key, metadata } = record;
    const own = taken.get(feed) ?? (await takenOf(ports, feed));
    taken.set(feed, own);
    const isKept = !record.isValid || own.has(`${key} ${metadata.sha256}`);
    const mark = isKept
      ? { ...record, isGone: true }
      : { ...record, isGone: true, isValid: false, errors: [GONE] };
    await keepFileRecord(ports, mark);
    marked.push(mark);
  }
  return marked;
}

async function takenOf({ store }: StepPorts, feed: FeedName): Promise<ReadonlySet<string>> {
  const { processed } = await readFeedSet(store, feed);
  return new Set(
    processed.map(({ attributes }) => `${attributes['source']} ${attributes['source_sha256']}`),
  );
}

/** Keeps the reasons of a refusal where people look for them. */
export async function keepReasons(
  { store, signal }: Pick<StepPorts, 'store' | 'signal'>,
  record: FileRecord,
): Promise<void> {
  const { key, errors, warnings, duplicateOf, metadata } = record;
  const reasons = {
    object: key,
    valid: false,
    errors,
    warnings,
    duplicate_of: duplicateOf,
    metadata: isCopy(record) ? { ...metadata, columns: [] } : metadata,
  };
  const bytes = Buffer.from(`${JSON.stringify(reasons, null, 2)}\n`);
  await store.put(reasonsKey(record), bytes, { signal });
}

async function dropReasons({ store, signal }: StepPorts, record: FileRecord): Promise<void> {
  await store.delete(reasonsKey(record), { signal });
}

function reasonsKey({ key, feed }: FileRecord): string {
  return `quarantine/${feed}/${key.slice(`${RAW}${feed}/`.length)}.reasons.json`;
}

function byKey(a: FileRecord, b: FileRecord): number {
  return a.key < b.key ? -1 : 1;
}
