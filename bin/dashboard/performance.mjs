import { argoRow } from './argo.mjs';
import { dashboard, GOOD_WHEN_ZERO, levels, row, series, stat, table } from './panel.mjs';

const P = '{pipeline=~"$pipeline"}';
const ROWS = 'argosy_step_rows{pipeline=~"$pipeline",outcome="written"}';
const RATIO = levels([
  ['green', null],
  ['orange', 1.5],
  ['red', 2],
]);

export const performance = dashboard({
  uid: 'argosy-performance',
  title: 'argosy / Performance',
  description: 'How long runs and steps take, and what they move in that time.',
  rows: [
    row('Now', [
      stat({
        title: 'Longest last run',
        description: 'Of the last runs of all pipelines.',
        unit: 's',
        decimals: 1,
        expr: `max(argosy_pipeline_last_run_duration_seconds${P})`,
      }),
      stat({
        title: 'Longest step',
        description: 'Of the last runs of all steps; of a fan-out, its longest item.',
        unit: 's',
        decimals: 1,
        expr: `max(argosy_step_duration_seconds${P})`,
      }),
      stat({
        title: 'Slow steps',
        description:
          'Steps that took more than twice the mean of their last good runs. Below a minute no alert fires.',
        unit: 'short',
        expr: `count(argosy_step_duration_seconds${P} > 2 * argosy_step_duration_mean_seconds${P}) or vector(0)`,
        thresholds: GOOD_WHEN_ZERO,
      }),
      stat({
        title: 'Rows a second',
        description:
          'Rows written in the last runs of the steps that write rows, by the time they took.',
        unit: 'locale',
        decimals: 0,
        expr: `sum(${ROWS}) / sum(argosy_step_duration_seconds${P} and ignoring (outcome) ${ROWS} > 0)`,
      }),
    ]),
    row('Durations', [
      series({
        title: 'Duration of each step',
        description: 'Of its last run. A step that had nothing to do keeps what it said before.',
        unit: 's',
        targets: [[`argosy_step_duration_seconds${P}`, '{{pipeline}} {{step}}']],
        isStepped: true,
      }),
      series({
        title: 'Duration over mean',
        description:
          'Last duration by the mean of the good runs before it; an alert fires above 2 for steps of a minute and more.',
        unit: 'short',
        targets: [
          [
            `argosy_step_duration_seconds${P} / argosy_step_duration_mean_seconds${P}`,
            '{{pipeline}} {{step}}',
          ],
        ],
        isStepped: true,
        thresholds: RATIO,
      }),
      table({
        title: 'Steps',
        description: 'The last run of each step.',
        labels: ['pipeline', 'step'],
        columns: [
          { name: 'Took', expr: `argosy_step_duration_seconds${P}`, unit: 's', decimals: 2 },
          { name: 'Mean', expr: `argosy_step_duration_mean_seconds${P}`, unit: 's', decimals: 2 },
          {
            name: 'Over mean',
            expr: `argosy_step_duration_seconds${P} / argosy_step_duration_mean_seconds${P}`,
            unit: 'short',
            decimals: 2,
            thresholds: RATIO,
          },
          { name: 'Rows written', expr: ROWS, unit: 'locale' },
          {
            name: 'Bytes written',
            expr: `argosy_step_bytes{pipeline=~"$pipeline",direction="written"}`,
            unit: 'bytes',
          },
          {
            name: 'Calls to the store',
            expr: `sum without (method, outcome) (argosy_step_store_calls${P})`,
            unit: 'locale',
          },
        ],
        sortBy: 'Took',
      }),
    ]),
    row('Throughput', [
      series({
        title: 'Rows a second of each step',
        description: 'Rows that the last run of a step wrote, by its duration.',
        unit: 'locale',
        targets: [
          [
            `(${ROWS} > 0) / ignoring (outcome) argosy_step_duration_seconds${P}`,
            '{{pipeline}} {{step}}',
          ],
        ],
        isStepped: true,
        w: 8,
      }),
      series({
        title: 'Bytes a second of each step',
        description: 'Bytes that the last run of a step read and wrote, by its duration.',
        unit: 'Bps',
        targets: [
          [
            `(argosy_step_bytes${P} > 0) / ignoring (direction) group_left () argosy_step_duration_seconds${P}`,
            '{{pipeline}} {{step}} {{direction}}',
          ],
        ],
        isStepped: true,
        w: 8,
      }),
      series({
        title: 'Calls to the store',
        description: 'Of the last run of each step. By method: dashboard Cost.',
        unit: 'locale',
        targets: [
          [`sum without (method, outcome) (argosy_step_store_calls${P})`, '{{pipeline}} {{step}}'],
        ],
        isStepped: true,
        w: 8,
      }),
      series({
        title: 'Calls to the store that failed, a day',
        description:
          'By the kind of the failure, after retries. `unavailable` and `throttled` say that the store is slow.',
        unit: 'locale',
        targets: [
          [
            `sum by (outcome) (increase(argosy_store_calls_total{pipeline=~"$pipeline",outcome!="ok"}[1d])) or label_replace(sum(argosy_store_calls_total${P}) * 0, "outcome", "none", "", "")`,
            '{{outcome}}',
          ],
        ],
        w: 24,
        h: 6,
      }),
    ]),
    argoRow,
  ],
});
