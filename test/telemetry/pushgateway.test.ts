import { afterAll, beforeAll, expect, it } from 'vitest';
import { registryOf, type Sample } from '../../services/telemetry/metric.ts';
import { pushMetrics } from '../../services/telemetry/push.ts';
import { type RunMeasure, runSamples } from '../../services/telemetry/run-metric.ts';
import { type StepMeasure, stepSamples } from '../../services/telemetry/step-metric.ts';
import {
  type MonitoringServer,
  pushgatewayProgram,
  startPushgateway,
} from '../support/monitoring.ts';
import { describeWith } from '../support/require-component.ts';

const GOOD: RunMeasure = {
  pipeline: 'fama-french',
  isSuccess: true,
  durationSeconds: 7,
  endedAt: new Date('2026-11-21T00:00:00Z'),
  lastSuccessAt: new Date('2026-11-21T00:00:00Z'),
  costUsd: { compute: 1 },
  published: { rows: 100 },
  totals: null,
  noticesLost: 0,
};
const FAILED: RunMeasure = {
  ...GOOD,
  isSuccess: false,
  endedAt: new Date('2026-11-22T00:00:00Z'),
  lastSuccessAt: null,
  costUsd: null,
  published: {},
};
const STEP: StepMeasure = {
  pipeline: 'fama-french',
  step: 'fetch',
  isSuccess: false,
  endedAt: new Date('2026-11-21T00:00:00Z'),
  durationSeconds: 2,
  meanSeconds: null,
  counts: { rowsRead: 5 },
  storeCalls: [{ method: 'put', outcome: 'throttled', count: 3 }],
  checks: { 'link-downloaded': 4 },
};

describeWith(pushgatewayProgram(), 'a real Pushgateway', (program) => {
  let gateway: MonitoringServer;
  beforeAll(async () => {
    gateway = await startPushgateway(program);
  });
  afterAll(() => gateway.stop());

  async function push(samples: readonly Sample[], group: { pipeline: string; step?: string }) {
    expect(await pushMetrics({ url: gateway.url }, group, await registryOf(samples))).toBeNull();
  }

  /** The samples of a pipeline as Prometheus would see them, without the labels of the group's own. */
  async function seen(pattern: RegExp): Promise<string[]> {
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    const lines = text
      .split('\n')
      .filter((line) => line.startsWith('argosy_') && pattern.test(line));
    return lines.map((line) => line.replace(/instance="",job="argosy",/, '')).toSorted();
  }

  it('keeps the last success, the cost and what is published when a run fails', async () => {
    await push(runSamples(GOOD), { pipeline: 'fama-french' });
    await push(runSamples(FAILED), { pipeline: 'fama-french' });
    expect(await seen(/_last_/)).toEqual([
      'argosy_pipeline_last_run_duration_seconds{pipeline="fama-french"} 7',
      'argosy_pipeline_last_run_status{pipeline="fama-french"} 0',
      'argosy_pipeline_last_run_timestamp_seconds{pipeline="fama-french"} 1.7953056e+09',
      'argosy_pipeline_last_success_timestamp_seconds{pipeline="fama-french"} 1.7952192e+09',
    ]);
    expect(await seen(/published|cost/)).toHaveLength(2);
  });

  it('leaves one pipeline as it was when another pushes the same metrics', async () => {
    const before = await seen(/pipeline="fama-french"/);
    await push(runSamples({ ...GOOD, pipeline: 'finance' }), { pipeline: 'finance' });
    expect(await seen(/pipeline="fama-french"/)).toEqual(before);
    expect(await seen(/pipeline="finance"/)).not.toEqual([]);
  });

  it('has nothing of a failed attempt beside what the next one says', async () => {
    const group = { pipeline: 'fama-french', step: 'fetch' };
    await push(stepSamples(STEP), group);
    const good = { ...STEP, isSuccess: true, counts: {}, storeCalls: [] };
    await push(stepSamples({ ...good, checks: { 'link-downloaded': 0 } }), group);
    const own = await seen(/step="fetch"/);
    expect(own.filter((line) => line.includes('last_status'))).toEqual([
      'argosy_step_last_status{pipeline="fama-french",step="fetch"} 1',
    ]);
    const loud = own.filter((line) => !/ 0$|status|seconds/.test(line));
    expect(loud).toEqual([]);
    expect(own.filter((line) => line.includes('throttled'))).toEqual([]);
  });

  it('keeps what a check said while the step does not get to it', async () => {
    const group = { pipeline: 'fama-french', step: 'fetch' };
    await push(stepSamples(STEP), group);
    await push(stepSamples({ ...STEP, checks: {} }), group);
    expect(await seen(/quality/)).toEqual([
      'argosy_quality_check_failures{check="link-downloaded",pipeline="fama-french",step="fetch"} 4',
    ]);
  });
});
