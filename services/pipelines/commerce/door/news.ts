import type { ObjectInfo } from '../../../ports/object-store.ts';
import type { RunIdentity, StepPorts } from '../../../ports/step.ts';
import { type DatesTaken, isTaken } from './dates-taken.ts';
import { EARLY, type FileRecord, fileRecords, isCopy, isRefused } from './file-record.ts';
import { isPassedOver, parseRawKey, RAW } from './raw-key.ts';

/** What the raw zone holds, beside what is known of it. */
export interface News {
  /** All records, by key. */
  known: ReadonlyMap<string, FileRecord>;
  /** Objects that are new or changed. */
  fresh: readonly ObjectInfo[];
  /** Those that an earlier attempt of this run has looked at. */
  ours: readonly FileRecord[];
  /** Known copies of other files: each may be wanted once that one changes. */
  copies: readonly FileRecord[];
  /** Those that an earlier run has refused, and that are there as they were. */
  standing: readonly FileRecord[];
  /** Records whose object is gone, and that do not say so yet. */
  gone: readonly FileRecord[];
  /** Keys below `raw/` that belong to no feed. */
  strays: readonly string[];
  knownCount: number;
}

/** Compares the objects below `raw/` with the records of those that were looked at; reads none of them. */
export async function readNews(
  ports: Pick<StepPorts, 'store' | 'records' | 'signal'>,
  run: RunIdentity,
  dates: DatesTaken,
): Promise<News> {
  const records = await fileRecords(ports);
  const known = new Map(records.map((record) => [record.key, record]));
  const isMissing = ({ key, date, isGone }: FileRecord): boolean =>
    isGone !== true && !there.has(key) && isTaken(dates, date === '' ? null : date);
  const there = new Set<string>();
  const fresh: ObjectInfo[] = [];
  const same: FileRecord[] = [];
  const strays: string[] = [];
  for await (const info of ports.store.list(RAW, { signal: ports.signal })) {
    const named = parseRawKey(info.key);
    if (named === null) {
      if (!isPassedOver(info.key)) strays.push(info.key);
      continue;
    }
    if (!isTaken(dates, named.date)) continue;
    there.add(info.key);
    const record = known.get(info.key);
    if (record === undefined || isChanged(record, info, run)) fresh.push(info);
    else same.push(record);
  }
  return {
    known,
    fresh,
    ours: same.filter(({ runId }) => runId === run.runId),
    copies: same.filter(isCopy),
    standing: same.filter((record) => record.runId !== run.runId && isRefused(record)),
    gone: records.filter(isMissing),
    strays,
    knownCount: same.filter(({ runId }) => runId !== run.runId).length,
  };
}

/** Other bytes, there again, or refused for its day, which has come. */
function isChanged(
  record: FileRecord,
  { etag }: ObjectInfo,
  { logicalDate }: RunIdentity,
): boolean {
  if (record.etag !== etag || record.isGone === true) return true;
  return record.errors.includes(EARLY) && record.date <= logicalDate;
}
