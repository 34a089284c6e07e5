import type { Counts } from '../ports/step.ts';
import type { Sample } from './metric.ts';
import { COUNT_LABELS, type StoreCallCount, withEveryMethod } from './step-metric.ts';

/** How one run of a pipeline ended. */
export interface RunMeasure {
  pipeline: string;
  isSuccess: boolean;
  durationSeconds: number;
  endedAt: Date;
  /** When the last good run ended, this one or an earlier one; null when no good run is known. */
  lastSuccessAt: Date | null;
  /** By component; null when the run's records could not be read. */
  costUsd: Readonly<Record<string, number>> | null;
  /** What the catalogue step counted; absent when it did not run. */
  published: Readonly<Partial<Record<'rows' | 'objects' | 'vintages', number>>>;
  /** Null when they could not be read. */
  totals: PipelineTotals | null;
  /** Channels that have not taken the notice of the run. */
  noticesLost: number;
}

/** What all runs of a pipeline came to. */
export interface PipelineTotals {
  runs: Readonly<Record<'success' | 'failed', number>>;
  counts: Readonly<Partial<Record<keyof Counts, number>>>;
  storeCalls: readonly StoreCallCount[];
  costUsd: Readonly<Record<string, number>>;
}

/**
 * The metrics of a whole run, for the exit handler. The time of the last success is told whenever it is known, by a
 * failed run too, and left out otherwise: pushed with `pushAdd`, what the gateway has of it then stands.
 */
export function runSamples(measure: RunMeasure): Sample[] {
  const { pipeline, isSuccess, endedAt, lastSuccessAt, totals } = measure;
  const labels = { pipeline };
  const seconds = (date: Date) => date.getTime() / 1000;
  const samples: Sample[] = [
    { name: 'argosy_pipeline_last_run_status', labels, value: isSuccess ? 1 : 0 },
    {
      name: 'argosy_pipeline_last_run_duration_seconds',
      labels,
      value: measure.durationSeconds,
    },
    { name: 'argosy_pipeline_last_run_timestamp_seconds', labels, value: seconds(endedAt) },
    { name: 'argosy_notices_lost', labels, value: measure.noticesLost },
  ];
  if (lastSuccessAt !== null) {
    const value = seconds(lastSuccessAt);
    samples.push({ name: 'argosy_pipeline_last_success_timestamp_seconds', labels, value });
  }
  for (const [component, value] of Object.entries(measure.costUsd ?? {})) {
    samples.push({ name: 'argosy_run_cost_usd', labels: { pipeline, component }, value });
  }
  for (const what of ['rows', 'objects', 'vintages'] as const) {
    const value = measure.published[what];
    if (value !== undefined) samples.push({ name: `argosy_published_${what}`, labels, value });
  }
  return totals === null ? samples : [...samples, ...totalSamples(pipeline, totals)];
}

function totalSamples(pipeline: string, totals: PipelineTotals): Sample[] {
  const samples: Sample[] = [];
  for (const status of ['success', 'failed'] as const) {
    const labels = { pipeline, status };
    samples.push({ name: 'argosy_runs_total', labels, value: totals.runs[status] });
  }
  for (const [name, [family, label]] of Object.entries(COUNT_LABELS)) {
    const labels = { pipeline, [family === 'bytes' ? 'direction' : 'outcome']: label };
    const value = totals.counts[name as keyof Counts] ?? 0;
    samples.push({ name: `argosy_${family}_total`, labels, value });
  }
  for (const { method, outcome, count } of withEveryMethod(totals.storeCalls)) {
    const labels = { pipeline, method, outcome };
    samples.push({ name: 'argosy_store_calls_total', labels, value: count });
  }
  for (const [component, value] of Object.entries(totals.costUsd)) {
    samples.push({ name: 'argosy_cost_usd_total', labels: { pipeline, component }, value });
  }
  return samples;
}
