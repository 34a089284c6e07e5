import type { RecordStore } from '../../ports/record-store.ts';
import {
  readRuns,
  recordRunEnd,
  runCollection,
  type RunRecord,
  stepCollection,
} from './run-record.ts';

/** What is said of a run that has left no word itself. */
export const WAS_KILLED = 'was killed or stopped before it could say how it ended';

/** Of so many newest runs the dead ones are ended. */
const RUNS_MAX = 20;

/**
 * Ends the records of runs of a pipeline that are `running` and whose process is gone, as failed; returns their ids.
 * `isDead` is asked with the claim that a run on a laptop has made on its name; a run without one is left alone.
 */
export async function endDeadRuns(
  records: RecordStore,
  pipeline: string,
  { isDead, now }: { isDead: (claim: Record<string, unknown>) => boolean; now: Date },
): Promise<string[]> {
  const ended: string[] = [];
  for (const run of await readRuns(records, pipeline, RUNS_MAX)) {
    if (run.status !== 'running' || run.system !== 'local') continue;
    const identity = { pipeline, runId: run.run_id };
    const claim = await records.get<Record<string, unknown>>(stepCollection(identity), 'claim');
    if (claim === null || !isDead(claim)) continue;
    await endRun(records, run, now);
    ended.push(run.run_id);
  }
  return ended;
}

async function endRun(records: RecordStore, run: RunRecord, endedAt: Date): Promise<void> {
  const identity = {
    runId: run.run_id,
    pipeline: run.workflow,
    logicalDate: run.logical_date,
    trigger: run.trigger,
    system: 'local' as const,
    actor: run.actor,
  };
  const record = await recordRunEnd(records, identity, { isSuccess: false, endedAt });
  if (record.error_message !== null) return;
  await records.put(runCollection(run.workflow), run.run_id, {
    ...record,
    error_class: 'interrupted',
    error_message: WAS_KILLED,
  } satisfies RunRecord);
}
