import { PipelineError } from '../../core/error.ts';
import type { StepPorts } from '../../ports/step.ts';
import { exitStep, type RunClosing } from '../../stages/observe/exit.ts';
import type { RunRecord } from '../../stages/observe/run-record.ts';
import { accountsOf, figuresOf, metricsMessage } from './accounts.ts';
import { closeAudit } from './audit.ts';
import type { TransformReport } from './transform-report.ts';
import { reportKey } from './transform.ts';

/** The exit handler of finance: it also closes the audit row and tells the figures of requirements 4.10. */
export const exit = exitStep({
  parameters: [
    {
      name: 'upload',
      description: 'true: the run was of one upload, which has no audit row and no figures',
      default: 'false',
    },
  ],
  figures: (steps) => (steps.some(({ step }) => step === 'process') ? {} : figuresOf(steps)),
  close,
  lines: (record) => (isUpload(record) ? [] : metricsMessage(record)),
});

function isUpload({ accounts }: RunRecord): boolean {
  return accounts === undefined;
}

async function close(ports: StepPorts, { run, record, parameters }: RunClosing): Promise<void> {
  if (parameters['upload'] === 'true') return;
  const accounts = accountsOf(record.steps);
  await closeAudit(ports, run, {
    status: record.status === 'success' ? 'success' : 'failed',
    startedAt: record.started_at,
    endedAt: record.ended_at ?? record.started_at,
    error: errorOf(record),
    counts: accounts,
    report: { run: run.runId, accounts, ...(await refusalOf(ports, record)) },
  });
}

function errorOf(record: RunRecord): string | null {
  if (record.status === 'success') return null;
  return record.error_message ?? 'a step was stopped before it could say why';
}

/** What transform has found in a day that it refused: no load has told it to the audit row. */
async function refusalOf(
  { store, log }: StepPorts,
  record: RunRecord,
): Promise<Record<string, unknown>> {
  const isRefused = record.steps.some(
    ({ step, error_class: kind }) => step === 'transform' && kind === 'quality-failed',
  );
  if (!isRefused) return {};
  try {
    const bytes = await store.get(reportKey(record.logical_date));
    const found = JSON.parse(Buffer.from(bytes ?? []).toString('utf8')) as TransformReport;
    const { report, inFlight, rules, counts, riskVersion } = found;
    return {
      rejects_by_reason: counts.rejectsByReason,
      cleaning: report,
      in_flight: inFlight,
      nine_rules: rules,
      risk_version: riskVersion,
    };
  } catch (error) {
    if (!(error instanceof PipelineError) && !(error instanceof SyntaxError)) throw error;
    log.warn('audit.report_missing', { reason: error.message });
    return {};
  }
}
