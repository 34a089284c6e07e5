import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { decodeEventKey, encodeEventKey } from '../../services/core/key.ts';
import { isArrival } from '../../services/events/arrival.ts';
import { csvIntake } from '../../services/pipelines/csv-intake/index.ts';
import { famaFrench } from '../../services/pipelines/fama-french/index.ts';
import {
  evaluateCondition,
  evaluateExpression,
  expressionEnv,
} from '../../services/runner/expression.ts';
import type { ValueMap } from '../../services/runner/expression/value.ts';
import { loadDocuments } from '../../services/runner/load.ts';
import { lintFiles } from '../../services/runner/lint/set.ts';
import { stepCatalogue } from '../../services/cli/commands/lint.ts';
import { WINGS } from '../../services/cli/commands.ts';
import { at, listAt, mapAt, namedAt, namesAt, textAt } from '../support/tree.ts';

const FOLDER = fileURLToPath(new URL('../../workflows/', import.meta.url));
const files = readdirSync(FOLDER).map((file) => ({
  file,
  text: readFileSync(FOLDER + file, 'utf8'),
}));
const documents: readonly unknown[] = files.flatMap(({ text }) =>
  parseAllDocuments(text).map((document): unknown => document.toJS()),
);
const ofKind = (kind: string): readonly unknown[] =>
  documents.filter((document) => textAt(document, 'kind') === kind);
const pipelines = ofKind('WorkflowTemplate');
const pipelineOf = (name: string): unknown =>
  pipelines.find((each) => textAt(each, 'metadata', 'name') === name);
const DATE =
  "workflow.parameters['logical-date'] != '' ? workflow.parameters['logical-date'] " +
  ': sprig.substr(0, 10, workflow.scheduledTime ?? workflow.creationTimestamp.RFC3339)';

/** What a run of a pipeline locks, where that is not the day: what one key names, or all of them. */
const OBJECT = "workflow.parameters.key + workflow.parameters['event-key']";
const LOCKS: Readonly<Record<string, string>> = {
  'csv-intake': `${OBJECT} == '' ? 'all' : sprig.sha256sum(${OBJECT})`,
  commerce: `'lake'`,
  finance: `${OBJECT} == '' ? (workflow.parameters.uploads == 'true' ? 'uploads' : 'batch') : sprig.sha256sum(${OBJECT})`,
};

/** How long a run may take in all, where that is not two hours: steps of an hour, each tried three times. */
const DEADLINES_SECONDS: Readonly<Record<string, number>> = {
  commerce: 64_800,
  finance: 43_200,
};

/**
 * A pipeline's file without what is its own: its name where it stands, its lock, its arguments, its templates, and its
 * deadline where it has one of its own.
 */
function groundOf(pipeline: unknown): string {
  const name = textAt(pipeline, 'metadata', 'name');
  const { arguments: _arguments, templates: _templates, ...own } = mapAt(pipeline, 'spec');
  const isOwnDeadline = own['activeDeadlineSeconds'] === DEADLINES_SECONDS[name];
  const spec = isOwnDeadline ? { ...own, activeDeadlineSeconds: 7200 } : own;
  const labels = at(pipeline, 'metadata', 'labels');
  const lock = JSON.stringify(lockOf(pipeline));
  return JSON.stringify({ labels, spec }).replace(lock, '"LOCK"').replaceAll(name, 'NAME');
}

const lockOf = (pipeline: unknown): string =>
  textAt(listAt(pipeline, 'spec', 'synchronization', 'mutexes')[0], 'name');

