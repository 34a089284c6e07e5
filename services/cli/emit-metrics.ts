import type { StepRecord } from '../stages/observe/run-record.ts';
import type { Registry } from 'prom-client';
import { runRegistry, stepRegistry } from '../telemetry/metric.ts';
import { type MetricGroup, pushMetrics, writeMetrics } from '../telemetry/push.ts';
import type { StepHost } from './step-host.ts';

/**
 * Hands on the metrics of a step, and with the exit step those of the run: to the Pushgateway when one is configured,
 * else as text files. What goes wrong is a warning: the data is safe by now.
 */
export async function emitMetrics(
  host: StepHost,
  pipeline: string,
  record: StepRecord,
): Promise<void> {
  const { step, status, counts, duration_seconds: durationSeconds } = record;
  const measure = { pipeline, step, status, durationSeconds, counts };
  await emit(host, { pipeline, step }, await stepRegistry(measure));
  if (step !== 'exit') return;
  const run = {
    pipeline,
    isSuccess: record.parameters['status'] === 'Succeeded',
    durationSeconds: Number(record.parameters['duration']) || 0,
    endedAt: host.clock.now(),
  };
  await emit(host, { pipeline }, await runRegistry(run));
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
