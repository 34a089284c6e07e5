import { dashboard, GOOD_WHEN_ZERO, levels, row, series, stat, table } from './panel.mjs';

const P = '{pipeline=~"$pipeline"}';
const ROWS = (outcome) => `argosy_step_rows{pipeline=~"$pipeline",outcome="${outcome}"}`;
const REJECTS = levels([
  ['green', null],
  ['orange', 0.01],
  ['red', 0.05],
]);

export const quality = dashboard({
  uid: 'argosy-quality',
  title: 'argosy / Data quality',
  description: 'What failed a check, what was rejected, and what readers see.',
  rows: [
    row('Now', [
      stat({
        title: 'Checks that fail',
        description: 'Checks in which something failed when they were last made.',
        unit: 'short',
        expr: `count(argosy_quality_check_failures${P} > 0) or vector(0)`,
        thresholds: GOOD_WHEN_ZERO,
      }),
      stat({
        title: 'Rejected rows',
        description: 'Rows that the last runs put into quarantine.',
        unit: 'locale',
        expr: `sum(${ROWS('rejected')})`,
        thresholds: GOOD_WHEN_ZERO,
      }),
      stat({
        title: 'Rejects ratio',
        description: 'Rejected rows out of those read, in the last runs. An alert fires above 5 %.',
        unit: 'percentunit',
        decimals: 2,
        expr: `sum(${ROWS('rejected')}) / (sum(${ROWS('read')}) > 0)`,
        thresholds: REJECTS,
      }),
      stat({
        title: 'Objects that failed',
        description: 'Links, archives, files and parts that could not be used in the last runs.',
        unit: 'locale',
        expr: `sum(argosy_step_objects{pipeline=~"$pipeline",outcome="failed"})`,
        thresholds: GOOD_WHEN_ZERO,
      }),
    ]),
    row('Checks', [
      table({
        title: 'Checks',
        description:
          'Every check with what failed it when it was last made; docs/metrics.md says what each counts.',
        labels: ['pipeline', 'step', 'check'],
        columns: [
          {
            name: 'Failures',
            expr: `argosy_quality_check_failures${P}`,
            unit: 'locale',
            thresholds: GOOD_WHEN_ZERO,
          },
        ],
        w: 12,
        h: 10,
        sortBy: 'Failures',
      }),
      series({
        title: 'Failures by check',
        description: 'Stays where it is until the check is made again.',
        unit: 'locale',
        targets: [[`argosy_quality_check_failures${P}`, '{{pipeline}} {{check}}']],
        isStepped: true,
        h: 10,
      }),
    ]),
    row('Rows', [
      series({
        title: 'Rejects ratio of each step',
        description: 'Rejected rows out of those read in its last run.',
        unit: 'percentunit',
        targets: [
          [
            `sum by (pipeline, step) (${ROWS('rejected')}) / (sum by (pipeline, step) (${ROWS('read')}) > 0)`,
            '{{pipeline}} {{step}}',
          ],
        ],
        isStepped: true,
      }),
      series({
        title: 'Rows a day',
        description:
          'Rows read, written and rejected in the 24 hours before each point. Read = written + rejected.',
        unit: 'locale',
        targets: [
          [
            `sum by (pipeline, outcome) (increase(argosy_rows_total${P}[1d]))`,
            '{{pipeline}} {{outcome}}',
          ],
        ],
      }),
    ]),
    row('What readers see', [
      series({
        title: 'Rows published',
        description: 'Rows in the catalogue. They only grow, unless a vintage was replaced.',
        unit: 'locale',
        targets: [[`argosy_published_rows${P}`, '{{pipeline}}']],
        isStepped: true,
        w: 8,
      }),
      series({
        title: 'Objects published',
        description: 'Data objects in the catalogue.',
        unit: 'locale',
        targets: [[`argosy_published_objects${P}`, '{{pipeline}}']],
        isStepped: true,
        w: 8,
      }),
      series({
        title: 'Vintages published',
        description: 'Vintages of the data in the catalogue.',
        unit: 'locale',
        targets: [[`argosy_published_vintages${P}`, '{{pipeline}}']],
        isStepped: true,
        w: 8,
      }),
    ]),
  ],
});