describe('workflows/', () => {
  it('holds a file for each pipeline that is built, with its steps, and schedules and events', async () => {
    const wanted = [...Object.keys(WINGS).map((name) => `${name}.yaml`), 'events.yaml'];
    expect(files.map(({ file }) => file).toSorted()).toEqual(
      [...wanted, 'schedules.yaml'].toSorted(),
    );
    for (const [name, wing] of Object.entries(WINGS)) {
      const pipeline = pipelines.find((each) => textAt(each, 'metadata', 'name') === name);
      const { steps } = await wing.load();
      const leaves = listAt(pipeline, 'spec', 'templates').filter((each) => at(each, 'container'));
      expect(leaves.map((leaf) => textAt(leaf, 'name')).toSorted()).toEqual(
        steps.map((step) => step.name).toSorted(),
      );
    }
  });

  it('is passed by argosy lint without a finding', async () => {
    expect(lintFiles(files, await stepCatalogue()).findings).toEqual([]);
  });

  it('puts every pipeline on the same ground, word for word', () => {
    const [first, ...others] = pipelines.map(groundOf);
    expect(first).toContain('readOnlyRootFilesystem');
    for (const other of others) expect(other).toBe(first);
  });

  it('would tell a pipeline whose ground has drifted', () => {
    const [pipeline] = pipelines;
    const drifted = { ...mapAt(pipeline), spec: { ...mapAt(pipeline, 'spec'), parallelism: 9 } };
    expect(groundOf(drifted)).not.toBe(groundOf(pipeline));
  });

  it.each(pipelines.map((pipeline) => [textAt(pipeline, 'metadata', 'name'), pipeline]))(
    '%s derives its logical date in the same words for label and environment, and, unless it has another, lock',
    (name, pipeline) => {
      const label = ['workflowMetadata', 'labelsFrom', 'argosy.dev/logical-date', 'expression'];
      const words = textAt(pipeline, 'spec', ...label).replaceAll(/\s+/g, ' ');
      expect(words).toBe(DATE);
      expect(lockOf(pipeline)).toBe(`${name}-{{=${LOCKS[name] ?? DATE}}}`);
      const container = at(pipeline, 'spec', 'templateDefaults', 'container');
      const variable = namedAt(container, 'ARGOSY_LOGICAL_DATE', 'env');
      expect(textAt(variable, 'value')).toBe(`{{=${DATE}}}`);
      const parameter = namedAt(pipeline, 'logical-date', 'spec', 'arguments', 'parameters');
      expect(at(parameter, 'value')).toBe('');
    },
  );

  it.each(pipelines.map((pipeline) => [textAt(pipeline, 'metadata', 'name'), pipeline]))(
    '%s retries on its leaves alone, bounds each, and labels its pod with the step',
    (_name, pipeline) => {
      const templates = listAt(pipeline, 'spec', 'templates');
      const leaves = templates.filter((template) => at(template, 'container') !== undefined);
      expect(templates.filter((template) => at(template, 'retryStrategy'))).toEqual(leaves);
      for (const leaf of leaves) {
        expect(leaf).toMatchObject({
          pendingTimeout: '15m',
          metadata: { labels: { 'argosy.dev/step': textAt(leaf, 'name') } },
          retryStrategy: {
            limit: '2',
            retryPolicy: 'Always',
            expression: expect.stringContaining('[30, 31, 32, 40, 64, 137, 143]'),
          },
        });
        // Counted from the first attempt's start, it would forbid the next or cut it short: the limit bounds them.
        expect(at(leaf, 'retryStrategy', 'backoff', 'maxDuration')).toBeUndefined();
      }
      expect(at(pipeline, 'spec', 'retryStrategy')).toBeUndefined();
      expect(at(pipeline, 'spec', 'templateDefaults', 'retryStrategy')).toBeUndefined();
    },
  );
});

describe('the catalogue of fama-french', () => {
  const main = namedAt(pipelineOf('fama-french'), 'main', 'spec', 'templates');
  const words = textAt(namedAt(main, 'catalogue', 'dag', 'tasks'), 'when');
  const expression = words.replace(/^\{\{=(.*)\}\}$/s, '$1');
  const runs = (parameters: ValueMap, behind?: string) =>
    evaluateCondition(expression, {
      workflow: { parameters: { 'dry-run': 'false', fetch: 'true', ...parameters } },
      tasks: { extract: behind === undefined ? {} : { outputs: { parameters: { behind } } } },
    });

  it.each([
    ['a run that fetches, though extract was left out', {}, undefined, true],
    ['a run that fetches, though nothing is behind', {}, 'false', true],
    ['a sweep that has found work', { fetch: 'false' }, 'true', true],
    ['a sweep with nothing to do', { fetch: 'false' }, 'false', false],
    ['a dry run', { 'dry-run': 'true' }, undefined, false],
  ] as const)('after %s', (_name, parameters, behind, isRun) => {
    expect(runs(parameters, behind)).toBe(isRun);
  });
});

