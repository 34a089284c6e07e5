import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { NodeEvent } from '../../services/ports/workflow-engine.ts';
import { readDocuments } from '../../services/runner/load.ts';
import { runWorkflow } from '../../services/runner/run-workflow.ts';
import type { RunWorkflowOptions } from '../../services/runner/run-workflow.ts';
import { virtualClock } from '../support/virtual-clock.ts';

const scratch = mkdtempSync(join(tmpdir(), 'argosy-date-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** The logical date as the pipelines write it: given, else that of the schedule, else that of the run's creation. */
const DATE =
  "workflow.parameters['logical-date'] != '' ? workflow.parameters['logical-date'] : sprig.substr(0, 10, workflow.scheduledTime ?? workflow.creationTimestamp.RFC3339)";

const TEXT = `apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: daily}
spec:
  schedules: ["0 6 * * *"]
  workflowMetadata: {labels: {trigger: cron}}
  workflowSpec:
    entrypoint: main
    arguments: {parameters: [{name: logical-date, value: ""}]}
    workflowMetadata:
      labelsFrom: {day: {expression: "${DATE}"}}
    templateDefaults:
      container:
        image: argosy:dev
        command: [argosy]
        env:
          - {name: DAY, value: "{{=${DATE}}}"}
          - {name: LABEL, value: "{{workflow.labels.day}}"}
          - {name: TRIGGER, value: "{{workflow.labels.trigger}}"}
    templates:
      - name: main
        dag: {tasks: [{name: a, template: work}, {name: b, template: work}]}
      - name: work
        synchronization: {mutexes: [{name: "daily-{{=${DATE}}}"}]}
        container: {args: [step]}
`;

interface Seen {
  env: Readonly<Record<string, string>>[];
  messages: string[];
}

async function run(options: Partial<RunWorkflowOptions>): Promise<Seen> {
  const clock = virtualClock(new Date('2026-01-05T06:07:08.000Z'));
  const env: Seen['env'] = [];
  const messages: string[] = [];
  await runWorkflow({
    documents: readDocuments([{ file: 'daily.yaml', text: TEXT }]),
    parameters: {},
    clock,
    scratch,
    onEvent: ({ message = '' }: NodeEvent) => messages.push(message),
    runStep: async (call) => {
      env.push(call.env);
      await clock.sleep(1000, call.signal);
      return { exitCode: 0, stdout: '' };
    },
    ...options,
  });
  return { env, messages };
}

describe('the logical date reaches environment, label and lock,', () => {
  it.each([
    ['from the run’s creation when nothing else is known', {}, '2026-01-05'],
    [
      'from the time of the schedule when there is one',
      { scheduledTime: new Date('2026-01-03T06:00:00.000Z') },
      '2026-01-03',
    ],
    [
      'from the parameter when it is given',
      {
        parameters: { 'logical-date': '2025-12-31' },
        scheduledTime: new Date('2026-01-03T06:00:00.000Z'),
      },
      '2025-12-31',
    ],
  ])('%s', async (_name, options, day) => {
    const { env, messages } = await run(options);
    expect(env).toHaveLength(2);
    for (const one of env) expect(one).toMatchObject({ DAY: day, LABEL: day, TRIGGER: 'cron' });
    expect(messages).toContain(`Waiting for argo/Mutex/daily-${day} lock. Lock status: 0/1`);
  });
});
