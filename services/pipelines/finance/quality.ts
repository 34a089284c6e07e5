import type { QualityReport } from '../../core/rule.ts';
import type { Step, StepPorts, StepResult } from '../../ports/step.ts';
import { checkTable } from '../../stages/observe/check.ts';
import { failIfBlocked, tellChecks } from '../../stages/observe/verdict.ts';
import { readSteps } from '../../stages/observe/run-record.ts';
import { failIfUnaccounted } from './accounts.ts';
import { noteAudit } from './audit.ts';
import {
  CLEAN_PARAMETER,
  cleanKeyOf,
  type CleanManifest,
  readCleanManifest,
} from './clean/clean-manifest.ts';
import { MISSING_TRANSACTIONS, stageIds, transactionIds } from './places.ts';
import { postLoadRules, QUALITY_PARAMETERS, qualityModeOf } from './rules.ts';

/** The key of the report of a day's post-load checks. */
export function qualityKey(logicalDate: string): string {
  return `quality/${logicalDate}.json`;
}

/** The eight checks on the warehouse after a load (requirements 4.9): told, kept, and blocking unless told to warn. */
export const quality: Step = {
  name: 'quality',
  summary: 'Check the loaded tables by eight rules, and keep the report',
  parameters: [
    CLEAN_PARAMETER,
    ...QUALITY_PARAMETERS.filter(({ name }) => name === 'quality-mode'),
  ],
  async run(ports, parameters, run): Promise<StepResult> {
    const mode = qualityModeOf(parameters);
    const { logicalDate } = run;
    const { store, signal } = ports;
    const key = cleanKeyOf(parameters, logicalDate);
    const { manifest } = await readCleanManifest(store, key, signal);
    const report = await checkLoaded(ports, manifest, logicalDate);
    tellChecks(ports, report);
    await keepReport(ports, qualityKey(logicalDate), report);
    await noteAudit(ports, run, { report: { post_load: report, summary: summaryOf(report) } });
    const address = `${ports.store.url}/${qualityKey(logicalDate)}`;
    if (mode === 'block') failIfBlocked(report, address);
    failIfUnaccounted(await readSteps(ports.records, run));
    return {
      outputs: { passed: String(report.passedCount), checks: String(report.checkCount) },
      counts: {},
      problems: problemsOf(report),
    };
  },
};

/** The rows of the run are looked for by their ids: they are few beside the table, and a log may be wrong. */
async function checkLoaded(
  ports: StepPorts,
  { transactions }: CleanManifest,
  logicalDate: string,
): Promise<QualityReport> {
  const ids = await transactionIds(ports, transactions);
  const warehouse = await ports.warehouse();
  return warehouse.transaction(
    async (tx) => {
      await stageIds(tx, ids);
      return checkTable(tx, {
        table: 'fact_transactions',
        dataset: 'fact_transactions',
        rules: postLoadRules({ logicalDate, missingSql: MISSING_TRANSACTIONS }),
        evaluatedAt: `${logicalDate}T00:00:00.000Z`,
        where: `processed_at <= TIMESTAMP '${logicalDate} 00:00:00'`,
      });
    },
    { signal: ports.signal },
  );
}

/** The summary of requirements 4.9. */
function summaryOf({ checkCount, passedCount, scorePercent }: QualityReport) {
  return {
    total_checks: checkCount,
    passed: passedCount,
    failed: checkCount - passedCount,
    pass_percentage: scorePercent,
  };
}

/** The same report is not written again. */
async function keepReport(
  { store, signal }: Pick<StepPorts, 'store' | 'signal'>,
  key: string,
  report: QualityReport,
): Promise<void> {
  const bytes = Buffer.from(`${JSON.stringify(report, null, 2)}\n`);
  const stored = await store.get(key, { signal });
  if (stored === null || Buffer.compare(stored, bytes) !== 0)
    await store.put(key, bytes, { signal });
}

function problemsOf({ rules, dataset }: QualityReport): StepResult['problems'] {
  return rules
    .filter(({ isPassed }) => !isPassed)
    .map(({ rule, summary }) => ({ object: dataset, message: `rule ${rule} fails: ${summary}` }));
}
