import type { RecordStore } from '../../../ports/record-store.ts';
import { WAS_KILLED } from '../dead-run.ts';
import { runCollection, type RunRecord, stepCollection } from '../run-record.ts';

/** A run that has not said for so long that it has ended is not waited for any more. */
const RUNNING_MS_MAX = 24 * 3_600_000;

/** A run of the past, or of now. */
export interface KnownRun {
  record: RunRecord;
  /** `running` only while nothing says that its process is gone. */
  state: 'running' | 'success' | 'failed';
  /** Why it failed; null when it did not. */
  reason: string | null;
}

/** The runs of a pipeline, the newest first. */
export interface KnownRuns {
  all: readonly KnownRun[];
  byDate: ReadonlyMap<string, readonly KnownRun[]>;
}

export const NO_RUNS: KnownRuns = { all: [], byDate: new Map() };

export interface RunsRequest {
  records: RecordStore;
  pipeline: string;
  /** So many of the newest are read. */
  runsMax: number;
  now: Date;
  /** Is asked with the claim that a run on a laptop has made on its name. */
  isDead: (claim: Record<string, unknown>) => boolean;
  signal: AbortSignal;
}

/** Reads the run records of a pipeline; a run whose process is gone counts as failed, and nothing is written. */
export async function readKnownRuns(request: RunsRequest): Promise<KnownRuns> {
  const { records, pipeline, runsMax, signal } = request;
  const all: KnownRun[] = [];
  const found = records.newest<RunRecord>(runCollection(pipeline), runsMax, { signal });
  for await (const { value } of found) {
    // A damaged record is told by `argosy status`; the data does not depend on it.
    if (typeof value.started_at !== 'string' || typeof value.logical_date !== 'string') continue;
    all.push(await knownRun(request, value));
  }
  all.sort((a, b) => (a.record.started_at > b.record.started_at ? -1 : 1));
  const byDate = new Map<string, KnownRun[]>();
  for (const run of all) {
    const own = byDate.get(run.record.logical_date);
    if (own === undefined) byDate.set(run.record.logical_date, [run]);
    else own.push(run);
  }
  return { all, byDate };
}

async function knownRun(
  { records, pipeline, now, isDead, signal }: RunsRequest,
  record: RunRecord,
): Promise<KnownRun> {
  if (record.status === 'success') return { record, state: 'success', reason: null };
  if (record.status === 'failed') {
    return { record, state: 'failed', reason: record.error_message ?? 'the run failed' };
  }
  const ageMs = now.getTime() - Date.parse(record.started_at);
  const identity = { pipeline, runId: record.run_id };
  const claim =
    record.system === 'local'
      ? await records.get<Record<string, unknown>>(stepCollection(identity), 'claim', { signal })
      : null;
  const isGone = ageMs > RUNNING_MS_MAX || (claim !== null && isDead(claim));
  return isGone
    ? { record, state: 'failed', reason: WAS_KILLED }
    : { record, state: 'running', reason: null };
}
