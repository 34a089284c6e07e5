import type { Counts } from '../ports/step.ts';
import type { Sample } from './metric.ts';

/** How often a step called one method of the object store with one outcome, and the bytes that went through. */
export interface StoreCallCount {
  method: string;
  /** `ok`, or the kind of the failure. */
  outcome: string;
  count: number;
  /** Absent in records of earlier versions. */
  sizeBytes?: number;
}

/** What one run of a step did. */
export interface StepMeasure {
  pipeline: string;
  step: string;
  isSuccess: boolean;
  endedAt: Date;
  durationSeconds: number;
  /** Of its earlier runs; null when there is none yet, or when this is not the place to know. */
  meanSeconds: number | null;
  counts: Readonly<Partial<Counts>>;
  storeCalls: readonly StoreCallCount[];
  /** Failures by check; a check that the step did not get to is absent. */
  checks: Readonly<Record<string, number>>;
}

/** Which count feeds which metric, under which value of its last label. */
export const COUNT_LABELS: Readonly<
  Record<keyof Counts, readonly [family: 'rows' | 'objects' | 'bytes', value: string]>
> = {
  rowsRead: ['rows', 'read'],
  rowsWritten: ['rows', 'written'],
  rowsRejected: ['rows', 'rejected'],
  objectsRead: ['objects', 'read'],
  objectsWritten: ['objects', 'written'],
  objectsSkipped: ['objects', 'skipped'],
  objectsFailed: ['objects', 'failed'],
  bytesRead: ['bytes', 'read'],
  bytesWritten: ['bytes', 'written'],
};

const COUNT_NAMES = Object.keys(COUNT_LABELS) as (keyof Counts)[];

/** Methods of the store that are told even where they were never called. */
const METHODS = ['get', 'head', 'list', 'put', 'putIfAbsent'] as const;

/**
 * The metrics of one step. Counts that are not known are 0 and no family is ever left out or half there: a Pushgateway
 * keeps what is not pushed anew, and a figure of an older run must not stand beside one of this run.
 */
export function stepSamples(measure: StepMeasure): Sample[] {
  const { pipeline, step, counts } = measure;
  const labels = { pipeline, step };
  const samples: Sample[] = [
    { name: 'argosy_step_last_status', labels, value: measure.isSuccess ? 1 : 0 },
    {
      name: 'argosy_step_last_run_timestamp_seconds',
      labels,
      value: measure.endedAt.getTime() / 1000,
    },
    { name: 'argosy_step_duration_seconds', labels, value: measure.durationSeconds },
  ];
  const { meanSeconds } = measure;
  if (meanSeconds !== null) {
    samples.push({ name: 'argosy_step_duration_mean_seconds', labels, value: meanSeconds });
  }
  for (const [check, value] of Object.entries(measure.checks)) {
    samples.push({ name: 'argosy_quality_check_failures', labels: { ...labels, check }, value });
  }
  for (const name of COUNT_NAMES) {
    const [family, value] = COUNT_LABELS[name];
    const own = { ...labels, [family === 'bytes' ? 'direction' : 'outcome']: value };
    samples.push({ name: `argosy_step_${family}`, labels: own, value: counts[name] ?? 0 });
  }
  for (const { method, outcome, count } of withEveryMethod(measure.storeCalls)) {
    const own = { ...labels, method, outcome };
    samples.push({ name: 'argosy_step_store_calls', labels: own, value: count });
  }
  return samples;
}

/** The calls, and a 0 for each usual method that went unused. */
export function withEveryMethod(calls: readonly StoreCallCount[]): StoreCallCount[] {
  const isThere = (method: string) =>
    calls.some((call) => call.method === method && call.outcome === 'ok');
  const unused = METHODS.filter((method) => !isThere(method));
  return [...calls, ...unused.map((method) => ({ method, outcome: 'ok', count: 0 }))];
}
