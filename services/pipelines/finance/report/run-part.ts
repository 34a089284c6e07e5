import { humaneCount, humaneDuration } from '../../../core/humane.ts';
import { html, type Markup } from '../../../stages/observe/page/html.ts';
import type { PageContent, Section } from '../../../stages/observe/page/page.ts';
import { changeText, tiles } from '../../../stages/observe/page/tiles.ts';
import { failureLines, mark, standing } from '../../../stages/observe/page/verdicts.ts';
import { stackPlot } from '../../../stages/observe/plot/stack.ts';
import type { RunRecord } from '../../../stages/observe/run-record.ts';
import type { Day } from './day.ts';
import { reportsOf } from './quality-part.ts';

/** Where the extracted rows of a day went. */
interface Ways {
  extracted: number;
  loaded: number;
  rejected: number;
  held: number;
  /** Clean, but the run did not come to the load. */
  waiting: number;
}

function waysOf({ run, counts }: Day): Ways {
  const accounts = run?.accounts ?? {};
  const extracted = counts?.extracted ?? accounts['extracted'] ?? run?.records_extracted ?? 0;
  const rejected = counts?.rejected ?? accounts['rejected'] ?? run?.records_rejected ?? 0;
  const [loaded, held] = [accounts['loaded'] ?? 0, accounts['held'] ?? 0];
  return {
    extracted,
    loaded,
    rejected,
    held,
    waiting: Math.max(0, extracted - rejected - loaded - held),
  };
}

/** What is known of the run, in words. */
export function factsOf({ run, logicalDate, riskVersion }: Day): PageContent['facts'] {
  const facts: [string, string][] = [['Logical date', logicalDate]];
  if (run !== null)
    facts.push(
      ['Run', run.run_id],
      ['Outcome', outcomeOf(run)],
      ['Began (UTC)', momentOf(run.started_at)],
      ['Took', durationOf(run)],
      ['Started by', run.trigger],
    );
  if (riskVersion !== null) facts.push(['Risk weights', riskVersion]);
  return facts;
}

/** How the day stands: its run when that failed, and its checks. */
export function stateOf(day: Day): Markup {
  const checks = standing(reportsOf(day));
  if (day.run?.status !== 'failed') return checks;
  return html`${mark('bad', 'The run failed')} ${checks}`;
}

/** What is wrong: what ended the run, and every rule that does not hold. */
export function alertsOf(day: Day): Markup[] {
  const { status, error_class: kind, error_message: message } = day.run ?? {};
  const failures = failureLines(reportsOf(day));
  // The error of a rule that blocks says no more than the line of that rule.
  const isTold = kind === 'quality-failed' && failures.length > 0;
  return status === 'failed' && message && !isTold ? [html`${message}`, ...failures] : failures;
}

/** The figures that matter most, and the way of every extracted row. */
export function openingOf(day: Day): Markup {
  const ways = waysOf(day);
  const before = day.before?.accounts?.['extracted'] ?? day.before?.records_extracted ?? null;
  const reports = reportsOf(day);
  const checks = reports.reduce((sum, { checkCount }) => sum + checkCount, 0);
  const passed = reports.reduce((sum, { passedCount }) => sum + passedCount, 0);
  const { accounts } = day.run ?? {};
  const loadedNote = accounts && ways.waiting === 0 ? loadNote(accounts) : 'not loaded';
  return tiles([
    {
      label: 'Quality score',
      value: checks === 0 ? '–' : `${Math.round((passed / checks) * 10_000) / 100} %`,
      note: `${passed} of ${checks} checks hold`,
    },
    {
      label: 'Extracted',
      value: humaneCount(ways.extracted),
      note: changeText(ways.extracted, before, humaneCount),
    },
    { label: 'Loaded', value: humaneCount(ways.loaded), note: loadedNote },
    {
      label: 'Rejected',
      value: humaneCount(ways.rejected),
      note: shareOf(ways.rejected, ways.extracted),
    },
    { label: 'Held', value: humaneCount(ways.held), note: heldNote(ways) },
  ]);
}

function loadNote(accounts: Readonly<Record<string, number>>): string {
  const count = (name: string): string => humaneCount(accounts[name] ?? 0);
  return `${count('inserted')} new, ${count('updated')} changed, ${count('unchanged')} as they were`;
}

function heldNote({ held, waiting }: Ways): string {
  if (waiting > 0) return 'not loaded';
  return held === 0 ? 'every customer is known' : 'their customer has not come';
}

function shareOf(part: number, whole: number): string {
  return `${((part / (whole || 1)) * 100).toFixed(2)} % of extracted`;
}

/** In = loaded + rejected + held. */
export function waysSection(day: Day): Section {
  const ways = waysOf(day);
  const customers = day.customersCounts;
  const parts = [
    { label: 'Loaded', value: ways.loaded },
    { label: 'Rejected', value: ways.rejected },
    { label: 'Held', value: ways.held },
    ...(ways.waiting > 0 ? [{ label: 'Clean, not loaded', value: ways.waiting }] : []),
  ];
  const words = customers
    ? html`<p class="empty">
        Of ${humaneCount(customers.extracted)} customers, ${humaneCount(customers.clean)} were taken
        and ${humaneCount(customers.rejected)} rejected.
      </p>`
    : null;
  return {
    id: 'rows',
    title: 'Where the rows went',
    lead: 'Every extracted transaction is loaded, rejected with a reason, or held until its customer comes.',
    body: [
      stackPlot({
        id: 'ways',
        title: 'Extracted transactions',
        description: `${humaneCount(ways.extracted)} rows, by what became of them.`,
        unit: 'rows',
        parts,
      }),
      words,
    ],
  };
}

/** How a run ended, in words of ours. */
export function outcomeOf(run: RunRecord): string {
  if (run.status !== 'failed') return run.status;
  return run.error_class === null ? 'failed' : `failed: ${run.error_class}`;
}

/** How long a run took; a dash while it goes on. */
export function durationOf({ started_at: start, ended_at: end }: RunRecord): string {
  return end === null ? '–' : humaneDuration(Date.parse(end) - Date.parse(start));
}

function momentOf(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}
