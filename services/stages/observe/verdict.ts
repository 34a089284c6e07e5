import { PipelineError } from '../../core/error.ts';
import type { QualityReport, RuleVerdict } from '../../core/rule.ts';
import type { StepPorts } from '../../ports/step.ts';

/** The rules that do not hold and that block. */
export function blockingFailures({ rules }: QualityReport): readonly RuleVerdict[] {
  return rules.filter(({ severity, isPassed }) => severity === 'block' && !isPassed);
}

/**
 * Throws `quality-failed` when a blocking rule of these reports does not hold; it names the first one. `reportAddress`
 * says where the whole of it can be read, and `goOn` what else can be done, where there is no `quality-mode`.
 */
export function failIfBlocked(
  reports: QualityReport | readonly QualityReport[],
  reportAddress: string,
  goOn = 'quality-mode=warn goes on all the same',
): void {
  const all = 'rules' in reports ? [reports] : reports;
  const failures = all.flatMap((report) =>
    blockingFailures(report).map((verdict) => ({ verdict, dataset: report.dataset })),
  );
  const [first, ...others] = failures;
  if (first === undefined) return;
  const more = others.length === 0 ? '' : `; ${others.length} more`;
  throw new PipelineError('quality-failed', `${first.dataset}: ${wordsOf(first.verdict)}${more}`, {
    hint: `read ${reportAddress} for every check; ${goOn}`,
  });
}

/** Tells the metrics how many rows break each rule; 0 too, which ends an alert. */
export function tellChecks(ports: Pick<StepPorts, 'check'>, report: QualityReport): void {
  for (const { rule, checks } of report.rules) {
    ports.check(
      rule,
      checks.reduce((sum, { failureCount }) => sum + failureCount, 0),
    );
  }
}

function wordsOf({ rule, checks }: RuleVerdict): string {
  const check = checks.find(({ isPassed }) => !isPassed);
  const what = check ? `: ${check.subject}: ${check.observed}, asked ${check.bound}` : '';
  return `rule ${rule} does not hold${what}`;
}
