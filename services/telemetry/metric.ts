import type { Registry } from 'prom-client';

import type { Counts } from '../ports/step.ts';

export type StepStatus = 'success' | 'failed' | 'skipped';

/** What one attempt of a step did. */
export interface StepMeasure {
  pipeline: string;
  step: string;
  status: StepStatus;
  durationSeconds: number;
  counts: Readonly<Partial<Counts>>;
  /** Calls to the object store, as the meter layer counted them. */
  storeCalls?: readonly StoreCallCount[];
}

export interface StoreCallCount {
  method: string;
  outcome: string;
  count: number;
}

/** How one run of a pipeline ended. */
export interface RunMeasure {
  pipeline: string;
  isSuccess: boolean;
  durationSeconds: number;
  endedAt: Date;
}

/** Which count feeds which metric, under which label value. All labels come from closed sets. */
const COUNTS: Readonly<Record<keyof Counts, readonly [metric: CountMetric, label: string]>> = {
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

type CountMetric = 'rows' | 'objects' | 'bytes';

/**
 * The metrics of one step in a registry of their own; prom-client is loaded with the first call.
 */
export async function stepRegistry(measure: StepMeasure): Promise<Registry> {
  const { default: prom } = await import('prom-client');
  const { Counter, Gauge, Registry } = prom;
  const registry = new Registry();
  const { pipeline, step, status } = measure;
  new Gauge({
    name: 'argosy_step_duration_seconds',
    help: 'How long the last attempt of a step took.',
    labelNames: ['pipeline', 'step', 'status'],
    registers: [registry],
  }).set({ pipeline, step, status }, measure.durationSeconds);

  const counter = (name: string, help: string, label: string) =>
    new Counter({ name, help, labelNames: ['pipeline', 'step', label], registers: [registry] });
  const counters = {
    rows: counter('argosy_rows_total', 'Rows that a step read, wrote or rejected.', 'outcome'),
    objects: counter('argosy_objects_total', 'Objects that a step handled.', 'outcome'),
    bytes: counter('argosy_bytes_total', 'Bytes that a step read or wrote.', 'direction'),
  };
  for (const [name, [metric, value]] of Object.entries(COUNTS)) {
    const label = metric === 'bytes' ? 'direction' : 'outcome';
    const count = measure.counts[name as keyof Counts];
    if (count !== undefined) counters[metric].inc({ pipeline, step, [label]: value }, count);
  }

  const calls = new Counter({
    name: 'argosy_store_calls_total',
    help: 'Calls to the object store.',
    labelNames: ['method', 'outcome'],
    registers: [registry],
  });
  for (const { method, outcome, count } of measure.storeCalls ?? []) {
    calls.inc({ method, outcome }, count);
  }
  return registry;
}

/**
 * The metrics of a whole run, for the exit handler. The time of the last success is there only
 * after a success, so that a failed run, pushed with `pushAdd`, leaves the earlier one standing.
 */
export async function runRegistry(measure: RunMeasure): Promise<Registry> {
  const { default: prom } = await import('prom-client');
  const { Gauge, Registry } = prom;
  const registry = new Registry();
  const { pipeline } = measure;
  const gauge = (name: string, help: string, value: number): void =>
    new Gauge({ name, help, labelNames: ['pipeline'], registers: [registry] }).set(
      { pipeline },
      value,
    );
  gauge(
    'argosy_pipeline_last_run_status',
    'Whether the last run succeeded (1) or not (0).',
    measure.isSuccess ? 1 : 0,
  );
  gauge(
    'argosy_pipeline_last_run_duration_seconds',
    'How long the last run took.',
    measure.durationSeconds,
  );
  if (measure.isSuccess) {
    gauge(
      'argosy_pipeline_last_success_timestamp_seconds',
      'When the last successful run ended.',
      measure.endedAt.getTime() / 1000,
    );
  }
  return registry;
}
