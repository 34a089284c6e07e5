import { PipelineError } from '../../../core/error.ts';
import { switchParameter } from '../../../core/parameter.ts';
import type { QualityReport } from '../../../core/rule.ts';
import type { Notice } from '../../../ports/notifier.ts';
import type { RunIdentity, Step, StepPorts, StepResult } from '../../../ports/step.ts';
import { checkTable } from '../../../stages/observe/check.ts';
import { blockingFailures, failIfBlocked, tellChecks } from '../../../stages/observe/verdict.ts';
import { gatePage } from './gate-page.ts';
import { FEED_NAMES, type FeedName } from '../door/raw-key.ts';
import { GATE_PARAMETERS, rulesOf, thresholdsOf } from './rules.ts';
import { type FeedSets, openFeedTables, readFeedSets } from '../set/set-tables.ts';

/** The check that every feed has a table; its failures are feeds without one. */
export const FEED_CHECK = 'feed-there';

/** What the gate found, in the words of requirements 3.11. */
export interface GateResult {
  total_checks: number;
  passed: number;
  failed: number;
  /** Percent; 0 when no check ran. */
  success_rate: number;
  checks_passed: { check: string; value: string }[];
  checks_failed: { check: string; reason: string }[];
  all_passed: boolean;
  /** Feeds that have never brought a table. */
  missing: readonly FeedName[];
  reports: readonly QualityReport[];
}

/** The key of what the gate found about a day. */
export function gateKey(logicalDate: string): string {
  return `reports/quality/${logicalDate}/report.json`;
}

/**
 * Checks the staged tables (requirements 3.11) before readers see them. `quality-failed` when a blocking rule does not
 * hold: what readers see stays as it is. A feed that has never brought a table is told, and with `strict=true` fails.
 */
export const gate: Step = {
  name: 'gate',
  summary: 'Check the staged tables; nothing becomes visible while a rule does not hold',
  parameters: GATE_PARAMETERS,
  async run(ports, parameters, run): Promise<StepResult> {
    const thresholds = thresholdsOf(parameters);
    const sets = await readFeedSets(ports);
    const reports: QualityReport[] = [];
    const missing = FEED_NAMES.filter((name) => sets[name].commit === null);
    const engine = await openFeedTables(ports, sets);
    try {
      for (const name of FEED_NAMES) {
        if (missing.includes(name)) continue;
        const rules = rulesOf(name, thresholds, run.logicalDate);
        const evaluatedAt = `${run.logicalDate}T00:00:00.000Z`;
        reports.push(await checkTable(engine, { table: name, dataset: name, rules, evaluatedAt }));
      }
    } finally {
      await engine.close();
    }
    return conclude(ports, run, {
      missing,
      reports,
      sets,
      isStrict: switchParameter(parameters, 'strict'),
    });
  },
};

interface Findings {
  missing: readonly FeedName[];
  reports: readonly QualityReport[];
  sets: FeedSets;
  isStrict: boolean;
}

async function conclude(
  ports: StepPorts,
  run: RunIdentity,
  { missing, reports, sets, isStrict }: Findings,
): Promise<StepResult> {
  const { store, signal } = ports;
  const found = summaryOf(reports, missing);
  const key = gateKey(run.logicalDate);
  await store.put(key, Buffer.from(`${JSON.stringify(found, null, 2)}\n`), { signal });
  const page = gatePage(run.logicalDate, found, sets);
  await store.put(key.replace('report.json', 'index.html'), Buffer.from(page), { signal });
  for (const report of reports) tellChecks(ports, report);
  ports.check(FEED_CHECK, missing.length);
  const isBlocked = reports.some((report) => blockingFailures(report).length > 0);
  if (isBlocked) await ports.notifier.send(noticeOf(run, found));
  if (reports.length === 0) throw nothingThere(store.url);
  if (isStrict && missing.length > 0) throw feedsMissing(missing);
  failIfBlocked(reports, `${store.url}/${key}`);
  return {
    outputs: { passed: String(found.passed), checks: String(found.total_checks) },
    counts: { rowsRead: reports.reduce((sum, { rowCount }) => sum + rowCount, 0) },
    problems: missing.map((name) => ({
      object: name,
      message: 'this feed has not brought a table yet',
    })),
  };
}

function summaryOf(reports: readonly QualityReport[], missing: readonly FeedName[]): GateResult {
  const all = reports.flatMap(({ rules }) =>
    rules.flatMap(({ rule, checks }) =>
      checks.map((check) => ({ name: `${rule}: ${check.subject}`, check })),
    ),
  );
  const passed = all.filter(({ check }) => check.isPassed);
  const failed = all.filter(({ check }) => !check.isPassed);
  return {
    total_checks: all.length,
    passed: passed.length,
    failed: failed.length,
    success_rate: all.length === 0 ? 0 : Math.round((passed.length / all.length) * 10_000) / 100,
    checks_passed: passed.map(({ name, check }) => ({ check: name, value: check.observed })),
    checks_failed: failed.map(({ name, check }) => ({
      check: name,
      reason: `${check.observed}, asked ${check.bound}`,
    })),
    all_passed: all.length > 0 && failed.length === 0,
    missing,
    reports,
  };
}

function noticeOf(run: RunIdentity, found: GateResult): Notice {
  return {
    topic: 'quality',
    severity: 'error',
    pipeline: run.pipeline,
    runId: run.runId,
    title: 'Data Quality Check Failed',
    lines: [
      `${found.failed} of ${found.total_checks} checks failed`,
      ...found.checks_failed.map(({ check, reason }) => `${check}: ${reason}`),
    ],
    occasion: `gate-${run.runId}`,
  };
}

function nothingThere(url: string): PipelineError {
  return new PipelineError('quality-failed', `${url}: no feed has brought a row`, {
    hint: 'put files below raw/transactions/date=YYYY-MM-DD/ and the like; argosy run commerce --sample shows how',
  });
}

function feedsMissing(missing: readonly FeedName[]): PipelineError {
  return new PipelineError('quality-failed', `feeds without a table: ${missing.join(', ')}`, {
    hint: 'put their files, or run with strict=false',
  });
}
