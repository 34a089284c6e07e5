import type { CheckResult, QualityReport, RuleVerdict } from '../../../core/rule.ts';
import { html, type Markup } from './html.ts';

/** How something stands, by shape and word, not by colour alone. */
export function mark(state: 'good' | 'bad' | 'told', word: string): Markup {
  const shape = {
    good: 'M1.5 6.5 4.5 9.5 10.5 2.5',
    bad: 'M2 2 10 10M10 2 2 10',
    told: 'M6 1.5V7M6 10.4V10.5',
  }[state];
  return html`<span class="mark ${state}"
    ><svg viewBox="0 0 12 12" aria-hidden="true"><path d="${shape}" /></svg>${word}</span
  >`;
}

/** `11 of 11 checks hold`, marked as it stands. */
export function standing(reports: readonly QualityReport[]): Markup {
  const checks = reports.reduce((sum, { checkCount }) => sum + checkCount, 0);
  const passed = reports.reduce((sum, { passedCount }) => sum + passedCount, 0);
  const failing = reports.flatMap(({ rules }) => rules).filter(({ isPassed }) => !isPassed);
  if (checks === 0) return mark('told', 'No check was made');
  if (failing.length === 0) return mark('good', `All ${checks} checks hold`);
  const isBlocking = failing.some(({ severity }) => severity === 'block');
  const words = `${checks - passed} of ${checks} checks ${checks - passed === 1 ? 'fails' : 'fail'}`;
  return mark(isBlocking ? 'bad' : 'told', words);
}

/** Every rule of a report with its checks: what was looked at, what was seen, what was asked. */
export function verdicts(report: QualityReport): Markup {
  return html`<ol class="verdicts">
    ${report.rules.map(verdictItem)}
  </ol>`;
}

/** What does not hold, a line a rule, for the head of a page. */
export function failureLines(reports: readonly QualityReport[]): Markup[] {
  const failing = reports.flatMap(({ rules }) => rules).filter(({ isPassed }) => !isPassed);
  return failing.map(({ rule, summary, checks }) => {
    const seen = checks
      .filter(({ isPassed }) => !isPassed)
      .map(({ subject, observed, bound }) => `${subject}: ${observed}, asked ${bound}`);
    return html`Does not hold: ${summary} <code>${rule}</code>
      <span class="seen">${seen.join('; ')}</span>`;
  });
}

function verdictItem(verdict: RuleVerdict): Markup {
  const { rule, summary, severity, isPassed, checks } = verdict;
  const state = isPassed
    ? mark('good', 'holds')
    : severity === 'block'
      ? mark('bad', 'fails')
      : mark('told', 'warns');
  return html`<li>
    ${state}
    <div>
      <p class="summary">${summary} <code>${rule}</code></p>
      <ul class="checks">
        ${checks.map(checkItem)}
      </ul>
    </div>
  </li> `;
}

function checkItem({ subject, observed, bound, isPassed }: CheckResult): Markup {
  const seen = html`<span class="label">seen</span> ${observed}`;
  return html`<li><span>${subject}</span><span${isPassed ? null : html` class="failing"`}>${seen}</span><span><span class="label">asked</span> ${bound}</span></li>`;
}
