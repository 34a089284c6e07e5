import type { RunIdentity } from '../../ports/step.ts';
import type { StepRecord } from './run-record.ts';

/** What is known of a run that has ended. */
export interface EndedRun {
  isSuccess: boolean;
  isDryRun: boolean;
  trigger: RunIdentity['trigger'];
  steps: readonly Pick<StepRecord, 'outputs'>[];
}

/**
 * Whether the run tells of its pipeline's health. A dry run does not. Nor does a good run of a side path, which its step
 * says by its output `whole`: a hundred good uploads must not hide that the night's batch has failed. Nor does a good run that an event or a sweep has
 * started and whose step found nothing to do, which it says by its output `pending`: a hundred such runs a day must
 * not hide that the schedule does not start any more, nor that its last run failed.
 */
export function isWholeRun({ isSuccess, isDryRun, trigger, steps }: EndedRun): boolean {
  if (isDryRun) return false;
  if (!isSuccess) return true;
  if (steps.some(({ outputs }) => outputs['whole'] === 'false')) return false;
  return trigger !== 'event' || steps.every(({ outputs }) => outputs['pending'] !== '0');
}
