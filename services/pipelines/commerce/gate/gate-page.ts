import { html } from '../../../stages/observe/page/html.ts';
import { renderPage, type Section } from '../../../stages/observe/page/page.ts';
import { failureLines, standing, verdicts } from '../../../stages/observe/page/verdicts.ts';
import { accountsOf } from '../set/feed-set.ts';
import type { GateResult } from './gate.ts';
import { FEED_NAMES } from '../door/raw-key.ts';
import type { FeedSets } from '../set/set-tables.ts';

/** What the gate found about a day as a page for people (requirements 3.2: `reports/quality/`). */
export function gatePage(logicalDate: string, found: GateResult, sets: FeedSets): string {
  const sections: Section[] = found.reports.map((report) => ({
    id: report.dataset,
    title: report.dataset,
    lead: `${report.passedCount} of ${report.checkCount} checks hold over ${report.rowCount} rows.`,
    body: verdicts(report),
  }));
  const facts = FEED_NAMES.map((name) => {
    const { rowsIn, published, rejected } = accountsOf(sets[name]);
    return [name, html`${rowsIn} rows = ${published} published + ${rejected} rejected`] as const;
  });
  return renderPage({
    title: 'Quality of commerce',
    subtitle: logicalDate,
    state: standing(found.reports),
    alerts: failureLines(found.reports),
    facts,
    sections,
    origin: 'the staged tables',
  });
}
