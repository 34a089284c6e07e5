import { humaneCount } from '../../../core/humane.ts';
import type { Markup } from '../../../stages/observe/page/html.ts';
import type { Section } from '../../../stages/observe/page/page.ts';
import { table } from '../../../stages/observe/page/table.ts';
import { mark } from '../../../stages/observe/page/verdicts.ts';
import { figures } from '../../../stages/observe/plot/figure.ts';
import { linePlot } from '../../../stages/observe/plot/line.ts';
import type { RunRecord } from '../../../stages/observe/run-record.ts';
import type { Day } from './day.ts';
import { durationOf, outcomeOf } from './run-part.ts';

/** The newest runs: how good their data was, how much it was, and how they ended. */
export function historySection({ history }: Day): Section {
  const labels = history.map((run) => run.logical_date);
  const scores = history.map(ruleScore);
  const count = (name: string, of: (run: RunRecord) => number) => ({
    name,
    values: history.map((run) => (run.status === 'running' ? null : of(run))),
  });
  return {
    id: 'runs',
    title: 'Runs',
    lead: `The newest ${history.length === 1 ? 'run' : `${history.length} runs`}, by logical date.`,
    body: [
      figures(
        linePlot({
          id: 'scores',
          title: 'Rules that hold',
          description: 'Share of the rules that were asked, in per cent; a gap where none was.',
          by: 'logical date',
          labels,
          series: [{ name: 'rules that hold, %', values: scores }],
          isFromZero: false,
          max: 100,
          text: (value) => value.toFixed(2),
        }),
        linePlot({
          id: 'counts',
          title: 'Rows of each run',
          description: 'Transactions extracted, loaded and rejected.',
          by: 'logical date',
          labels,
          series: [
            count('extracted', (run) => run.records_extracted),
            count('rejected', (run) => run.records_rejected),
            count('loaded', (run) => run.records_loaded),
          ],
        }),
      ),
      runTable(history.toReversed()),
    ],
  };
}

function runTable(runs: readonly RunRecord[]): Markup {
  return table({
    caption: 'Runs, the newest first',
    columns: [
      { name: 'logical date', kind: 'short' },
      { name: 'run', kind: 'short' },
      { name: 'outcome', kind: 'short' },
      { name: 'extracted', kind: 'number' },
      { name: 'loaded', kind: 'number' },
      { name: 'rejected', kind: 'number' },
      { name: 'took', kind: 'number' },
    ],
    rows: runs.map((run) => [
      run.logical_date,
      run.run_id,
      run.status === 'failed' ? mark('bad', outcomeOf(run)) : outcomeOf(run),
      humaneCount(run.records_extracted),
      humaneCount(run.records_loaded),
      humaneCount(run.records_rejected),
      durationOf(run),
    ]),
  });
}

/** Rules without a failure ÷ rules that were asked, in per cent; null when none was. */
function ruleScore({ quality }: RunRecord): number | null {
  const failures = Object.values(quality);
  if (failures.length === 0) return null;
  return (
    Math.round((failures.filter((count) => count === 0).length / failures.length) * 10_000) / 100
  );
}
