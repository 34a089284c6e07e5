import { humaneCount } from '../../../core/humane.ts';
import type { QualityReport } from '../../../core/rule.ts';
import type { Content } from '../../../stages/observe/page/html.ts';
import type { Section } from '../../../stages/observe/page/page.ts';
import { table } from '../../../stages/observe/page/table.ts';
import { mark, verdicts } from '../../../stages/observe/page/verdicts.ts';
import { linePlot } from '../../../stages/observe/plot/line.ts';
import type { RunRecord } from '../../../stages/observe/run-record.ts';

/** How many runs the tables show. */
const RUNS_SHOWN = 10;

/** A cost in US dollars: those of a run are small. */
function dollars(value: number): string {
  return `$${value.toFixed(value >= 0.01 || value === 0 ? 2 : 6)}`;
}

export function qualitySection(run: RunRecord | null, reports: readonly QualityReport[]): Section {
  const checks = Object.entries(run?.quality ?? {});
  return {
    id: 'quality',
    title: 'Quality',
    lead: 'What the newest run asked of the data, and what it saw.',
    body: [
      checks.length === 0
        ? 'The newest run made no check.'
        : table({
            caption: 'Checks of the newest run',
            columns: [
              { name: 'check', kind: 'short' },
              { name: 'outcome', kind: 'short' },
              { name: 'failures', kind: 'number' },
            ],
            rows: checks.map(([name, failures]) => [
              name,
              failures === 0 ? mark('good', 'holds') : mark('bad', 'fails'),
              humaneCount(failures),
            ]),
          }),
      reports.map(verdicts),
    ],
  };
}

export function costSection(history: readonly RunRecord[]): Section {
  const priced = history.filter(({ cost_estimate: cost }) => cost !== undefined);
  return {
    id: 'cost',
    title: 'Cost',
    lead: 'An estimate by list prices in US dollars: time of the pods, calls to the store, a month of the bytes written. It is no bill.',
    body: [
      linePlot({
        id: 'cost-by-run',
        title: 'Cost of the newest runs',
        description: 'What each run cost by the estimate, in US dollars.',
        by: 'run',
        labels: priced.map(({ started_at: at }) => at.slice(0, 16).replace('T', ' ')),
        series:
          priced.length === 0
            ? []
            : [
                {
                  name: 'cost',
                  values: priced.map(({ cost_estimate: { total } }) => total),
                },
              ],
        text: dollars,
      }),
      table({
        caption: 'Cost by component, the newest first',
        columns: [
          { name: 'run', kind: 'values' },
          { name: 'compute', kind: 'number' },
          { name: 'requests', kind: 'number' },
          { name: 'storage', kind: 'number' },
          { name: 'total', kind: 'number' },
        ],
        rows: priced
          .toReversed()
          .slice(0, RUNS_SHOWN)
          .map(({ run_id: id, cost_estimate: cost }) => [
            id,
            dollars(cost.compute),
            dollars(cost.requests),
            dollars(cost.storage),
            dollars(cost.total),
          ]),
      }),
    ],
  };
}

export function runsSection(history: readonly RunRecord[]): Section {
  return {
    id: 'runs',
    title: 'Runs',
    lead: 'The newest runs; argosy status commerce lists more.',
    body: table({
      caption: 'Runs, the newest first',
      columns: [
        { name: 'logical date', kind: 'short' },
        { name: 'run', kind: 'values' },
        { name: 'status', kind: 'short' },
        { name: 'rows in', kind: 'number' },
        { name: 'published', kind: 'number' },
        { name: 'rejects', kind: 'number' },
        { name: 'problems', kind: 'number' },
      ],
      rows: history
        .toReversed()
        .slice(0, RUNS_SHOWN)
        .map((run) => [
          run.logical_date,
          run.run_id,
          run.status,
          humaneCount(run.records_extracted),
          humaneCount(run.records_loaded),
          humaneCount(run.records_rejected),
          run.problems.length,
        ]),
    }),
  };
}

/** How the newest run stands; a page without runs says so. */
export function stateOf(run: RunRecord | null): Content {
  if (run === null) return mark('told', 'No run is recorded');
  if (run.status === 'running') return mark('told', 'A run goes on');
  return run.status === 'success'
    ? mark('good', 'The newest run succeeded')
    : mark('bad', 'The newest run failed');
}
