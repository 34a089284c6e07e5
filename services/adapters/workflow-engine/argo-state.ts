import type { RunState, ScheduleState, TemplateParameter } from '../../ports/workflow-cluster.ts';
import { ownLabels } from './argo-manifest.ts';
import { phaseOf } from './argo-nodes.ts';
import {
  argumentsOf,
  dateAt,
  listAt,
  objectAt,
  scalarText,
  textAt,
  textsAt,
} from './json-field.ts';

/** A Workflow object as a run. */
export function runStateOf(workflow: unknown): RunState {
  const message = textAt(workflow, 'status', 'message');
  const startedAt = dateAt(workflow, 'status', 'startedAt');
  const finishedAt = dateAt(workflow, 'status', 'finishedAt');
  const progress = textAt(workflow, 'status', 'progress');
  const pipeline = textAt(workflow, 'spec', 'workflowTemplateRef', 'name');
  return {
    runName: textAt(workflow, 'metadata', 'name') ?? '',
    phase: phaseOf(textAt(workflow, 'status', 'phase')),
    arguments: argumentsOf(listAt(workflow, 'spec', 'arguments', 'parameters')),
    labels: ownLabels(textsAt(workflow, 'metadata', 'labels')),
    createdAt: dateAt(workflow, 'metadata', 'creationTimestamp') ?? new Date(0),
    ...(message === undefined ? {} : { message }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...(progress === undefined ? {} : { progress }),
    ...(pipeline === undefined ? {} : { pipeline }),
  };
}

/** A CronWorkflow object as a schedule. */
export function scheduleStateOf(cron: unknown): ScheduleState {
  const timezone = textAt(cron, 'spec', 'timezone');
  const lastScheduledAt = dateAt(cron, 'status', 'lastScheduledTime');
  return {
    name: textAt(cron, 'metadata', 'name') ?? '',
    schedules: listAt(cron, 'spec', 'schedules').filter((one) => typeof one === 'string'),
    isSuspended: objectAt(cron, 'spec')['suspend'] === true,
    ...(timezone === undefined ? {} : { timezone }),
    ...(lastScheduledAt === undefined ? {} : { lastScheduledAt }),
  };
}

/** The template that a CronWorkflow starts. */
export function scheduledPipeline(cron: unknown): string | undefined {
  return textAt(cron, 'spec', 'workflowSpec', 'workflowTemplateRef', 'name');
}

/** The parameters that a WorkflowTemplate declares. */
export function templateParametersOf(template: unknown): TemplateParameter[] {
  return listAt(template, 'spec', 'arguments', 'parameters').flatMap((parameter) => {
    const name = textAt(parameter, 'name');
    if (name === undefined) return [];
    const value = scalarText(objectAt(parameter)['value']);
    const description = textAt(parameter, 'description');
    const choices = listAt(parameter, 'enum')
      .map(scalarText)
      .filter((one) => one !== undefined);
    return [
      {
        name,
        ...(value === undefined ? {} : { value }),
        ...(description === undefined ? {} : { description }),
        ...(choices.length === 0 ? {} : { enum: choices }),
      },
    ];
  });
}
