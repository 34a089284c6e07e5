import type { ObjectInfo } from '../../../ports/object-store.ts';
import type { RunRecord } from '../run-record.ts';
import { runCollection } from '../run-record.ts';
import type { VerifyPorts } from '../verify/claim.ts';

/** Records of runs are kept for so long. */
export const RUN_DAYS = 90;

const DAY_MS = 86_400_000;
/** What a run's steps leave that is read later: where the report of the day lies. */
const KEPT_OF_STEPS = /\/report\.json$/;

/** What is left of old runs. */
export interface OldRuns {
  /** Runs whose records are there, old or not. */
  runs: number;
  /** Old runs whose record stays: the last good one of its logical date, by which that date is known to be done. */
  kept: number;
  /** Records that may go: those of steps before that of their run. */
  expired: readonly ObjectInfo[];
}

/** The records of a pipeline's runs and steps that are older than `days`; changes nothing. */
export async function oldRuns(
  { store, records, now, signal }: Pick<VerifyPorts, 'store' | 'records' | 'now' | 'signal'>,
  pipeline: string,
  days = RUN_DAYS,
): Promise<OldRuns> {
  const before = now.getTime() - days * DAY_MS;
  const isOld = ({ lastModified }: ObjectInfo): boolean => lastModified.getTime() < before;
  const infos = new Map<string, ObjectInfo>();
  const folder = `_records/${runCollection(pipeline)}/`;
  for await (const info of store.list(folder, { signal }))
    infos.set(info.key.slice(folder.length).replace(/\.json$/, ''), info);
  const needed = await lastGoodRuns({ records, signal }, pipeline);
  const old = [...infos].filter(([, info]) => isOld(info));
  const going = new Set(old.map(([id]) => id).filter((id) => !needed.has(id)));
  const steps: ObjectInfo[] = [];
  const stepFolder = `_records/steps/${pipeline}/`;
  for await (const info of store.list(stepFolder, { signal })) {
    const runId = info.key.slice(stepFolder.length).split('/', 1)[0] ?? '';
    const isKept = needed.has(runId) && KEPT_OF_STEPS.test(info.key);
    const isYoung = infos.has(runId) && !isOld(infos.get(runId)!);
    if (isOld(info) && !isKept && !isYoung) steps.push(info);
  }
  const ofRuns = old.filter(([id]) => going.has(id)).map(([, info]) => info);
  return {
    runs: infos.size,
    kept: old.length - going.size,
    expired: [...steps, ...ofRuns],
  };
}

/** The last good run of each logical date. */
async function lastGoodRuns(
  { records, signal }: Pick<VerifyPorts, 'records' | 'signal'>,
  pipeline: string,
): Promise<ReadonlySet<string>> {
  const last = new Map<string, { id: string; startedAt: string }>();
  for await (const { id, value } of records.scan<RunRecord>(runCollection(pipeline), { signal })) {
    const { status, logical_date: date, started_at: startedAt } = value;
    const known = last.get(date);
    if (status === 'success' && (known === undefined || known.startedAt < startedAt))
      last.set(date, { id, startedAt });
  }
  return new Set([...last.values()].map(({ id }) => id));
}
