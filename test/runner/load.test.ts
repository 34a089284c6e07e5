import { describe, expect, it } from 'vitest';

import { PipelineError } from '../../services/core/error.ts';
import { loadDocuments } from '../../services/runner/load.ts';
import { probeStep } from '../../services/runner/probe.ts';
import { runWorkflow } from '../../services/runner/run-workflow.ts';
import { virtualClock } from '../support/virtual-clock.ts';

const head = 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w}\n';
const pod = 'container: {image: i, command: [argosy], args: [probe]}';
const one = (body: string): string => `${head}spec:\n  entrypoint: main\n  templates:\n${body}`;

/** What loading and running the text is refused with. */
async function refusal(text: string): Promise<PipelineError> {
  const clock = virtualClock(new Date(0));
  try {
    const documents = loadDocuments([{ file: 'w.yaml', text }]);
    await runWorkflow({
      documents,
      parameters: {},
      clock,
      runStep: probeStep(clock),
      scratch: '/nonexistent',
    });
  } catch (thrown) {
    if (thrown instanceof PipelineError) return thrown;
    throw thrown;
  }
  throw new Error('it was accepted');
}

const bomb = [
  'a: &a [x, x]',
  'b: &b [*a, *a, *a, *a]',
  'c: &c [*b, *b, *b, *b]',
  'd: [*c, *c, *c, *c]',
];
const HOSTILE: [name: string, text: string, place: string, words: string][] = [
  [
    'an unknown field',
    one(`  - name: main\n    retryStratgy: {}\n    ${pod}`),
    'w.yaml:8:',
    'unknown field "spec.templates[0].retryStratgy"',
  ],
  [
    'an unknown field inside a task',
    one(`  - name: main\n    dag:\n      tasks:\n      - {name: a, tempalte: x}`),
    'w.yaml:10:',
    'unknown field "spec.templates[0].dag.tasks[0].tempalte"',
  ],
  [
    'a field only a cluster can honour',
    one(`  - name: main\n    script: {image: i, source: x}`),
    'w.yaml:8:',
    'cannot be honoured outside a cluster',
  ],
  [
    'a cycle',
    one(
      `  - name: main\n    dag:\n      tasks:\n      - {name: a, template: p, depends: b}\n      - {name: b, template: p, depends: a}\n  - {name: p, ${pod}}`,
    ),
    'w.yaml:7:',
    'graph with cycle',
  ],
  [
    'a template that is not there',
    one(`  - name: main\n    dag:\n      tasks:\n      - {name: a, template: nowhere}`),
    'w.yaml:10:',
    "template name 'nowhere' undefined",
  ],
  [
    'an alias bomb',
    `${head}${bomb.map((line) => `${line}\n`).join('')}spec: {nodeSelector: {x: 1}}`.replace(
      'nodeSelector',
      'podMetadata',
    ),
    'w.yaml:',
    'unknown field',
  ],
  [
    'aliases that multiply',
    `${head}spec:\n  podMetadata:\n${bomb.map((line) => `    ${line}\n`).join('')}`,
    'w.yaml:',
    'more than 50 aliases',
  ],
  [
    'an alias without an anchor',
    one(`  - name: main\n    timeout: *nope\n    ${pod}`),
    'w.yaml:8:',
    "unknown anchor 'nope' referenced",
  ],
  [
    'a merge of an alias without an anchor',
    one(`  - name: main\n    <<: *nope\n    ${pod}`),
    'w.yaml:8:',
    "unknown anchor 'nope' referenced",
  ],
  [
    'a merge of what is no map',
    one(`  - name: main\n    <<: [{timeout: 5m}, foo]\n    ${pod}`),
    'w.yaml:8:',
    'map merge requires map or sequence of maps',
  ],
  [
    'nesting without end',
    `${head}spec: {podMetadata: ${'['.repeat(3000)}${']'.repeat(3000)}}`,
    'w.yaml:',
    'nested',
  ],
  ['a key twice', `${head}spec:\n  entrypoint: a\n  entrypoint: b`, 'w.yaml:6:', 'unique'],
  [
    'an expression outside the subset',
    one(
      `  - name: main\n    inputs: {parameters: [{name: x, value: "{{=now().Unix()}}"}]}\n    ${pod}`,
    ),
    'w.yaml:8:',
    'the function now',
  ],
  [
    'a sequence without bound',
    one(
      `  - name: main\n    dag:\n      tasks:\n      - {name: a, template: p, withSequence: {count: "1000000000"}}\n  - {name: p, ${pod}}`,
    ),
    'w.yaml:10:',
    '1000000000 items',
  ],
  [
    'a sequence without end',
    one(
      `  - name: main\n    dag:\n      tasks:\n      - {name: a, template: p, withSequence: {start: "1"}}\n  - {name: p, ${pod}}`,
    ),
    'w.yaml:10:',
    'neither end nor count',
  ],
  ['a tab for indentation', `${head}spec:\n\tentrypoint: a`, 'w.yaml:5:', 'Tabs'],
  ['a list for a document', '- a\n- b', 'w.yaml:1:', 'must be a mapping'],
  ['a text for a document', 'hello', 'w.yaml:1:', 'must be a mapping'],
  [
    'a kind that is none',
    'kind: Deployment\nspec: {}',
    'w.yaml:1:',
    'kind Deployment is not a workflow',
  ],
  [
    'another program',
    one('  - name: main\n    container: {image: i, command: [sh, -c], args: [ls]}'),
    'w.yaml:8:',
    'must be [argosy]',
  ],
  [
    'no command',
    one('  - name: main\n    container: {image: i, args: [probe]}'),
    'w.yaml:8:',
    'must be [argosy]',
  ],
  [
    'an output path elsewhere',
    one(
      `  - name: main\n    ${pod}\n    outputs: {parameters: [{name: x, valueFrom: {path: /etc/passwd}}]}`,
    ),
    'w.yaml:9:',
    '/etc/passwd',
  ],
  [
    'an output path that climbs',
    one(
      `  - name: main\n    ${pod}\n    outputs: {parameters: [{name: x, valueFrom: {path: /tmp/out/../../etc/passwd}}]}`,
    ),
    'w.yaml:9:',
    'not a file below /tmp/out/',
  ],
  ['a boolean for a name', one(`  - name: yes\n    ${pod}`), 'w.yaml:7:', 'cannot unmarshal bool'],
  [
    'a number for a text',
    one('  - name: main\n    container: {image: i, command: [argosy], args: [1]}'),
    'w.yaml:8:',
    'cannot unmarshal number',
  ],
  [
    'an argument without value',
    `${head}spec:\n  entrypoint: main\n  arguments: {parameters: [{name: who}]}\n  templates:\n  - {name: main, ${pod}}`,
    'w.yaml:6:',
    'spec.arguments.who.value',
  ],
];