describe('schedules and sweeps', () => {
  const crons = ofKind('CronWorkflow');
  it.each(crons.map((cron) => [textAt(cron, 'metadata', 'name'), cron]))(
    '%s names no date and only what its pipeline declares',
    (_name, cron) => {
      const spec = at(cron, 'spec');
      const pipeline = textAt(cron, 'metadata', 'labels', 'argosy.dev/pipeline');
      expect(textAt(spec, 'workflowSpec', 'workflowTemplateRef', 'name')).toBe(pipeline);
      const declared = pipelines.find((each) => textAt(each, 'metadata', 'name') === pipeline);
      const given = namesAt(spec, 'workflowSpec', 'arguments', 'parameters');
      expect(namesAt(declared, 'spec', 'arguments', 'parameters')).toEqual(
        expect.arrayContaining(given),
      );
      expect(given).not.toContain('logical-date');
      expect(given).toContain('trigger');
      expect(mapAt(spec)).toMatchObject({ timezone: 'Etc/UTC', concurrencyPolicy: 'Forbid' });
    },
  );

  it('every pipeline has a schedule', () => {
    expect(crons.map((cron) => textAt(cron, 'metadata', 'name'))).toEqual(
      expect.arrayContaining(Object.keys(WINGS)),
    );
  });
});

const bindingOf = (name: string): unknown =>
  ofKind('WorkflowEventBinding').find((each) => textAt(each, 'metadata', 'name') === name);
const givenBy = (binding: unknown): string[][] =>
  listAt(binding, 'spec', 'submit', 'arguments', 'parameters').map((each) => [
    textAt(each, 'name'),
    textAt(each, 'valueFrom', 'event'),
  ]);

describe('the binding of fama-french', () => {
  const binding = bindingOf('fama-french-landed');
  const selector = textAt(binding, 'spec', 'event', 'selector');
  const { arrivals } = famaFrench;
  if (arrivals === undefined) throw new Error('nothing arrives');
  const event = (key: string, changes: ValueMap = {}): ValueMap => ({
    discriminator: 'minio',
    payload: {
      EventName: 's3:ObjectCreated:Put',
      Key: `argosy-fama-french/${key}`,
      Records: [{ s3: { bucket: { name: 'argosy-fama-french' }, object: { key } } }],
      ...changes,
    },
  });

  it.each([
    'raw_data%2F6_Portfolios_2x3_CSV_201707.zip',
    'raw_data%2Fby+hand.ZIP',
    'raw_data/plain.zip',
    'raw_data%2Ffama_french_6portfolios_mine.zip',
    'raw_data%2Fa%2Bb.zip',
  ])('takes %s, and so does a watcher', (key) => {
    expect(evaluateCondition(selector, event(key))).toBe(true);
    expect(isArrival(arrivals, decodeEventKey(key))).toBe(true);
  });

  it.each([
    'raw_data%2Ffama_french_6portfolios_2017_20260105_0a1b2c3d.zip',
    'raw_data%2Ffama_french_6portfolios_unknown_20260105_0a1b2c3d_4e5f6071.zip',
    'raw_data%2Fcsv%2Fjuly17_6_Portfolios_2x3.CSV',
    'raw_data%2Fdeeper%2Fa.zip',
    'raw_data%2Fa.zip.part',
    'raw_data%2F',
    'logs%2Fraw_data%2Fa.zip',
  ])('leaves %s alone, and so does a watcher', (key) => {
    expect(evaluateCondition(selector, event(key))).toBe(false);
    expect(isArrival(arrivals, decodeEventKey(key))).toBe(false);
  });

  it('leaves other buckets, other events and other senders alone', () => {
    const key = 'raw_data%2Fa.zip';
    const bucket = { Records: [{ s3: { bucket: { name: 'other' }, object: { key } } }] };
    expect(evaluateCondition(selector, event(key, bucket))).toBe(false);
    const removed = event(key, { EventName: 's3:ObjectRemoved:Delete' });
    expect(evaluateCondition(selector, removed)).toBe(false);
    const hook = { discriminator: 'github', payload: { action: 'push' } };
    expect(evaluateCondition(selector, hook)).toBe(false);
    const bare = { discriminator: 'minio', payload: { hello: 'world' } };
    expect(evaluateCondition(selector, bare)).toBe(false);
  });

  it('gives each workflow a name of its own, and no address of the archive', () => {
    expect(at(binding, 'spec', 'submit', 'metadata', 'name')).toBeUndefined();
    expect(textAt(binding, 'spec', 'submit', 'metadata', 'generateName')).toMatch(/^"[a-z-]+-"$/);
    expect(givenBy(binding)).toEqual([
      ['trigger', '"event"'],
      ['fetch', '"false"'],
    ]);
  });

  it('is read by the loader of the runner', () => {
    expect(() => loadDocuments(files)).not.toThrow();
  });
});

