import { renderPage } from '../../stages/observe/page/page.ts';
import type { MakeReport } from '../../stages/observe/report.ts';
import { readDay } from './report/day.ts';
import { historySection } from './report/history-part.ts';
import { rejectsSection, rulesSection } from './report/quality-part.ts';
import { alertsOf, factsOf, openingOf, stateOf, waysSection } from './report/run-part.ts';
import { spreadSection } from './report/spread-part.ts';

/**
 * The page of a day of finance (requirements 4.7, "data docs"): its rules and what they saw, where every row went,
 * rejects with examples, how amounts and risk are spread, and the runs before. It is made from the store alone.
 */
export const financeReport: MakeReport = async (request) => {
  const day = await readDay(request);
  const html = renderPage({
    title: 'finance',
    subtitle: `Data quality of ${day.logicalDate}`,
    state: stateOf(day),
    alerts: alertsOf(day),
    facts: factsOf(day),
    opening: openingOf(day),
    sections: [
      waysSection(day),
      rulesSection(day),
      rejectsSection(day),
      spreadSection(day.spread),
      historySection(day),
    ],
    origin: request.ports.store.url,
  });
  return { logicalDate: day.logicalDate, html };
};