describe('a file is refused with its name and line for', () => {
  it.each(HOSTILE)('%s', async (_name, text, place, words) => {
    const error = await refusal(text);
    expect(error.kind).toBe('config-invalid');
    expect(error.message).toContain(place);
    expect(error.message).toContain(words);
    expect(error.message).not.toContain('\n');
  });

  it('every mistake at once', async () => {
    const { message } = await refusal(
      one(`  - name: main\n    daemon: true\n    colour: red\n    ${pod}`),
    );
    expect(message).toContain('w.yaml:8:');
    expect(message).toContain('w.yaml:9:');
  });

  it('nothing in it', () => {
    expect(() => loadDocuments([{ file: 'w.yaml', text: '# nothing\n---\n' }])).toThrow(
      'no Workflow',
    );
  });
});

describe('a file', () => {
  it('may use an anchor some times and merge keys', () => {
    const text = one(
      `  - name: main\n    retryStrategy: &r {limit: "1"}\n    ${pod}\n  - name: b\n    retryStrategy: *r\n    ${pod}\n  - name: c\n    retryStrategy: {<<: *r, retryPolicy: Always}\n    ${pod}`,
    );
    const [document] = loadDocuments([{ file: 'w.yaml', text }]).documents;
    expect(document?.spec.templates?.[2]?.retryStrategy).toEqual({
      limit: '1',
      retryPolicy: 'Always',
    });
  });

  it('has numbers and booleans as Argo reads YAML 1.1', () => {
    const text = `${head}spec: {arguments: {parameters: [{name: a, value: 1.50}, {name: b, value: 0777}, {name: c, value: on}, {name: d, value: 2026-01-05}, {name: e, value: 1_000}, {name: f, value: "1.50"}]}}`;
    const [document] = loadDocuments([{ file: 'w.yaml', text }]).documents;
    const values = document?.spec.arguments?.parameters?.map(({ value }) => value);
    expect(values).toEqual(['1.5', '511', 'true', '2026-01-05', '1000', '1.50']);
  });
});
