import { dashboard, levels, row, series, stat, table } from './panel.mjs';

const P = '{pipeline=~"$pipeline"}';
const COMPONENT = (component) =>
  `argosy_run_cost_usd{pipeline=~"$pipeline",component="${component}"}`;
const BUDGET = levels([
  ['green', null],
  ['orange', 1],
  ['red', 1.2],
]);

export const cost = dashboard({
  uid: 'argosy-cost',
  title: 'argosy / Cost',
  description: 'An estimate: what was used times list prices (docs/metrics.md). It is no bill.',
  rows: [
    row('Now', [
      stat({
        title: 'Cost of the last runs',
        description: 'All components of the last run of each pipeline, added up.',
        unit: 'currencyUSD',
        expr: `sum(argosy_run_cost_usd${P})`,
      }),
      stat({
        title: 'Cost in 24 hours',
        description: 'Of all runs that ended in the last 24 hours.',
        unit: 'currencyUSD',
        expr: `sum(increase(argosy_cost_usd_total${P}[1d]))`,
      }),
      stat({
        title: 'Cost in 30 days',
        description: 'Of all runs that ended in the last 30 days.',
        unit: 'currencyUSD',
        expr: `sum(increase(argosy_cost_usd_total${P}[30d]))`,
      }),
      stat({
        title: 'Budget used today',
        description:
          'Cost in 24 hours out of the daily budgets. An alert fires at 120 %. Empty without budgets.',
        unit: 'percentunit',
        decimals: 1,
        expr: `sum(increase(argosy_cost_usd_total${P}[1d])) / sum(max by (pipeline) (argosy_pipeline_budget_usd_per_day${P}))`,
        thresholds: BUDGET,
      }),
    ]),
    row('By pipeline and component', [
      table({
        title: 'Cost of the last run',
        description:
          'By component: pods for as long as the steps took, calls to the store, one month of the bytes written.',
        labels: ['pipeline'],
        columns: [
          { name: 'Compute', expr: COMPONENT('compute'), unit: 'currencyUSD' },
          { name: 'Requests', expr: COMPONENT('requests'), unit: 'currencyUSD' },
          { name: 'Storage', expr: COMPONENT('storage'), unit: 'currencyUSD' },
          {
            name: 'Together',
            expr: `sum by (pipeline) (argosy_run_cost_usd${P})`,
            unit: 'currencyUSD',
          },
          {
            name: 'Budget a day',
            expr: `argosy_pipeline_budget_usd_per_day${P}`,
            unit: 'currencyUSD',
          },
        ],
        sortBy: 'Together',
        h: 6,
      }),
      series({
        title: 'Cost a day by pipeline',
        description: 'Of the runs that ended in the 24 hours before each point.',
        unit: 'currencyUSD',
        targets: [
          [`sum by (pipeline) (increase(argosy_cost_usd_total${P}[1d]))`, '{{pipeline}}'],
          [`max by (pipeline) (argosy_pipeline_budget_usd_per_day${P})`, '{{pipeline}} budget'],
        ],
      }),
      series({
        title: 'Cost a day by component',
        description: 'Of the runs that ended in the 24 hours before each point.',
        unit: 'currencyUSD',
        targets: [
          [`sum by (component) (increase(argosy_cost_usd_total${P}[1d]))`, '{{component}}'],
        ],
        stack: 'normal',
      }),
    ]),
    row('What it comes from', [
      series({
        title: 'Calls to the store a day',
        description: 'put, putIfAbsent and list cost about twelve times what get and head cost.',
        unit: 'locale',
        targets: [[`sum by (method) (increase(argosy_store_calls_total${P}[1d]))`, '{{method}}']],
      }),
      series({
        title: 'Bytes a day',
        description: 'Bytes that the steps read and wrote in the 24 hours before each point.',
        unit: 'bytes',
        targets: [
          [
            `sum by (pipeline, direction) (increase(argosy_bytes_total${P}[1d]))`,
            '{{pipeline}} {{direction}}',
          ],
        ],
      }),
    ]),
  ],
});
