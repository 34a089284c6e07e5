import { PipelineError } from '../../core/error.ts';
import type { RunIdentity, StepPorts } from '../../ports/step.ts';
import { exitStep, type RunClosing } from '../../stages/observe/exit.ts';
import type { RunRecord, StepRecord } from '../../stages/observe/run-record.ts';
import { accountsOf, figuresOf, metricsMessage } from './accounts.ts';
import { closeAudit } from './audit.ts';
import { reportKeyOf } from './found.ts';
import type { TransformReport } from './clean/transform-report.ts';

/** The exit handler of finance: it also closes the audit row and tells the figures of requirements 4.10. */
export const exit = exitStep({
  parameters: [
    {
      name: 'upload',
      description: 'true: the run was of one upload, which has no audit row and no figures',
      default: 'false',
    },
  ],
  figures: async (steps, ports, run) => {
    if (steps.some(({ step }) => step === 'process')) return {};
    return figuresOf(steps, (await readRefusal(ports, run, steps))?.counts ?? null);
  },
  close,
  lines: (record) => (isUpload(record) ? [] : metricsMessage(record)),
});

function isUpload({ accounts }: RunRecord): boolean {
  return accounts === undefined;
}

async function close(ports: StepPorts, { run, record, parameters }: RunClosing): Promise<void> {
  if (parameters['upload'] === 'true') return;
  const refusal = await readRefusal(ports, run, record.steps);
  const accounts = accountsOf(record.steps, refusal?.counts ?? null);
  await closeAudit(ports, run, {
    status: record.status === 'success' ? 'success' : 'failed',
    startedAt: record.started_at,
    endedAt: record.ended_at ?? record.started_at,
    error: errorOf(record),
    counts: accounts,
    report: { run: run.runId, accounts, ...(refusal === null ? {} : refusalOf(refusal)) },
  });
}

function errorOf(record: RunRecord): string | null {
  if (record.status === 'success') return null;
  return record.error_message ?? 'a step was stopped before it could say why';
}

/** What transform has found in a day that it refused; null of any other day, and where it cannot be read. */
async function readRefusal(
  { store, records, log }: StepPorts,
  run: RunIdentity,
  steps: readonly StepRecord[],
): Promise<TransformReport | null> {
  const last = steps.findLast(({ step }) => step === 'transform');
  if (last?.error_class !== 'quality-failed') return null;
  try {
    const key = await reportKeyOf(records, run);
    const bytes = key === null ? null : await store.get(key);
    if (bytes !== null) return JSON.parse(Buffer.from(bytes).toString('utf8')) as TransformReport;
    log.warn('audit.report_missing', { reason: `${key ?? 'its key'} is not there` });
  } catch (error) {
    if (!(error instanceof PipelineError) && !(error instanceof SyntaxError)) throw error;
    log.warn('audit.report_missing', { reason: error.message });
  }
  return null;
}

/** What the audit row is told of a refused day, for no load has told it. */
function refusalOf(found: TransformReport): Record<string, unknown> {
  const { report, inFlight, rules, counts, riskVersion } = found;
  return {
    rejects_by_reason: counts.rejectsByReason,
    cleaning: report,
    in_flight: inFlight,
    nine_rules: rules,
    risk_version: riskVersion,
  };
}
