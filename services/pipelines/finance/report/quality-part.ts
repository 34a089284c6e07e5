import { humaneCount } from '../../../core/humane.ts';
import type { QualityReport } from '../../../core/rule.ts';
import { html, type Markup } from '../../../stages/observe/page/html.ts';
import type { Section } from '../../../stages/observe/page/page.ts';
import { verdicts } from '../../../stages/observe/page/verdicts.ts';
import { shareBar } from '../../../stages/observe/plot/share-bar.ts';
import { CUSTOMER_REASONS, TRANSACTION_REASONS } from '../clean/reject.ts';
import type { Day } from './day.ts';
import type { RejectExample, RejectGroup } from './rejects.ts';

/** The reports that a day has, in the order in which they were made. */
export function reportsOf({ inFlight, rules, postLoad }: Day): QualityReport[] {
  return [inFlight, rules, postLoad].filter((report) => report !== null);
}

/** Every rule with its checks, by the moment at which it was asked. */
export function rulesSection(day: Day): Section {
  return {
    id: 'rules',
    title: 'Rules',
    lead: 'What was asked of the data, what was seen, and whether that holds. A rule of several checks holds when all of them do.',
    body: [
      ruleList('Before any row is refused', day.inFlight),
      ruleList('The nine rules, before the load', day.rules),
      ruleList('In the warehouse, after the load', day.postLoad),
    ],
  };
}

function ruleList(title: string, report: QualityReport | null): Markup {
  if (report === null)
    return html`<h3>${title}</h3>
      <p class="empty">Not asked: the run did not come this far.</p> `;
  const { passedCount, checkCount, scorePercent, rowCount } = report;
  const counted = `${passedCount} of ${checkCount} checks hold (${scorePercent} %), ${humaneCount(rowCount)} rows`;
  return html`<h3>${title} <span class="count">${counted}</span></h3>
    ${verdicts(report)} `;
}

/** Refused rows by reason, with examples. */
export function rejectsSection(day: Day): Section {
  return {
    id: 'rejects',
    title: 'Rejected rows',
    lead: [
      'Each refused row has one reason, the first that fits, and is kept with its place under ',
      html`<code>_quarantine/</code>`,
      '. E-mail addresses are masked.',
    ],
    body: [
      rejectList('transactions', day.rejects, TRANSACTION_REASONS),
      rejectList('customers', day.customerRejects, CUSTOMER_REASONS),
    ],
  };
}

function rejectList(
  dataset: string,
  groups: readonly RejectGroup[],
  reasons: Readonly<Record<string, string>>,
): Markup {
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  const heading = html`<h3>
    ${dataset === 'customers' ? 'Customers' : 'Transactions'}
    <span class="count">${humaneCount(count)} rejected</span>
  </h3>`;
  if (count === 0)
    return html`${heading}
      <p class="empty">None.</p> `;
  return html`${heading} ${groups.map((group) => reasonRow(group, { reasons, count }))}`;
}

/** A reason with what it means and how often it came; unfolded, the first rows of it. */
function reasonRow(
  group: RejectGroup,
  all: { reasons: Readonly<Record<string, string>>; count: number },
): Markup {
  const meaning = Object.hasOwn(all.reasons, group.rule) ? all.reasons[group.rule] : '';
  const share = group.count / all.count;
  const shown =
    group.examples.length < group.count ? `The first ${group.examples.length}.` : 'All.';
  return html`<details class="reason">
    <summary>
      <code>${group.rule}</code><span class="meaning">${meaning ?? ''}</span>${shareBar(share)}<span
        class="number"
        >${humaneCount(group.count)} · ${(share * 100).toFixed(1)} %</span
      >
    </summary>
    <p class="about">${shown}</p>
    <ol class="examples">
      ${group.examples.map(exampleItem)}
    </ol>
  </details> `;
}

function exampleItem({ object, line, values }: RejectExample): Markup {
  return html`<li>
    <span class="place">line ${line} of ${object}</span> <code>${values}</code>
  </li> `;
}
