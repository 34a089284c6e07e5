import { argoRow } from './argo.mjs';
import {
  dashboard,
  GOOD_WHEN_ZERO,
  levels,
  PLAIN,
  row,
  series,
  stat,
  STATUS,
  table,
} from './panel.mjs';

const P = '{pipeline=~"$pipeline"}';
const DAY = 86400;

export const health = dashboard({
  uid: 'argosy-health',
  title: 'argosy / Pipeline health',
  description: 'Do the pipelines run, do they succeed, and how old is what readers see?',
  rows: [
    row('Now', [
      stat({
        title: 'Pipelines whose last run failed',
        description: 'The data of their last good run stays as it was.',
        unit: 'short',
        expr: `count(argosy_pipeline_last_run_status${P} == 0) or vector(0)`,
        thresholds: GOOD_WHEN_ZERO,
      }),
      stat({
        title: 'Pipelines that are late',
        description: 'Their last good run is older than two of their periods.',
        unit: 'short',
        expr: `count(time() - argosy_pipeline_last_success_timestamp_seconds${P} > on (pipeline) group_left () 2 * max by (pipeline) (argosy_pipeline_period_seconds)) or vector(0)`,
        thresholds: GOOD_WHEN_ZERO,
      }),
      stat({
        title: 'Oldest last success',
        description:
          'How long ago the last good run of the pipeline that has waited longest ended.',
        unit: 's',
        decimals: 1,
        expr: `max(time() - argosy_pipeline_last_success_timestamp_seconds${P})`,
        thresholds: levels([
          ['green', null],
          ['orange', DAY],
          ['red', 2 * DAY],
        ]),
      }),
      stat({
        title: 'Success rate',
        description: 'Good runs out of all that ended in the time range.',
        unit: 'percentunit',
        decimals: 1,
        expr: `sum(increase(argosy_runs_total{pipeline=~"$pipeline",status="success"}[$__range])) / (sum(increase(argosy_runs_total${P}[$__range])) > 0)`,
        thresholds: levels([
          ['red', null],
          ['orange', 0.9],
          ['green', 0.95],
        ]),
      }),
    ]),
    row('Pipelines', [
      table({
        title: 'Pipelines',
        description: 'The last run of each pipeline, and what its readers see.',
        labels: ['pipeline'],
        columns: [
          {
            name: 'Last run',
            expr: `argosy_pipeline_last_run_status${P}`,
            unit: 'short',
            mappings: STATUS,
          },
          {
            name: 'Ended',
            expr: `argosy_pipeline_last_run_timestamp_seconds${P} * 1000`,
            unit: 'dateTimeFromNow',
          },
          {
            name: 'Took',
            expr: `argosy_pipeline_last_run_duration_seconds${P}`,
            unit: 's',
            decimals: 1,
          },
          {
            name: 'Last success',
            expr: `argosy_pipeline_last_success_timestamp_seconds${P} * 1000`,
            unit: 'dateTimeFromNow',
          },
          { name: 'Rows published', expr: `argosy_published_rows${P}`, unit: 'locale' },
          { name: 'Vintages', expr: `argosy_published_vintages${P}`, unit: 'locale' },
        ],
        h: 6,
      }),
      table({
        title: 'Alerts that fire',
        description:
          'Alerts of argosy that Prometheus holds to be firing; each has a runbook in docs/runbooks.',
        labels: ['alertname', 'severity', 'pipeline', 'step', 'check'],
        columns: [
          {
            name: 'Firing',
            expr: 'ALERTS{alertname=~"Argosy.+",alertstate="firing",pipeline=~"$pipeline"}',
            unit: 'short',
            thresholds: levels([['red', null]]),
          },
        ],
        h: 6,
      }),
    ]),
    row('Over time', [
      series({
        title: 'Status of the last run',
        description: '1 after a good run, 0 after a failed one.',
        unit: 'short',
        targets: [[`argosy_pipeline_last_run_status${P}`, '{{pipeline}}']],
        max: 1,
        isStepped: true,
        mappings: STATUS,
      }),
      series({
        title: 'Runs a day',
        description: 'Runs that ended in the 24 hours before each point, by how they ended.',
        unit: 'short',
        targets: [
          [
            `sum by (pipeline, status) (increase(argosy_runs_total${P}[1d]))`,
            '{{pipeline}} {{status}}',
          ],
        ],
      }),
      series({
        title: 'Age of the last success',
        description: 'A saw that falls with each good run. An alert fires at two periods.',
        unit: 's',
        targets: [[`time() - argosy_pipeline_last_success_timestamp_seconds${P}`, '{{pipeline}}']],
        thresholds: PLAIN,
      }),
      series({
        title: 'Duration of the last run',
        description: 'From the first step to the exit step.',
        unit: 's',
        targets: [[`argosy_pipeline_last_run_duration_seconds${P}`, '{{pipeline}}']],
        isStepped: true,
      }),
    ]),
    row('Steps', [
      table({
        title: 'Steps',
        description:
          'How each step went when it last ran. A step that had nothing to do keeps what it said before.',
        labels: ['pipeline', 'step'],
        columns: [
          {
            name: 'Last run',
            expr: `argosy_step_last_status${P}`,
            unit: 'short',
            mappings: STATUS,
          },
          {
            name: 'Ended',
            expr: `argosy_step_last_run_timestamp_seconds${P} * 1000`,
            unit: 'dateTimeFromNow',
          },
          { name: 'Took', expr: `argosy_step_duration_seconds${P}`, unit: 's', decimals: 1 },
          {
            name: 'Objects that failed',
            expr: `argosy_step_objects{pipeline=~"$pipeline",outcome="failed"}`,
            unit: 'locale',
            thresholds: levels([
              ['text', null],
              ['orange', 1],
            ]),
          },
        ],
      }),
    ]),
    argoRow,
  ],
});
