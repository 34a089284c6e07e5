import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { encodeEventKey } from '../../services/core/key.ts';
import { isArrival } from '../../services/events/arrival.ts';
import { arrivals, isUpload } from '../../services/pipelines/finance/upload/arrivals.ts';
import { evaluateCondition } from '../../services/runner/expression.ts';
import type { ValueMap } from '../../services/runner/expression/value.ts';
import { at, listAt, namedAt, textAt } from '../support/tree.ts';

const documentsOf = (file: string): readonly unknown[] =>
  parseAllDocuments(
    readFileSync(fileURLToPath(new URL(`../../workflows/${file}`, import.meta.url)), 'utf8'),
  ).map((document): unknown => document.toJS());
const eventDocuments = documentsOf('events.yaml');
const named = (kind: string, name: string): unknown =>
  eventDocuments.find(
    (each) => textAt(each, 'kind') === kind && textAt(each, 'metadata', 'name') === name,
  );

describe('the binding of finance', () => {
  const binding = named('WorkflowEventBinding', 'finance-uploaded');
  const selector = textAt(binding, 'spec', 'event', 'selector');
  const event = (key: string, bucket = 'argosy-finance'): ValueMap => ({
    discriminator: 'minio',
    payload: {
      EventName: 's3:ObjectCreated:Put',
      Records: [{ s3: { bucket: { name: bucket }, object: { key } } }],
    },
  });

  it.each([
    'raw/{{workflow.name}}.csv',
    'raw/a b+c é 文 🚢.CSV',
    'raw/deep/er/%2F.csv.gz',
    `raw/'"\\.csv`,
  ])('takes %s as a notification spells it, and so do a watcher and the step', (key) => {
    expect(evaluateCondition(selector, event(encodeEventKey(key)))).toBe(true);
    expect(isArrival(arrivals, key)).toBe(true);
    expect(isUpload(key)).toBe(true);
    expect(arrivals.parameters([{ key, etag: '', sizeBytes: 0 }])).toEqual({
      'event-key': encodeEventKey(key),
    });
  });

  it.each([
    'raw%2F{{workflow.name}}.csv',
    'raw/{{=1}}.csv',
    'raw%2Fa.csv%0A{',
    'raw%2Fa.csv.part',
    'raw%2Fa.txt',
    'processed%2Fa.csv',
    'extracted%2F2026-11-21%2Fraw_transactions_20261121_000000.csv',
    'inbox%2Ftransactions%2Fa.csv',
    'raw.csv',
  ])('leaves %s to the sweep, or alone', (key) => {
    expect(evaluateCondition(selector, event(key))).toBe(false);
  });

  it('leaves the other buckets alone, its own second one among them', () => {
    for (const bucket of ['argosy-finance-processed', 'argosy-csv-intake']) {
      expect(evaluateCondition(selector, event('raw%2Fa.csv', bucket))).toBe(false);
    }
    const other = textAt(
      named('WorkflowEventBinding', 'csv-intake-uploaded'),
      'spec',
      'event',
      'selector',
    );
    expect(evaluateCondition(other, event('raw%2Fa.csv'))).toBe(false);
  });

  it('gives each workflow a name of its own, and the key as it came', () => {
    expect(at(binding, 'spec', 'submit', 'metadata', 'name')).toBeUndefined();
    const given = listAt(binding, 'spec', 'submit', 'arguments', 'parameters');
    expect(given.map((each) => [textAt(each, 'name'), textAt(each, 'valueFrom', 'event')])).toEqual(
      [
        ['trigger', '"event"'],
        ['event-key', 'payload.Records[0].s3.object.key'],
      ],
    );
  });
});

describe('the tasks of finance', () => {
  const [template] = documentsOf('finance.yaml');
  const main = namedAt(template, 'main', 'spec', 'templates');
  const runs = (task: string, parameters: Record<string, string>): boolean => {
    const words = textAt(namedAt(main, task, 'dag', 'tasks'), 'when');
    return evaluateCondition(words.replace(/^\{\{=(.*)\}\}$/s, '$1'), {
      workflow: { parameters: { key: '', 'event-key': '', uploads: 'false', ...parameters } },
    });
  };
  const sweep = listAt(
    named('CronWorkflow', 'finance-sweep'),
    'spec',
    'workflowSpec',
    'arguments',
    'parameters',
  );
  const swept = Object.fromEntries(
    sweep.map((each) => [textAt(each, 'name'), textAt(each, 'value')]),
  );

  it.each([
    ['a batch', {}, false],
    ['an event', { 'event-key': 'raw%2Fa.csv' }, true],
    ['one key', { key: 'raw/a.csv' }, true],
    ['the sweep of events.yaml', swept, true],
    // A text from outside is data in the condition, never a part of it.
    ['a key with quotes', { key: `' || true || '` }, true],
  ])(
    'are for %s those of uploads or those of the batch, never both',
    (_, parameters, isUploads) => {
      expect(runs('process', parameters)).toBe(isUploads);
      expect(runs('extract', parameters)).toBe(!isUploads);
    },
  );
});
