import type { RunIdentity } from '../../ports/step.ts';
import { NO_COST, sumCosts } from '../../stages/observe/cost.ts';
import { qualityOf, type StepRecord } from '../../stages/observe/run-record.ts';
import { addedCalls, addedCounts, type RunTotals } from '../../stages/observe/totals.ts';
import { isWholeRun } from '../../stages/observe/whole-run.ts';
import { registryOf, type Sample } from '../../telemetry/metric.ts';
import { type MetricGroup, pushMetrics, writeMetrics } from '../../telemetry/push.ts';
import { type PipelineTotals, type RunMeasure, runSamples } from '../../telemetry/run-metric.ts';
import { type StepMeasure, stepSamples } from '../../telemetry/step-metric.ts';
import type { StepHost } from './step-host.ts';

/** How long metrics may take: a step that was told to stop must be gone within ten seconds. */
const PUSH_MS_MAX = 3_000;
const PUSH_WHEN_STOPPED_MS_MAX = 2_000;

/**
 * Hands on the metrics of a step: to the Pushgateway when one is configured, else as text files. What goes wrong is a
 * warning: the data is safe by now.
 */
export async function emitStepMetrics(
  host: StepHost,
  pipeline: string,
  record: StepRecord,
): Promise<void> {
  const timeoutMs = record.error_class === 'interrupted' ? PUSH_WHEN_STOPPED_MS_MAX : PUSH_MS_MAX;
  const samples = stepSamples(measureOf(pipeline, [record], null));
  await emit(host, { group: { pipeline, step: record.step }, samples, timeoutMs });
}

/** What the exit step knows of its run; null is what the store did not tell. */
export interface EndedRun {
  runId: string;
  trigger: RunIdentity['trigger'];
  exit: StepRecord;
  steps: readonly StepRecord[] | null;
  totals: RunTotals | null;
  /** How many channels have not taken the notice of the run. */
  noticesLost: number;
}

/**
 * The metrics of a run that has ended, from its exit step: those of the run itself if it is whole (`isWholeRun`), and
 * those of each step once more, as the items of a fan-out share one group and only now is their sum known. All at once,
 * so that a gateway which does not answer is waited for once.
 */
export async function emitRunMetrics(
  host: StepHost,
  pipeline: string,
  run: EndedRun,
): Promise<void> {
  const steps = run.steps ?? [];
  const ofSteps = [...new Set(steps.map(({ step }) => step))].map((step) => {
    const own = steps.filter((record) => record.step === step);
    const mean = run.totals?.steps[step]?.mean_seconds ?? null;
    const samples = stepSamples(measureOf(pipeline, own, mean));
    return { group: { pipeline, step }, samples, timeoutMs: PUSH_MS_MAX };
  });
  const samples = isWhole(run) ? runSamples(runMeasure(pipeline, run)) : null;
  const ofRun = samples && { group: { pipeline }, samples, timeoutMs: PUSH_MS_MAX };
  await Promise.all([...ofSteps, ...(ofRun ? [ofRun] : [])].map((each) => emit(host, each)));
}

function isWhole({ exit, trigger, steps }: EndedRun): boolean {
  const isSuccess = exit.parameters['status'] === 'Succeeded';
  const isDryRun = exit.parameters['dry-run'] === 'true';
  return isWholeRun({ isSuccess, isDryRun, trigger, steps: steps ?? [] });
}

/** The items of a fan-out as one: counts added up, the duration of the longest, failed when one has failed. */
function measureOf(
  pipeline: string,
  records: readonly StepRecord[],
  meanSeconds: number | null,
): StepMeasure {
  const endedAt = records.map((record) => record.ended_at).toSorted();
  return {
    pipeline,
    step: records[0]?.step ?? '',
    isSuccess: records.every(({ status }) => status === 'success'),
    endedAt: new Date(endedAt.at(-1) ?? 0),
    durationSeconds: Math.max(...records.map((record) => record.duration_seconds)),
    meanSeconds,
    counts: addedCounts(records.map(({ counts }) => counts)),
    storeCalls: addedCalls(records.flatMap(({ store_calls: calls = [] }) => calls)),
    checks: qualityOf(records),
  };
}

function runMeasure(pipeline: string, run: EndedRun): RunMeasure {
  const { exit, steps, totals } = run;
  return {
    pipeline,
    isSuccess: exit.parameters['status'] === 'Succeeded',
    durationSeconds: Number(exit.parameters['duration']) || 0,
    endedAt: new Date(exit.ended_at),
    lastSuccessAt: lastSuccess(run),
    costUsd: steps && { ...sumCosts(steps.map(({ cost_usd: cost = NO_COST }) => cost)) },
    published: publishedBy(steps ?? []),
    totals: totals && pipelineTotals(totals),
    noticesLost: run.noticesLost,
  };
}

/** As the totals have it, unless this run is a good one that they have missed. */
function lastSuccess({ runId, exit, totals }: EndedRun): Date | null {
  const isMissed = totals?.counted.includes(runId) !== true;
  if (isMissed && exit.parameters['status'] === 'Succeeded') return new Date(exit.ended_at);
  const known = totals?.last_success_at ?? null;
  return known === null ? null : new Date(known);
}

/** What readers see is what the catalogue step says in its output parameters. */
function publishedBy(steps: readonly StepRecord[]): RunMeasure['published'] {
  const outputs = steps.findLast(({ step }) => step === 'catalogue')?.outputs ?? {};
  const names = ['rows', 'objects', 'vintages'] as const;
  return Object.fromEntries(
    names
      .filter((name) => /^\d+$/.test(outputs[name] ?? ''))
      .map((name) => [name, Number(outputs[name])]),
  );
}

function pipelineTotals(totals: RunTotals): PipelineTotals {
  return {
    runs: totals.runs,
    counts: totals.counts,
    storeCalls: totals.store_calls,
    costUsd: { ...totals.cost_usd },
  };
}

interface Emission {
  group: MetricGroup;
  samples: readonly Sample[];
  timeoutMs: number;
}

async function emit(host: StepHost, { group, samples, timeoutMs }: Emission): Promise<void> {
  const { pushgatewayUrl: url } = host.config;
  if (url === undefined && host.metricsFolder === null) return;
  try {
    const registry = await registryOf(samples);
    if (url !== undefined) {
      const problem = await pushMetrics({ url, timeoutMs }, group, registry);
      if (problem !== null) host.log.warn('metrics.not_pushed', { reason: problem });
    } else if (host.metricsFolder !== null) {
      await writeMetrics(host.metricsFolder, group, await registry.metrics());
    }
  } catch (error) {
    host.log.warn('metrics.not_written', {
      reason: error instanceof Error ? error.message : String(error),
    });
  }
}
