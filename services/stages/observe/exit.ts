import type { Step, StepResult } from '../../ports/step.ts';
import { recordRunEnd, type RunRecord } from './run-record.ts';
import { addRun } from './totals.ts';
import { isWholeRun } from './whole-run.ts';

/**
 * The exit handler of every pipeline: the run record, the totals, then one notice for the run's outcome; none of a good
 * run that is not whole (`isWholeRun`).
 */
export const exit: Step = {
  name: 'exit',
  summary: 'Write the run record and send the notice of how the run ended',
  parameters: [
    { name: 'status', description: 'How the workflow ended: Succeeded, Failed or Error' },
    { name: 'duration', description: 'Seconds that the workflow took', default: '' },
    { name: 'dry-run', description: 'true: the run was to change nothing', default: 'false' },
  ],
  async run(ports, parameters, run): Promise<StepResult> {
    const isSuccess = parameters['status'] === 'Succeeded';
    const record = await recordRunEnd(ports.records, run, {
      isSuccess,
      endedAt: ports.clock.now(),
    });
    const isDryRun = parameters['dry-run'] === 'true';
    const isWhole = isWholeRun({ ...record, isSuccess, isDryRun });
    await addRun(ports.records, record, { isWhole });
    if (isSuccess && !isWhole) return { outputs: {}, counts: {}, problems: [] };
    await ports.notifier.send({
      topic: 'pipeline',
      severity: isSuccess ? (record.problems.length > 0 ? 'warning' : 'info') : 'error',
      pipeline: run.pipeline,
      runId: run.runId,
      title: titleOf(record),
      lines: record.problems.map(({ object, message }) => `${object}: ${message}`),
    });
    return { outputs: {}, counts: {}, problems: [] };
  },
};

function titleOf(record: RunRecord): string {
  const name = `${record.workflow} ${record.logical_date}`;
  if (record.status !== 'success') {
    return `${name} failed: ${record.error_message ?? 'a step was stopped before it could say why'}`;
  }
  const problems = record.problems.length === 0 ? '' : `, ${record.problems.length} problems`;
  return `${name} succeeded: ${record.records_loaded} rows written${problems}`;
}
