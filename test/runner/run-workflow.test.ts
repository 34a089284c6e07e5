import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { systemClock } from '../../services/adapters/clock/system.ts';
import { loadDocuments } from '../../services/runner/load.ts';
import { observedForm } from '../../services/runner/observed.ts';
import { probeStep } from '../../services/runner/probe.ts';
import { runWorkflow } from '../../services/runner/run-workflow.ts';
import type { RunWorkflowOptions, WorkflowOutcome } from '../../services/runner/run-workflow.ts';
import { virtualClock } from '../support/virtual-clock.ts';

const scratch = mkdtempSync(join(tmpdir(), 'argosy-run-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const POD =
  'container: {image: i, command: [argosy], args: [probe, --write, "out={{inputs.parameters.x}}"]}';
const ECHO = `  - name: echo
    inputs: {parameters: [{name: x, value: dflt}]}
    ${POD}
    outputs: {parameters: [{name: out, valueFrom: {path: /tmp/out/out}}]}
`;
const workflow = (spec: string, templates: string): string =>
  `apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: w-}\nspec:\n${spec}  templates:\n${templates}`;

async function run(
  text: string,
  options: Partial<RunWorkflowOptions> = {},
): Promise<WorkflowOutcome> {
  const clock = options.clock ?? virtualClock(new Date('2026-01-05T00:00:00Z'));
  const documents = loadDocuments([{ file: 'w.yaml', text }]);
  return runWorkflow({
    documents,
    parameters: {},
    clock,
    scratch,
    runStep: probeStep(clock),
    ...options,
  });
}

const outputOf = ({ nodes }: WorkflowOutcome, name: string): string | undefined =>
  nodes.find((node) => node.displayName === name)?.outputs?.parameters?.[0]?.value;

describe('a run', () => {
  const simple = workflow(
    '  entrypoint: main\n  arguments: {parameters: [{name: who, value: file}]}\n',
    `  - name: main
    dag:
      tasks:
      - {name: a, template: echo, arguments: {parameters: [{name: x, value: "{{workflow.parameters.who}} {{workflow.name}}"}]}}
${ECHO}`,
  );

  it('takes parameters and the name that are given', async () => {
    const outcome = await run(simple, { parameters: { who: 'caller' }, name: 'tuesday' });
    expect(outputOf(outcome, 'a')).toBe('caller tuesday');
    expect(outcome.runName).toBe('tuesday');
  });

  it('makes a name of generateName when none is given', async () => {
    expect((await run(simple)).runName).toMatch(/^w-[0-9a-z]{1,5}$/);
  });

  it('starts at the entrypoint that is given', async () => {
    const outcome = await run(simple, { entrypoint: 'echo' });
    expect(outcome.nodes.map(({ type }) => type)).toEqual(['Pod']);
  });

  it('of a WorkflowTemplate or a CronWorkflow is a workflow of its spec', async () => {
    const template = simple
      .replace('kind: Workflow', 'kind: WorkflowTemplate')
      .replace('generateName: w-', 'name: tmpl');
    expect((await run(template)).phase).toBe('Succeeded');
    const cron = `${template}\n---\napiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata: {name: nightly}\nspec:\n  schedules: ["0 1 * * *"]\n  workflowSpec:\n    workflowTemplateRef: {name: tmpl}\n    arguments: {parameters: [{name: who, value: "{{=sprig.substr(0, 10, workflow.scheduledTime)}}"}]}\n`;
    const scheduledTime = new Date('2026-01-03T01:00:00.000Z');
    const outcome = await run(cron, { scheduledTime });
    expect(outputOf(outcome, 'a')).toMatch(/^2026-01-03 nightly-/);
  });

  it('gives the node of a failed step the words of the step', async () => {
    const outcome = await run(simple, {
      runStep: () => Promise.resolve({ exitCode: 20, stdout: '', error: 'file.csv:3: no header' }),
    });
    expect(outcome.phase).toBe('Failed');
    const failed = observedForm(outcome).nodes.find(({ type }) => type === 'Pod');
    expect(failed).toMatchObject({
      message: 'main: Error (exit code 20)',
      error: 'file.csv:3: no header',
    });
  });

  it('takes a step that throws for one that failed', async () => {
    const outcome = await run(simple, { runStep: () => Promise.reject(new Error('boom')) });
    expect(outcome.nodes.at(-1)).toMatchObject({ phase: 'Failed', error: 'boom' });
  });

  it('never has more steps at one time than the bound', async () => {
    const clock = virtualClock(new Date(0));
    let now = 0;
    let most = 0;
    const fan = workflow(
      '  entrypoint: main\n',
      `  - name: main
    dag:
      tasks: [{name: fan, template: echo, withSequence: {count: "20"}}]
${ECHO}`,
    );
    await run(fan, {
      clock,
      concurrencyMax: 3,
      runStep: async () => {
        now++;
        most = Math.max(most, now);
        await clock.sleep(1000);
        now--;
        return { exitCode: 0, stdout: '' };
      },
    });
    expect(most).toBe(3);
  });

  it('that is stopped ends its steps, starts no more, and runs its exit handler', async () => {
    const text = workflow(
      '  entrypoint: main\n  onExit: echo\n',
      `  - name: main
    steps:
    - - {name: long, template: long}
    - - {name: after, template: echo}
  - name: long
    container: {image: i, command: [argosy], args: [probe, --sleep-ms, "60000"]}
${ECHO}`,
    );
    const clock = virtualClock(new Date(0));
    const stop = new AbortController();
    const ended = run(text, { clock, signal: stop.signal });
    await clock.sleep(5000);
    stop.abort();
    const outcome = await ended;
    expect(outcome).toMatchObject({ phase: 'Failed', message: "Stopped with strategy 'Stop'" });
    const phases = outcome.nodes.map(({ displayName, phase }) => `${displayName} ${phase}`);
    expect(phases).toContain('long Failed');
    expect(phases).toContain(`${outcome.runName}.onExit Succeeded`);
    expect(outcome.nodes.some(({ displayName }) => displayName === 'after')).toBe(false);
  });

  it('that waits for people ends in Error and says so', async () => {
    const text = workflow('  entrypoint: main\n', '  - name: main\n    suspend: {}\n');
    expect(await run(text)).toMatchObject({
      phase: 'Error',
      message: expect.stringContaining('suspended without a duration') as string,
    });
  });

  it('that recurses without end is stopped at a hundred levels', async () => {
    const text = workflow(
      '  entrypoint: main\n',
      '  - name: main\n    steps: [[{name: again, template: main}]]\n',
    );
    const outcome = await run(text);
    expect(outcome.phase).not.toBe('Succeeded');
    expect(outcome.nodes.length).toBeLessThan(300);
    expect(JSON.stringify(outcome.nodes)).toContain('Maximum recursion depth exceeded');
  });

  it('refuses a list that only turns out to be too long when it is read', async () => {
    const text = workflow(
      '  entrypoint: main\n',
      `  - name: main
    dag:
      tasks: [{name: fan, template: echo, withSequence: {count: "{{workflow.parameters.many}}"}}]
${ECHO}`,
    ).replace('spec:\n', 'spec:\n  arguments: {parameters: [{name: many, value: "10001"}]}\n');
    await expect(run(text)).rejects.toThrow('10001 items');
  });

  it('costs less than 5 ms a step over a thousand items', async () => {
    const text = workflow(
      '  entrypoint: main\n',
      `  - name: main
    dag:
      tasks:
      - name: fan
        template: echo
        withSequence: {count: "1000"}
        arguments: {parameters: [{name: x, value: "{{item}}"}]}
      - {name: join, template: echo, depends: fan, arguments: {parameters: [{name: x, value: "{{tasks.fan.outputs.parameters.out}}"}]}}
${ECHO}`,
    );
    const clock = systemClock();
    const startMs = clock.now().getTime();
    const outcome = await run(text, { clock });
    expect(outcome.phase).toBe('Succeeded');
    expect(JSON.parse(outputOf(outcome, 'join') ?? '')).toHaveLength(1000);
    expect(clock.now().getTime() - startMs).toBeLessThan(5000);
  });
});

it('what Argo refuses too is not told as a limit of the local run', async () => {
  const lacking = workflow('  entrypoint: nowhere\n', ECHO);
  await expect(run(lacking)).rejects.toMatchObject({
    kind: 'config-invalid',
    hint: expect.stringMatching(/^Argo refuses this too/),
  });
});

it('the exit handler of a stopped run starts when its steps have ended, 30 s later at most', async () => {
  for (const needsMs of [5_000, 90_000]) {
    const clock = virtualClock(new Date('2026-01-05T00:00:00Z'));
    const stopper = new AbortController();
    const began = clock.now().getTime();
    const times: string[] = [];
    const tell = (what: string) => times.push(`${what} ${clock.now().getTime() - began}`);
    const text = workflow(
      '  entrypoint: main\n  onExit: bye\n',
      `  - name: main
    dag: {tasks: [{name: slow, template: echo, arguments: {parameters: [{name: x, value: slow}]}}]}
  - name: bye
    container: {image: i, command: [argosy], args: [bye]}
${ECHO}`,
    );
    const outcome = await run(text, {
      clock,
      signal: stopper.signal,
      runStep: async ({ args }) => {
        if (args[0] === 'bye') tell('exit');
        else {
          stopper.abort();
          await clock.sleep(needsMs);
          tell('end');
        }
        return { exitCode: 0, stdout: '' };
      },
    });
    expect(outcome.phase).toBe('Failed');
    const expected = needsMs < 30_000 ? ['end 5000', 'exit 5000'] : ['exit 30000'];
    expect(times).toEqual(expected);
  }
});