describe('the binding of csv-intake', () => {
  const binding = bindingOf('csv-intake-uploaded');
  const selector = textAt(binding, 'spec', 'event', 'selector');
  const event = (key: string, bucket = 'argosy-csv-intake'): ValueMap => ({
    discriminator: 'minio',
    payload: {
      EventName: 's3:ObjectCreated:Put',
      Records: [{ s3: { bucket: { name: bucket }, object: { key } } }],
    },
  });

  it.each([
    'uploads/{{workflow.name}}.csv',
    'uploads/a b+c é 文 🚢.CSV',
    'uploads/deep/er/%2F.csv.gz',
    `uploads/'"\\.csv`,
  ])('takes %s as a notification spells it, and so does a watcher', (key) => {
    expect(evaluateCondition(selector, event(encodeEventKey(key)))).toBe(true);
    const { arrivals } = csvIntake;
    expect(arrivals && isArrival(arrivals, key)).toBe(true);
    expect(arrivals?.parameters([{ key, etag: '', sizeBytes: 0 }])).toEqual({
      'event-key': encodeEventKey(key),
    });
  });

  it('takes a key whose slashes stand as they are', () => {
    expect(evaluateCondition(selector, event('uploads/a/b.csv'))).toBe(true);
  });

  it.each([
    'uploads%2F{{workflow.name}}.csv',
    'uploads/{{=1}}.csv',
    'uploads%2Fa.csv%0A{',
    'uploads%2Fa.csv.part',
    'uploads%2F.csv%2F',
    'processed%2Fa.csv',
    '_records%2Fuploads%2Fa.csv',
    'uploads.csv',
  ])('leaves %s to the sweep, or alone', (key) => {
    expect(evaluateCondition(selector, event(key))).toBe(false);
  });

  it('leaves the bucket of another pipeline alone, and that one this', () => {
    expect(evaluateCondition(selector, event('uploads%2Fa.csv', 'argosy-fama-french'))).toBe(false);
    const other = textAt(bindingOf('fama-french-landed'), 'spec', 'event', 'selector');
    expect(evaluateCondition(other, event('uploads%2Fa.csv'))).toBe(false);
  });

  it('gives each workflow a name of its own, and the key as it came', () => {
    expect(at(binding, 'spec', 'submit', 'metadata', 'name')).toBeUndefined();
    expect(givenBy(binding)).toEqual([
      ['trigger', '"event"'],
      ['event-key', 'payload.Records[0].s3.object.key'],
    ]);
  });
});

