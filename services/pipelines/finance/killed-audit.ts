import type { RunIdentity, StepPorts } from '../../ports/step.ts';
import type { Warehouse } from '../../ports/warehouse.ts';
import { WAS_KILLED } from '../../stages/observe/dead-run.ts';
import { type RunRecord, runCollection } from '../../stages/observe/run-record.ts';

/** Longer than any run takes: `activeDeadlineSeconds` of workflows/finance.yaml, and an hour for its exit handler. */
const RUN_MS_MAX = 13 * 3_600_000;

/**
 * Closes the audit rows of other runs of the pipeline that are `running` although the run has ended, by its record, or
 * began longer ago than any run may take: a process that is killed cannot do it itself.
 */
export async function closeKilled(
  { records, clock, signal }: Pick<StepPorts, 'records' | 'clock' | 'signal'>,
  warehouse: Warehouse,
  run: RunIdentity,
): Promise<void> {
  const now = clock.now();
  const { rows } = await warehouse.query(
    `SELECT a.run, l.start_time < $3::timestamp FROM etl_audit_log l
     JOIN argosy.audit_run a ON a.audit_id = l.run_id
     WHERE l.status = 'running' AND a.pipeline = $1 AND a.run <> $2`,
    [run.pipeline, run.runId, timestamp(new Date(now.getTime() - RUN_MS_MAX).toISOString())],
    { signal },
  );
  for (const [other, isOver] of rows) {
    const runId = String(other);
    const record = await records.get<RunRecord>(runCollection(run.pipeline), runId);
    const endedAt = record?.ended_at ?? null;
    if (endedAt === null && isOver !== true) continue;
    const isSuccess = record?.status === 'success';
    await warehouse.transaction(
      (tx) =>
        tx.run(
          `UPDATE etl_audit_log SET status = $1, end_time = $2, error_message = $3
           WHERE status = 'running' AND run_id =
             (SELECT audit_id FROM argosy.audit_run WHERE pipeline = $4 AND run = $5)`,
          [
            isSuccess ? 'success' : 'failed',
            timestamp(endedAt ?? now.toISOString()),
            isSuccess ? null : (record?.error_message ?? WAS_KILLED),
            run.pipeline,
            runId,
          ],
        ),
      { signal },
    );
  }
}

/** A TIMESTAMP has no zone; ours are UTC. */
function timestamp(iso: string): string {
  return iso.slice(0, 23).replace('T', ' ');
}
