import type { StepRecord } from '../stages/observe/run-record.ts';
import type { Registry } from 'prom-client';
import { runRegistry, stepRegistry } from '../telemetry/metric.ts';
import { type MetricGroup, pushMetrics, writeMetrics } from '../telemetry/push.ts';
import type { StepHost } from './step-host.ts';
import { type MeteredRecord, summedCalls } from './store-calls.ts';

type Measured = Pick<
  MeteredRecord,
  'step' | 'status' | 'counts' | 'duration_seconds' | 'store_calls'
>;

/**
 * Hands on the metrics of a step: to the Pushgateway when one is configured, else as text files. What goes wrong is a
 * warning: the data is safe by now.
 */
export async function emitStepMetrics(
  host: StepHost,
  pipeline: string,
  record: Measured,
): Promise<void> {
  const { step, status, counts, duration_seconds: durationSeconds } = record;
  const storeCalls = record.store_calls ?? [];
  const registry = await stepRegistry({
    pipeline,
    step,
    status,
    durationSeconds,
    counts,
    storeCalls,
  });
  await emit(host, { pipeline, step }, registry);
}

/**
 * The metrics of a whole run, from its exit step: those of the run itself, and those of each step once more, as the
 * items of a fan-out share one group and only now is their sum known.
 */
export async function emitRunMetrics(
  host: StepHost,
  pipeline: string,
  run: { exit: StepRecord; steps: readonly MeteredRecord[] },
): Promise<void> {
  for (const step of new Set(run.steps.map((record) => record.step))) {
    await emitStepMetrics(
      host,
      pipeline,
      summed(run.steps.filter((record) => record.step === step)),
    );
  }
  const registry = await runRegistry({
    pipeline,
    isSuccess: run.exit.parameters['status'] === 'Succeeded',
    durationSeconds: Number(run.exit.parameters['duration']) || 0,
    endedAt: host.clock.now(),
  });
  await emit(host, { pipeline }, registry);
}

/** The items of a fan-out as one: counts added up, the duration of the longest, failed when one has failed. */
function summed(records: readonly MeteredRecord[]): Measured {
  const counts = new Map<string, number>();
  for (const [name, count] of records.flatMap((record) => Object.entries(record.counts))) {
    counts.set(name, (counts.get(name) ?? 0) + count);
  }
  return {
    step: records[0]?.step ?? '',
    status: records.some(({ status }) => status === 'failed') ? 'failed' : 'success',
    counts: Object.fromEntries(counts),
    duration_seconds: Math.max(...records.map((record) => record.duration_seconds)),
    store_calls: summedCalls(records),
  };
}

async function emit(host: StepHost, group: MetricGroup, registry: Registry): Promise<void> {
  const { pushgatewayUrl } = host.config;
  if (pushgatewayUrl !== undefined) {
    const problem = await pushMetrics({ url: pushgatewayUrl }, group, registry);
    if (problem !== null) host.log.warn('metrics.not_pushed', { reason: problem });
    return;
  }
  if (host.metricsFolder === null) return;
  try {
    await writeMetrics(host.metricsFolder, group, await registry.metrics());
  } catch (error) {
    host.log.warn('metrics.not_written', {
      reason: error instanceof Error ? error.message : String(error),
    });
  }
}
