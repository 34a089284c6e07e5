import { PipelineError } from '../../../core/error.ts';
import type { QualityReport } from '../../../core/rule.ts';
import type { RecordStore } from '../../../ports/record-store.ts';
import { asQualityReport, readJson, type ReportRequest } from '../../../stages/observe/report.ts';
import { readRuns, type RunRecord } from '../../../stages/observe/run-record.ts';
import { cleanManifestKey } from '../clean/clean-manifest.ts';
import type { FinanceDataset } from '../extract/extract-manifest.ts';
import type { CleanObject } from '../load/load-source.ts';
import { qualityKey } from '../quality.ts';
import { reportKeyOf } from '../found.ts';
import { rejectsKey, reportKey } from '../clean/transform-report.ts';
import { readRejects, type RejectGroup } from './rejects.ts';
import { readSpread, type Spread } from './spread.ts';

/** How many runs the history shows. */
const HISTORY_MAX = 30;
/** How many run records are looked through: for the newest, and for one of a day that is not among those. */
const RUNS_MAX = { newest: 60, ofDay: 1000 } as const;

/** Counts of the transformation of one dataset: extracted = clean + rejected. */
export interface DayCounts {
  extracted: number;
  clean: number;
  rejected: number;
}

/** All that is known of a day; what a run that ended early did not come to is null. */
export interface Day {
  logicalDate: string;
  /** The newest run of the day; null when its steps were run by hand. */
  run: RunRecord | null;
  /** The newest run of an earlier day that succeeded. */
  before: RunRecord | null;
  /** The newest runs, the oldest of them first. */
  history: readonly RunRecord[];
  riskVersion: string | null;
  counts: DayCounts | null;
  customersCounts: DayCounts | null;
  inFlight: QualityReport | null;
  rules: QualityReport | null;
  postLoad: QualityReport | null;
  rejects: readonly RejectGroup[];
  customerRejects: readonly RejectGroup[];
  spread: Spread | null;
}

/** Reads what a day has left in the store; `not-found` without a run, or without one of that day. */
export async function readDay(request: ReportRequest): Promise<Day> {
  const { ports, records } = request;
  const runs = await readBatches(records, request.logicalDate);
  const logicalDate = request.logicalDate ?? runs[0]?.logical_date;
  if (logicalDate === undefined) throw noRun('finance has not run yet');
  const run = runs.find(({ logical_date: day }) => day === logicalDate) ?? null;
  const clean = await readClean(ports, await keysOf(records, run, logicalDate));
  if (run === null && clean === null) throw noRun(`finance has not run for ${logicalDate}`);
  const object = asCleanObject(clean?.['transactions']);
  const input = hashOf(clean);
  const rejectsOf = async (dataset: FinanceDataset): Promise<RejectGroup[]> =>
    input === null
      ? []
      : readRejects(ports, rejectsKey(dataset, { logicalDate, inputs: { sha256: input } }));
  const [postLoad, rejects, customerRejects, spread] = await Promise.all([
    wasStep(run, 'quality') ? readJson(ports, qualityKey(logicalDate)) : null,
    rejectsOf('transactions'),
    rejectsOf('customers'),
    object === null ? null : readSpread(ports, object),
  ]);
  return {
    logicalDate,
    run,
    before: runs.find((one) => one.logical_date < logicalDate && one.status === 'success') ?? null,
    history: runs.slice(0, HISTORY_MAX).toReversed(),
    riskVersion: typeof clean?.['riskVersion'] === 'string' ? clean['riskVersion'] : null,
    counts: asCounts(clean?.['counts']),
    customersCounts: asCounts(clean?.['customersCounts']),
    inFlight: asQualityReport(clean?.['inFlight']),
    rules: asQualityReport(clean?.['rules']),
    postLoad: asQualityReport(postLoad),
    rejects,
    customerRejects,
    spread,
  };
}

/** The newest runs of days, and so many more that one of the day is among them if there is any. */
async function readBatches(records: RecordStore, logicalDate: string | null): Promise<RunRecord[]> {
  const newest = (await readRuns(records, 'finance', RUNS_MAX.newest)).filter(isOfBatch);
  const isThere =
    logicalDate === null
      ? newest.length > 0
      : newest.some(({ logical_date: day }) => day === logicalDate);
  if (isThere) return newest;
  return (await readRuns(records, 'finance', RUNS_MAX.ofDay)).filter(isOfBatch);
}

/** Runs of the event path clean one upload and load nothing: they are no days. */
function isOfBatch({ steps }: RunRecord): boolean {
  return !steps.some(({ step }) => step === 'process');
}

/** Where a run has left what it found. */
interface CleanKeys {
  /** Null when the run came to none. */
  manifest: string | null;
  report: string | null;
}

/** The keys of the run itself, whatever others have left since; the newest of the day where the run says nothing. */
async function keysOf(
  records: RecordStore,
  run: RunRecord | null,
  logicalDate: string,
): Promise<CleanKeys> {
  const step = run?.steps.findLast((one) => one.step === 'transform');
  if (run === null || step === undefined)
    return { manifest: cleanManifestKey(logicalDate), report: reportKey(logicalDate) };
  const report = await reportKeyOf(records, { pipeline: 'finance', runId: run.run_id });
  return { manifest: step.outputs['manifest'] ?? null, report };
}

/** The manifest of the clean data, under what the report of the same run says: that is written even when it blocks. */
async function readClean(
  ports: ReportRequest['ports'],
  keys: CleanKeys,
): Promise<Readonly<Record<string, unknown>> | null> {
  const [manifest, report] = await Promise.all([
    keys.manifest === null ? null : readJson(ports, keys.manifest),
    keys.report === null ? null : readJson(ports, keys.report),
  ]);
  if (manifest === null && report === null) return null;
  const isOfAnother = report !== null && hashOf(manifest) !== hashOf(report);
  return { ...manifest, ...report, ...(isOfAnother ? { transactions: null } : {}) };
}

/** The hash of what transform read: a manifest of other input is that of an earlier run of the day. */
function hashOf(found: Readonly<Record<string, unknown>> | null): string | null {
  const inputs = found?.['inputs'];
  const hash = typeof inputs === 'object' && inputs !== null && 'sha256' in inputs && inputs.sha256;
  return typeof hash === 'string' ? hash : null;
}

/** Whether the run came to the step; what an earlier run of the day left there is not its own. */
function wasStep(run: RunRecord | null, name: string): boolean {
  return run === null || run.steps.some(({ step }) => step === name);
}

function asCounts(value: unknown): DayCounts | null {
  if (typeof value !== 'object' || value === null) return null;
  const { extracted, clean, rejected } = value as Partial<DayCounts>;
  const isWhole = [extracted, clean, rejected].every((count) => Number.isSafeInteger(count));
  return isWhole ? (value as DayCounts) : null;
}

function asCleanObject(value: unknown): CleanObject | null {
  if (typeof value !== 'object' || value === null) return null;
  const { key, rows, sha256 } = value as Partial<CleanObject>;
  const isWhole = typeof key === 'string' && typeof sha256 === 'string' && typeof rows === 'number';
  return isWhole ? (value as CleanObject) : null;
}

function noRun(message: string): PipelineError {
  return new PipelineError('not-found', message, {
    hint: 'argosy run finance, or with --sample on both; argosy status finance lists the runs that there are',
  });
}
