import type { Content } from '../../stages/observe/page/html.ts';
import { renderPage } from '../../stages/observe/page/page.ts';
import { failureLines } from '../../stages/observe/page/verdicts.ts';
import type { MakeReport } from '../../stages/observe/report.ts';
import { readRuns, type RunRecord } from '../../stages/observe/run-record.ts';
import { newestDay } from './answer/ask.ts';
import { readAnswers } from './report/answers.ts';
import { customersSection, funnelSection } from './report/people-part.ts';
import { costSection, qualitySection, runsSection, stateOf } from './report/runs-part.ts';
import { openingOf, productsSection, revenueSection } from './report/sales-part.ts';
import { readGate } from './report/gate.ts';

const RUNS_MAX = 30;
/** Of those that are read: a page is made every hour, and each is a run. */
const RUNS_READ_MAX = 30 * RUNS_MAX;
/** Requirements 3.14: hourly. */
const REFRESH_SECONDS = 3600;

/**
 * The dashboard of requirements 3.14: figures with their change, revenue, products, funnel, segments, quality and cost.
 * It is made from the published tables and the records alone, as of a day: the newest one published, unless told.
 */
export const commerceReport: MakeReport = async ({ ports, records, logicalDate }) => {
  const asOf = logicalDate ?? (await newestDay(ports));
  const answers = await readAnswers(ports, asOf);
  const runs = await readRuns(records, 'commerce', RUNS_READ_MAX);
  const history = runs.filter(isAboutData).slice(0, RUNS_MAX).toReversed();
  const run = history.at(-1) ?? null;
  const reports = run === null ? [] : await readGate(ports, run.logical_date);
  const html = renderPage({
    title: 'commerce',
    subtitle: `The shop as of ${asOf}`,
    state: stateOf(run),
    alerts: [
      ...(run === null || run.error_message === null ? [] : [run.error_message]),
      ...failureLines(reports),
    ],
    facts: factsOf(run, asOf),
    opening: openingOf(answers),
    sections: [
      revenueSection(answers, asOf),
      productsSection(answers),
      funnelSection(answers),
      customersSection(answers),
      qualitySection(run, reports),
      costSection(history),
      runsSection(history),
    ],
    refreshSeconds: REFRESH_SECONDS,
    origin: ports.store.url,
  });
  return { logicalDate: asOf, html };
};

/** A run that has only made a page is none of those that the page tells of, nor is one that has just begun. */
function isAboutData({ steps, ended_at: endedAt }: RunRecord): boolean {
  if (steps.length === 0) return endedAt !== null;
  return steps.some(({ step }) => step !== 'dashboard' && step !== 'exit');
}

function factsOf(run: RunRecord | null, asOf: string): [string, Content][] {
  const updated = run?.ended_at ?? run?.started_at ?? null;
  return [
    ['figures', `30 days to ${asOf}, and the 30 before`],
    ...(updated === null
      ? []
      : [['last updated', `${updated.slice(0, 19).replace('T', ' ')} UTC`] as [string, Content]]),
  ];
}
