import { expect, it } from 'vitest';
import { readDocuments } from '../../../services/runner/load.ts';
import { runWorkflow } from '../../../services/runner/run-workflow.ts';
import { retryLines } from '../../../services/cli/run/retry-lines.ts';
import { virtualClock } from '../../support/virtual-clock.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const TEXT = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: day}
spec:
  entrypoint: main
  templates:
    - name: main
      dag: {tasks: [{name: load, template: load}]}
    - name: load
      retryStrategy: {limit: "2", retryPolicy: Always, backoff: {duration: 5m}}
      container: {image: none, command: [argosy], args: [step]}
`;

it('a step that waits for its next try is told with why and how long, each try once', async () => {
  await using temp = await tempFolder();
  const clock = virtualClock(new Date('2026-11-21T10:00:00Z'));
  const lines: string[] = [];
  let tries = 0;
  const run = runWorkflow({
    documents: readDocuments([{ file: 'day.yaml', text: TEXT }]),
    parameters: {},
    name: 'day-1',
    runStep: async () => {
      tries += 1;
      return { exitCode: tries < 3 ? 30 : 0, stdout: '', error: `the store is away (${tries})` };
    },
    clock,
    scratch: temp.path,
    onEvent: retryLines('day-1', (line) => lines.push(line)),
  });
  expect((await run).phase).toBe('Succeeded');
  expect(lines).toEqual([
    'day-1: load failed, next try in 5 minutes 0 seconds: the store is away (1)',
    'day-1: load failed, next try in 5 minutes 0 seconds: the store is away (2)',
  ]);
});
