import type { Notice } from '../../ports/notifier.ts';
import type { RunIdentity } from '../../ports/step.ts';
import type { RunRecord } from './run-record.ts';

/**
 * What people are told of a run that has ended. Its topic is `quality` when a check of the data stopped it or has
 * counted failures, else `pipeline`. `lines` come before those of the checks and of the problems.
 */
export function outcomeNotice(run: RunIdentity, record: RunRecord, lines: string[]): Notice {
  const failedChecks = Object.entries(record.quality).filter(([, failures]) => failures > 0);
  const isQuality = record.error_class === 'quality-failed' || failedChecks.length > 0;
  return {
    topic: isQuality ? 'quality' : 'pipeline',
    severity: severityOf(record, failedChecks.length),
    pipeline: run.pipeline,
    runId: run.runId,
    title: titleOf(record),
    lines: [
      ...lines,
      ...failedChecks.map(([name, failures]) => `check ${name}: ${failures} failures`),
      ...record.problems.map(({ object, message }) => `${object}: ${message}`),
    ],
    occasion: occasionOf(record),
  };
}

/** What people are told of a run whose record cannot be written: that it ended badly is known all the same. */
export function unrecordedNotice(run: RunIdentity, status: string, reason: string): Notice {
  const { pipeline, runId, logicalDate } = run;
  return {
    topic: 'pipeline',
    severity: 'error',
    pipeline,
    runId,
    title: `${pipeline} ${logicalDate} ended as ${status}, and its record could not be kept: ${reason}`,
    lines: [],
    occasion: `unrecorded ${status}`,
  };
}

function severityOf(record: RunRecord, failedChecks: number): Notice['severity'] {
  if (record.status !== 'success') return 'error';
  return record.problems.length > 0 || failedChecks > 0 ? 'warning' : 'info';
}

function titleOf(record: RunRecord): string {
  const name = `${record.workflow} ${record.logical_date}`;
  if (record.status !== 'success') {
    return `${name} failed: ${record.error_message ?? 'a step was stopped before it could say why'}`;
  }
  const { length } = record.problems;
  const problems = length === 0 ? '' : `, ${length} ${length === 1 ? 'problem' : 'problems'}`;
  const written = record.accounts?.['written'] ?? record.records_loaded;
  return `${name} succeeded: ${written} rows written${problems}`;
}

/** The same for an exit handler that is tried again; another one when steps have run since (`argo retry`). */
function occasionOf(record: RunRecord): string {
  const ends = record.steps.map(({ ended_at: end }) => end).toSorted();
  return `${record.status} ${ends.at(-1) ?? ''}`.trim();
}