describe('the lock of csv-intake', () => {
  const pipeline = pipelineOf('csv-intake');
  const lock = (parameters: Record<string, string>): unknown =>
    evaluateExpression(
      lockOf(pipeline).replace(/^csv-intake-\{\{=|\}\}$/g, ''),
      expressionEnv(
        Object.entries({ key: '', 'event-key': '', ...parameters }).map(
          ([name, value]) => [`workflow.parameters.${name}`, value] as const,
        ),
      ),
    );

  it('is one for each key, and one for runs of all', () => {
    const one = lock({ 'event-key': 'uploads%2Fa.csv' });
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(lock({ 'event-key': 'uploads%2Fa.csv' })).toBe(one);
    expect(lock({ 'event-key': 'uploads%2Fb.csv' })).not.toBe(one);
    expect(lock({ key: 'uploads/a.csv' })).toMatch(/^[0-9a-f]{64}$/);
    expect(lock({})).toBe('all');
  });
});

describe('finance', () => {
  const pipeline = pipelineOf('finance');
  const main = namedAt(pipeline, 'main', 'spec', 'templates');
  const isRun = (task: string, parameters: Record<string, string>): boolean => {
    const words = textAt(namedAt(main, task, 'dag', 'tasks'), 'when');
    return evaluateCondition(words.replace(/^\{\{=(.*)\}\}$/s, '$1'), {
      workflow: { parameters: { uploads: 'false', key: '', 'event-key': '', ...parameters } },
    });
  };

  it.each([
    ['a batch', {}, true],
    ['an upload', { key: 'raw/a.csv' }, false],
    ['an upload that a notification told of', { 'event-key': 'raw%2Fa.csv' }, false],
    ['a sweep of uploads', { uploads: 'true' }, false],
  ] as const)('runs either the batch or the uploads: %s', (_name, parameters, isBatch) => {
    expect([isRun('extract', parameters), isRun('process', parameters)]).toEqual([
      isBatch,
      !isBatch,
    ]);
  });

  it.each([
    ['rows', { transactions: '3', customers: '0' }, true],
    ['customers alone', { transactions: '0', customers: '2' }, true],
    ['nothing', { transactions: '0', customers: '0' }, false],
  ] as const)('goes on after an extract that brought %s', (_name, outputs, isGoingOn) => {
    const words = textAt(namedAt(main, 'transform', 'dag', 'tasks'), 'when');
    const tasks = { extract: { outputs: { parameters: outputs } } };
    expect(evaluateCondition(words.replace(/^\{\{=(.*)\}\}$/s, '$1'), { tasks })).toBe(isGoingOn);
  });

  it('hands each step the key of what the step before it made in this run', () => {
    const handed = ['transform', 'load', 'quality'].map((step) => {
      const { parameters } = mapAt(namedAt(main, step, 'dag', 'tasks'), 'arguments');
      const template = namedAt(pipeline, step, 'spec', 'templates');
      return [parameters, mapAt(template, 'container')['args']];
    });
    const clean = [{ name: 'clean', value: '{{tasks.transform.outputs.parameters.manifest}}' }];
    expect(handed).toEqual([
      [
        [{ name: 'manifest', value: '{{tasks.extract.outputs.parameters.manifest}}' }],
        expect.arrayContaining(['--manifest={{inputs.parameters.manifest}}']),
      ],
      [clean, expect.arrayContaining(['--clean={{inputs.parameters.clean}}'])],
      [clean, expect.arrayContaining(['--clean={{inputs.parameters.clean}}'])],
    ]);
  });

  it('tries each step of the batch twice more, five minutes apart, an hour at most each time', () => {
    for (const step of ['extract', 'transform', 'load', 'quality']) {
      expect(namedAt(pipeline, step, 'spec', 'templates')).toMatchObject({
        timeout: '1h',
        retryStrategy: { limit: '2', backoff: { duration: '5m', factor: '1' } },
      });
    }
  });

  it('loads daily at two, and makes up for no night', () => {
    const cron = ofKind('CronWorkflow').find(
      (one) => textAt(one, 'metadata', 'name') === 'finance',
    );
    expect(mapAt(cron, 'spec')).toMatchObject({
      schedules: ['0 2 * * *'],
      startingDeadlineSeconds: 3600,
      concurrencyPolicy: 'Forbid',
    });
  });
});
