import { PipelineError } from '../../../core/error.ts';
import { switchParameter } from '../../../core/parameter.ts';
import type { QualityReport } from '../../../core/rule.ts';
import type { Notice } from '../../../ports/notifier.ts';
import type { RunIdentity, Step, StepPorts, StepResult } from '../../../ports/step.ts';
import { checkTable } from '../../../stages/observe/check.ts';
import { blockingFailures, failIfBlocked, tellChecks } from '../../../stages/observe/verdict.ts';
import { failedFeeds, FEED_ENDS } from './feed-ends.ts';
import { gatePage } from './gate-page.ts';
import { FEED_NAMES, type FeedName } from '../door/raw-key.ts';
import { putNewFiles } from './new-files.ts';
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
  /** Feeds that failed in this run: their tables stay as readers have them, and are not checked again. */
  stopped: readonly FeedName[];
  reports: readonly QualityReport[];
}

const GO_ON =
  'mend the files and put them again, or set another threshold: -p max-reject-share=0.1 and the like';

/** The key of what the gate found about a day. */
export function gateKey(logicalDate: string): string {
  return `reports/quality/${logicalDate}/report.json`;
}

/**
 * Checks the staged tables (requirements 3.11) before readers see them. `quality-failed` when a blocking rule does not
 * hold: what readers see stays as it is. A feed that has never brought a table, or has failed in this run, is told; its
 * old rows hold up nobody else. With `strict=true` it ends the run.
 */
export const gate: Step = {
  name: 'gate',
  summary: 'Check the staged tables; nothing becomes visible while a rule does not hold',
  parameters: [...GATE_PARAMETERS, ...FEED_ENDS],
  async run(ports, parameters, run): Promise<StepResult> {
    const thresholds = thresholdsOf(parameters);
    const sets = await readFeedSets(ports);
    const reports: QualityReport[] = [];
    const stopped = failedFeeds(parameters);
    const isStrict = switchParameter(parameters, 'strict');
    if (isStrict && stopped.length > 0) throw feedsFailed(stopped);
    const missing = FEED_NAMES.filter(
      (name) => sets[name].commit === null && !stopped.includes(name),
    );
    const engine = await openFeedTables(ports, sets);
    try {
      await putNewFiles(engine, ports.store, { sets, logicalDate: run.logicalDate });
      for (const name of FEED_NAMES) {
        if (missing.includes(name) || stopped.includes(name)) continue;
        const rules = rulesOf(name, thresholds, run.logicalDate);
        const evaluatedAt = `${run.logicalDate}T00:00:00.000Z`;
        reports.push(await checkTable(engine, { table: name, dataset: name, rules, evaluatedAt }));
      }
    } finally {
      await engine.close();
    }
    const isRecheck = switchParameter(parameters, 'recheck');
    return conclude(ports, run, { missing, stopped, reports, sets, isStrict, isRecheck });
  },
};

interface Findings {
  missing: readonly FeedName[];
  stopped: readonly FeedName[];
  reports: readonly QualityReport[];
  sets: FeedSets;
  isStrict: boolean;
  /** Nothing is to be shown after it. */
  isRecheck: boolean;
}

async function conclude(
  ports: StepPorts,
  run: RunIdentity,
  { missing, stopped, reports, sets, isStrict, isRecheck }: Findings,
): Promise<StepResult> {
  const { store, signal } = ports;
  const found = { ...summaryOf(reports), missing, stopped };
  const key = gateKey(run.logicalDate);
  await store.put(key, Buffer.from(`${JSON.stringify(found, null, 2)}\n`), { signal });
  const page = gatePage(run.logicalDate, found, sets);
  await store.put(key.replace('report.json', 'index.html'), Buffer.from(page), { signal });
  for (const report of reports) tellChecks(ports, report);
  ports.check(FEED_CHECK, missing.length + stopped.length);
  const isBlocked = reports.some((report) => blockingFailures(report).length > 0);
  if (isBlocked) await ports.notifier.send(noticeOf(run, found));
  if (reports.length === 0)
    throw stopped.length > 0 ? feedsFailed(stopped) : nothingThere(store.url);
  if (isStrict && missing.length > 0) throw feedsMissing(missing);
  failIfBlocked(reports, `${store.url}/${key}`, GO_ON);
  return {
    outputs: {
      passed: String(found.passed),
      checks: String(found.total_checks),
      // A check of what is there must not hide that nothing new comes.
      whole: String(!isRecheck),
    },
    counts: { rowsRead: reports.reduce((sum, { rowCount }) => sum + rowCount, 0) },
    problems: [
      ...missing.map((name) => ({
        object: name,
        message: 'this feed has not brought a table yet',
      })),
      ...stopped.map((name) => ({
        object: name,
        message: 'this feed failed: its tables stay as they were',
      })),
    ],
  };
}

function summaryOf(reports: readonly QualityReport[]): Omit<GateResult, 'missing' | 'stopped'> {
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

function feedsFailed(stopped: readonly FeedName[]): PipelineError {
  return new PipelineError(
    'quality-failed',
    `feeds that could not be made: ${stopped.join(', ')}`,
    {
      hint: 'argosy status commerce tells why; strict=false publishes what does not depend on them',
    },
  );
}

function feedsMissing(missing: readonly FeedName[]): PipelineError {
  return new PipelineError('quality-failed', `feeds without a table: ${missing.join(', ')}`, {
    hint: 'put their files, or run with strict=false',
  });
}
