import type { Step, StepResult } from '../../ports/step.ts';
import { recordRunEnd, type RunRecord } from './run-record.ts';
import { addRun } from './totals.ts';

/** The exit handler of every pipeline: the run record, then one notice for the run's outcome. */
export const exit: Step = {
  name: 'exit',
  summary: 'Write the run record and send the notice of how the run ended',
  parameters: [
    { name: 'status', description: 'How the workflow ended: Succeeded, Failed or Error' },
    { name: 'duration', description: 'Seconds that the workflow took', default: '' },
  ],
  async run(ports, parameters, run): Promise<StepResult> {
    const isSuccess = parameters['status'] === 'Succeeded';
    const record = await recordRunEnd(ports.records, run, {
      isSuccess,
      endedAt: ports.clock.now(),
    });
    await addRun(ports.records, record);
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
