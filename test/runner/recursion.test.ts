import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDocuments } from '../../services/runner/load.ts';
import { probeStep } from '../../services/runner/probe.ts';
import { runWorkflow } from '../../services/runner/run-workflow.ts';
import type { WorkflowOutcome } from '../../services/runner/run-workflow.ts';
import { virtualClock } from '../support/virtual-clock.ts';

async function run(templates: string, nodesMax?: number): Promise<WorkflowOutcome> {
  const text = `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: w}
spec:
  entrypoint: main
  templates:
${templates}
`;
  const clock = virtualClock(new Date('2026-01-05T06:07:08.000Z'));
  const scratch = mkdtempSync(join(tmpdir(), 'argosy-recursion-'));
  try {
    const documents = readDocuments([{ file: 'w.yaml', text }]);
    const options = { documents, parameters: {}, clock, scratch, runStep: probeStep(clock) };
    return await runWorkflow({ ...options, ...(nodesMax === undefined ? {} : { nodesMax }) });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const POD = '  - {name: p, container: {image: i, command: [argosy], args: [probe]}}';
const ENDLESS: [name: string, templates: string][] = [
  ['steps that call themselves', '  - {name: main, steps: [[{name: a, template: main}]]}'],
  ['a DAG that calls itself', '  - {name: main, dag: {tasks: [{name: a, template: main}]}}'],
  [
    'a DAG that calls itself after a step',
    `  - {name: main, dag: {tasks: [{name: a, template: p}, {name: b, template: main, depends: a}]}}\n${POD}`,
  ],
  [
    'two templates that call each other',
    '  - {name: main, steps: [[{name: a, template: other}]]}\n  - {name: other, dag: {tasks: [{name: b, template: main}]}}',
  ],
  [
    'a DAG that is retried and calls itself',
    '  - {name: main, retryStrategy: {limit: "1"}, dag: {tasks: [{name: a, template: main}]}}',
  ],
  [
    'an inline template that calls the one around it',
    '  - {name: main, dag: {tasks: [{name: a, inline: {steps: [[{name: b, template: main}]]}}]}}',
  ],
];

describe('a recursion without an end ends, with one clear reason:', () => {
  it.each(ENDLESS)('%s', async (_name, templates) => {
    const outcome = await run(templates);
    expect(outcome.phase).not.toBe('Succeeded');
    const messages = outcome.nodes.map(({ message }) => message);
    expect(messages.some((text) => text.includes('recursion depth exceeded'))).toBe(true);
    expect(outcome.nodes.length).toBeLessThan(5000);
  });

  it('an exit hook that is the template itself, which changes nothing of its task', async () => {
    const templates = `  - {name: main, dag: {tasks: [{name: a, template: p, onExit: main}]}}\n${POD}`;
    const outcome = await run(templates);
    expect(outcome.nodes.some(({ message }) => message.includes('depth exceeded'))).toBe(true);
  });

  it('a fan-out of itself, before it fills the memory', async () => {
    const templates =
      '  - {name: main, dag: {tasks: [{name: a, template: main, withItems: [1, 2]}]}}';
    await expect(run(templates, 2000)).rejects.toMatchObject({
      kind: 'too-large',
      message: expect.stringContaining('nodes'),
    });
  });
});
