import { PipelineError } from '../../core/error.ts';
import type { RunIdentity } from '../../ports/step.ts';

/** What the workflow tells each step of the run it belongs to, by environment (workflows/*.yaml, templateDefaults). */
export const RUN_VARIABLES = [
  'ARGOSY_RUN_ID',
  'ARGOSY_RUN_UID',
  'ARGOSY_LOGICAL_DATE',
  'ARGOSY_TRIGGER',
  'ARGOSY_ATTEMPT',
] as const;

const TRIGGERS = ['cron', 'event', 'manual', 'backfill'] as const;

/** Enough of a UID to tell the few workflows of one name apart. */
const UID_LENGTH = 8;

export interface StepIdentity extends RunIdentity {
  /** Counted from 0. */
  attempt: number;
}

/**
 * The run that a step belongs to. In a cluster its id is the workflow's name and the beginning of the workflow's UID:
 * the name alone comes again, in another namespace or after a deletion, and the records of both would be one. A step
 * started by hand gets the run `manual-<logical date>`, and the day of `now`
 * as its logical date. `config-invalid` for a value that is none.
 */
export function runIdentity(
  pipeline: string,
  env: Readonly<Record<string, string | undefined>>,
  now: Date,
): StepIdentity {
  const logicalDate = checkedDate(env['ARGOSY_LOGICAL_DATE'] || now.toISOString().slice(0, 10));
  const trigger = TRIGGERS.find((one) => one === (env['ARGOSY_TRIGGER'] || 'manual'));
  if (!trigger) {
    throw new PipelineError(
      'config-invalid',
      `ARGOSY_TRIGGER="${env['ARGOSY_TRIGGER']}" is no trigger`,
      {
        hint: `give one of ${TRIGGERS.join(', ')}`,
      },
    );
  }
  const isInPod = env['KUBERNETES_SERVICE_HOST'] !== undefined;
  const uid = isInPod ? (env['ARGOSY_RUN_UID'] ?? '').slice(0, UID_LENGTH) : '';
  const name = env['ARGOSY_RUN_ID'] || `manual-${logicalDate}`;
  return {
    runId: checkedRunId(uid === '' ? name : `${name}.${uid}`),
    pipeline,
    logicalDate,
    trigger,
    system: isInPod ? 'argo' : 'local',
    actor: (isInPod && env['HOSTNAME']) || 'local-user',
    attempt: Number(env['ARGOSY_ATTEMPT']) || 0,
  };
}

/** A day as `YYYY-MM-DD`, or `config-invalid`. */
export function checkedDate(text: string): string {
  if (isDay(text)) return text;
  throw new PipelineError('config-invalid', `"${text}" is not a day`, {
    hint: 'write it as 2026-01-31',
  });
}

/** Whether the text is a day of the calendar, as `YYYY-MM-DD`. */
export function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  const isDate = /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(date.getTime());
  return isDate && date.toISOString().startsWith(text);
}

function checkedRunId(text: string): string {
  if (/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(text)) return text;
  throw new PipelineError('config-invalid', `ARGOSY_RUN_ID="${text}" is not the name of a run`, {
    hint: 'a run is named like a Kubernetes object: a-z, 0-9, "-" and "."',
  });
}
