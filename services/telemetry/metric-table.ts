/** What a metric is; docs/metrics.md has the same list for its readers. */
export interface MetricSpec {
  /** A counter only ever grows: its value is that of all runs, kept in the store. All else is of the last run. */
  type: 'gauge' | 'counter';
  help: string;
  /** Names of labels. Their values come from closed sets: never a date, a run or a file name. */
  labels: readonly string[];
}

const RUN = ['pipeline'] as const;
const STEP = ['pipeline', 'step'] as const;

/** Every metric that argosy emits. */
export const METRICS = {
  argosy_step_last_status: gauge('Whether the last run of a step succeeded (1) or not (0).', STEP),
  argosy_step_last_run_timestamp_seconds: gauge('When the last run of a step ended.', STEP),
  argosy_step_duration_seconds: gauge(
    'How long the last run of a step took; of a fan-out, its longest item.',
    STEP,
  ),
  argosy_step_duration_mean_seconds: gauge(
    'Mean duration of a step over its last 20 successful runs, the newest left out.',
    STEP,
  ),
  argosy_step_rows: gauge('Rows that the last run of a step handled.', [...STEP, 'outcome']),
  argosy_step_objects: gauge('Objects that the last run of a step handled.', [...STEP, 'outcome']),
  argosy_step_bytes: gauge('Bytes that the last run of a step moved.', [...STEP, 'direction']),
  argosy_step_store_calls: gauge('Calls of the last run of a step to the object store.', [
    ...STEP,
    'method',
    'outcome',
  ]),
  argosy_quality_check_failures: gauge(
    'What failed a check of data quality when it was last made; 0 when nothing did.',
    [...STEP, 'check'],
  ),
  argosy_pipeline_last_run_status: gauge('Whether the last run succeeded (1) or not (0).', RUN),
  argosy_pipeline_last_run_duration_seconds: gauge('How long the last run took.', RUN),
  argosy_pipeline_last_run_timestamp_seconds: gauge('When the last run ended.', RUN),
  argosy_pipeline_last_success_timestamp_seconds: gauge('When the last good run ended.', RUN),
  argosy_notices_lost: gauge('Channels that have not taken the notice of the last run.', RUN),
  argosy_run_cost_usd: gauge('Estimated cost of the last run, in US dollars.', [
    ...RUN,
    'component',
  ]),
  argosy_published_rows: gauge('Rows that readers see.', RUN),
  argosy_published_objects: gauge('Data objects that readers see.', RUN),
  argosy_published_vintages: gauge('Vintages of the data that readers see.', RUN),
  argosy_runs_total: counter('Runs that have ended.', [...RUN, 'status']),
  argosy_rows_total: counter('Rows that all runs have handled.', [...RUN, 'outcome']),
  argosy_objects_total: counter('Objects that all runs have handled.', [...RUN, 'outcome']),
  argosy_bytes_total: counter('Bytes that all runs have moved.', [...RUN, 'direction']),
  argosy_store_calls_total: counter('Calls of all runs to the object store.', [
    ...RUN,
    'method',
    'outcome',
  ]),
  argosy_cost_usd_total: counter('Estimated cost of all runs, in US dollars.', [
    ...RUN,
    'component',
  ]),
} satisfies Record<string, MetricSpec>;

export type MetricName = keyof typeof METRICS;

function gauge(help: string, labels: readonly string[]): MetricSpec {
  return { type: 'gauge', help, labels };
}

function counter(help: string, labels: readonly string[]): MetricSpec {
  return { type: 'counter', help, labels };
}
