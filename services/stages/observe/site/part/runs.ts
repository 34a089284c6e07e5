import { humaneCount } from '../../../../core/humane.ts';
import { type CataloguePipeline, lastRun } from '../../catalogue/catalogue.ts';
import { agoText, momentText, tookText } from '../../catalogue/words.ts';
import { html, type Markup } from '../../page/html.ts';
import { table } from '../../page/table.ts';
import { mark } from '../../page/verdicts.ts';
import { figures } from '../../plot/figure.ts';
import { linePlot } from '../../plot/line.ts';
import type { RunRecord } from '../../run-record.ts';

/** How the last run of a pipeline went, by shape and word. */
export function runMark(pipeline: CataloguePipeline): Markup {
  const run = lastRun(pipeline);
  if (run === null) return mark('told', pipeline.hasRun ? 'no run recorded' : 'has not run');
  return outcome(run);
}

/** The same in a sentence, for the head of a page. */
export function runState(pipeline: CataloguePipeline): Markup {
  const run = lastRun(pipeline);
  if (run === null) return runMark(pipeline);
  if (run.status === 'success') return mark('good', 'The last run succeeded');
  return run.status === 'failed' ? mark('bad', 'The last run failed') : mark('told', 'Runs now');
}

/** When it ended, or began where it goes on. */
export function runMoment(pipeline: CataloguePipeline, now: Date): string {
  const run = lastRun(pipeline);
  return agoText(run?.ended_at ?? run?.started_at, now) ?? '–';
}

/** What a run cost, in US dollars with two figures that say something. */
export function costText({ cost_estimate: cost }: RunRecord): string {
  const total = (cost as RunRecord['cost_estimate'] | undefined)?.total ?? 0;
  if (total === 0) return '–';
  return `$${total >= 1 ? total.toFixed(2) : total.toFixed(Math.min(8, 1 - Math.floor(Math.log10(total))))}`;
}

/** The newest runs of a pipeline with what they took, handled and cost. */
export function runTable(runs: readonly RunRecord[]): Markup {
  return table({
    caption: 'Runs, the newest first; times are UTC, costs are estimates by list prices',
    columns: [
      { name: 'run', kind: 'short' },
      { name: 'outcome', kind: 'short' },
      { name: 'logical date', kind: 'short' },
      { name: 'began', kind: 'short' },
      { name: 'took', kind: 'number' },
      { name: 'rows', kind: 'number' },
      { name: 'rejected', kind: 'number' },
      { name: 'problems', kind: 'number' },
      { name: 'cost', kind: 'number' },
      { name: 'error' },
    ],
    rows: runs.map((run) => [
      html`<code>${run.run_id}</code>`,
      outcome(run),
      run.logical_date,
      momentText(run.started_at),
      tookText(run) ?? '–',
      humaneCount(run.records_loaded),
      humaneCount(run.records_rejected),
      humaneCount(run.problems.length),
      costText(run),
      run.error_message ?? '',
    ]),
  });
}

function outcome({ status }: RunRecord): Markup {
  if (status === 'success') return mark('good', status);
  return status === 'failed' ? mark('bad', status) : mark('told', status);
}

/** Rows and durations of the runs, the oldest first; nothing for fewer than two. */
export function runPlots(runs: readonly RunRecord[]): Markup | null {
  const ended = runs.filter((run) => run.ended_at !== null).toReversed();
  if (ended.length < 2) return null;
  const labels = ended.map((run) => momentText(run.started_at).slice(5, 16));
  return figures(
    linePlot({
      id: 'rows',
      title: 'Rows of each run',
      description: 'Rows loaded and rejected.',
      by: 'began',
      labels,
      series: [
        { name: 'loaded', values: ended.map((run) => run.records_loaded) },
        { name: 'rejected', values: ended.map((run) => run.records_rejected) },
      ],
    }),
    linePlot({
      id: 'took',
      title: 'How long each run took',
      description: 'Seconds from its beginning to its end.',
      by: 'began',
      labels,
      series: [{ name: 'seconds', values: ended.map(secondsOf) }],
    }),
  );
}

function secondsOf({ started_at: start, ended_at: end }: RunRecord): number {
  return end === null ? 0 : Math.round((Date.parse(end) - Date.parse(start)) / 100) / 10;
}
