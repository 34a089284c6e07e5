import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { encodeEventKey } from '../../services/core/key.ts';
import { isArrival } from '../../services/events/arrival.ts';
import { arrivals } from '../../services/pipelines/commerce/door/arrivals.ts';
import { evaluateCondition } from '../../services/runner/expression.ts';
import type { ValueMap } from '../../services/runner/expression/value.ts';
import { at, listAt, textAt } from '../support/tree.ts';

const documents = ['events.yaml', 'schedules.yaml'].flatMap((file) =>
  parseAllDocuments(
    readFileSync(fileURLToPath(new URL(`../../workflows/${file}`, import.meta.url)), 'utf8'),
  ).map((document): unknown => document.toJS()),
);
const named = (kind: string, name: string): unknown =>
  documents.find(
    (each) => textAt(each, 'kind') === kind && textAt(each, 'metadata', 'name') === name,
  );
const given = (tree: unknown, ...path: string[]): [string, string][] =>
  listAt(tree, ...path, 'arguments', 'parameters').map((each) => [
    textAt(each, 'name'),
    at(each, 'value') === undefined ? textAt(each, 'valueFrom', 'event') : textAt(each, 'value'),
  ]);

describe('the binding of commerce', () => {
  const binding = named('WorkflowEventBinding', 'commerce-landed');
  const selector = textAt(binding, 'spec', 'event', 'selector');
  const event = (key: string, bucket = 'argosy-commerce'): ValueMap => ({
    discriminator: 'minio',
    payload: {
      EventName: 's3:ObjectCreated:Put',
      Records: [{ s3: { bucket: { name: bucket }, object: { key } } }],
    },
  });

  it.each([
    'raw/transactions/date=2026-01-31/a b+é.csv',
    'raw/products/date=2026-01-31/a.JSONL.gz',
    'raw/clickstream/date=2026-01-31/a.json',
    'raw/reviews/late.CSV.GZ',
  ])('takes %s as a notification spells it, and so does a watcher', (key) => {
    expect(evaluateCondition(selector, event(encodeEventKey(key)))).toBe(true);
    expect(isArrival(arrivals, key)).toBe(true);
  });

  it.each([
    'raw/other/date=2026-01-31/a.csv',
    'processed/transactions/a.csv',
    'raw/transactions/date=2026-01-31/a.csv.part',
    'quarantine/transactions/date=2026-01-31/a.csv',
    'reports/dashboard/index.html',
  ])('leaves %s alone', (key) => {
    expect(evaluateCondition(selector, event(encodeEventKey(key)))).toBe(false);
  });

  it('leaves other buckets alone, and gives nothing of the event to the run', () => {
    const key = encodeEventKey('raw/transactions/date=2026-01-31/a.csv');
    expect(evaluateCondition(selector, event(key, 'argosy-finance'))).toBe(false);
    expect(at(binding, 'spec', 'submit', 'metadata', 'name')).toBeUndefined();
    expect(given(binding, 'spec', 'submit')).toEqual([['trigger', '"event"']]);
    expect(arrivals.parameters([{ key, etag: '', sizeBytes: 0 }])).toEqual({});
  });

  it('a watcher starts one run for files that come within some seconds of each other', () => {
    expect(arrivals.togetherMs).toBeGreaterThanOrEqual(2_000);
  });
});

describe('what commerce does by the clock', () => {
  it.each([
    ['commerce', '30 3 * * *', []],
    ['commerce-recheck', '0 */6 * * *', [['recheck', 'true']]],
    ['commerce-dashboard', '50 * * * *', [['dashboard', 'true']]],
    ['commerce-sweep', '7,37 * * * *', []],
  ])('%s runs at %s', (name, line, more) => {
    const cron = named('CronWorkflow', name);
    expect(at(cron, 'spec', 'schedules')).toEqual([line]);
    expect(given(cron, 'spec', 'workflowSpec').slice(1)).toEqual(more);
  });
});
