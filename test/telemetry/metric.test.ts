import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { METRICS, type MetricName } from '../../services/telemetry/metric-table.ts';
import { registryOf, type Sample } from '../../services/telemetry/metric.ts';
import { type RunMeasure, runSamples } from '../../services/telemetry/run-metric.ts';
import { type StepMeasure, stepSamples } from '../../services/telemetry/step-metric.ts';
import { WINGS } from '../../services/cli/commands.ts';
import { PRICES } from '../../services/stages/observe/cost.ts';
import { promtoolProgram } from '../support/monitoring.ts';
import { describeWith } from '../support/require-component.ts';

const STEP: StepMeasure = {
  pipeline: 'fama-french',
  step: 'convert',
  isSuccess: true,
  endedAt: new Date('2026-11-21T00:00:00Z'),
  durationSeconds: 2.5,
  meanSeconds: 2,
  counts: { rowsRead: 10, rowsWritten: 9, rowsRejected: 1, objectsSkipped: 2, bytesWritten: 512 },
  storeCalls: [
    { method: 'put', outcome: 'ok', count: 3 },
    { method: 'get', outcome: 'throttled', count: 1 },
  ],
  checks: { 'row-valid': 1, 'csv-readable': 0 },
};

const RUN: RunMeasure = {
  pipeline: 'fama-french',
  isSuccess: true,
  durationSeconds: 7,
  noticesLost: 0,
  endedAt: new Date('2026-11-21T00:00:00Z'),
  lastSuccessAt: new Date('2026-11-21T00:00:00Z'),
  costUsd: { compute: 0.5, requests: 0.25, storage: 0 },
  published: { rows: 100, objects: 10, vintages: 1 },
  totals: {
    runs: { success: 4, failed: 1 },
    counts: { rowsRead: 50 },
    storeCalls: [{ method: 'put', outcome: 'ok', count: 15 }],
    costUsd: { compute: 2, requests: 1, storage: 0 },
  },
};

const textOf = async (samples: readonly Sample[]): Promise<string> =>
  (await registryOf(samples)).metrics();
const lines = (text: string): string[] =>
  text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

describe('the metrics of a step', () => {
  it('tell status, durations, rows, objects, bytes, checks and store calls of one step', async () => {
    const own = 'pipeline="fama-french",step="convert"';
    expect(lines(await textOf(stepSamples(STEP)))).toEqual([
      `argosy_step_last_status{${own}} 1`,
      `argosy_step_last_run_timestamp_seconds{${own}} 1795219200`,
      `argosy_step_duration_seconds{${own}} 2.5`,
      `argosy_step_duration_mean_seconds{${own}} 2`,
      `argosy_quality_check_failures{${own},check="row-valid"} 1`,
      `argosy_quality_check_failures{${own},check="csv-readable"} 0`,
      `argosy_step_rows{${own},outcome="read"} 10`,
      `argosy_step_rows{${own},outcome="written"} 9`,
      `argosy_step_rows{${own},outcome="rejected"} 1`,
      `argosy_step_objects{${own},outcome="read"} 0`,
      `argosy_step_objects{${own},outcome="written"} 0`,
      `argosy_step_objects{${own},outcome="skipped"} 2`,
      `argosy_step_objects{${own},outcome="failed"} 0`,
      `argosy_step_bytes{${own},direction="read"} 0`,
      `argosy_step_bytes{${own},direction="written"} 512`,
      `argosy_step_store_calls{${own},method="put",outcome="ok"} 3`,
      `argosy_step_store_calls{${own},method="get",outcome="throttled"} 1`,
      `argosy_step_store_calls{${own},method="get",outcome="ok"} 0`,
      `argosy_step_store_calls{${own},method="head",outcome="ok"} 0`,
      `argosy_step_store_calls{${own},method="list",outcome="ok"} 0`,
      `argosy_step_store_calls{${own},method="putIfAbsent",outcome="ok"} 0`,
    ]);
  });

  it('are of the same families after a failure that counted nothing, so that none is left of an older run', () => {
    const families = (measure: StepMeasure) => [
      ...new Set(
        stepSamples(measure).map(({ name, labels }) => `${name} ${Object.keys(labels).join()}`),
      ),
    ];
    const failed = { ...STEP, isSuccess: false, counts: {}, storeCalls: [] };
    expect(families(failed)).toEqual(families(STEP));
  });

  it('keep steps of one process apart', async () => {
    await textOf(stepSamples(STEP));
    expect(await textOf(stepSamples({ ...STEP, step: 'unzip' }))).not.toContain('convert');
  });
});

describe('the metrics of a run', () => {
  it('tell its end, its cost, what is published, and what all runs came to', async () => {
    const text = lines(await textOf(runSamples(RUN)));
    expect(text).toContain(
      'argosy_pipeline_last_success_timestamp_seconds{pipeline="fama-french"} 1795219200',
    );
    expect(text).toContain('argosy_pipeline_last_run_status{pipeline="fama-french"} 1');
    expect(text).toContain('argosy_run_cost_usd{pipeline="fama-french",component="compute"} 0.5');
    expect(text).toContain('argosy_published_rows{pipeline="fama-french"} 100');
    expect(text).toContain('argosy_runs_total{pipeline="fama-french",status="failed"} 1');
    expect(text).toContain('argosy_rows_total{pipeline="fama-french",outcome="read"} 50');
  });

  it('tell a failed run together with the success before it', () => {
    const lastSuccessAt = new Date('2026-11-20T00:00:00Z');
    const samples = runSamples({ ...RUN, isSuccess: false, lastSuccessAt });
    const valueOf = (name: string) => samples.find((sample) => sample.name === name)?.value;
    expect(valueOf('argosy_pipeline_last_run_status')).toBe(0);
    expect(valueOf('argosy_pipeline_last_success_timestamp_seconds')).toBe(1795132800);
  });

  it('say nothing of a success, a cost or totals that are not known, rather than 0', () => {
    const samples = runSamples({
      ...RUN,
      isSuccess: false,
      lastSuccessAt: null,
      costUsd: null,
      published: {},
      totals: null,
    });
    expect(samples.map(({ name }) => name)).toEqual([
      'argosy_pipeline_last_run_status',
      'argosy_pipeline_last_run_duration_seconds',
      'argosy_pipeline_last_run_timestamp_seconds',
      'argosy_notices_lost',
    ]);
  });
});

describe('registryOf', () => {
  const sample = { name: 'argosy_step_last_status' as const, value: 1 };

  it.each([
    ['a date', '2026-11-21'],
    ['an address', 'https://user:secret@host/'],
    ['a file name', 'july17.CSV'],
    ['nothing', ''],
  ])('refuses %s as the value of a label', async (_what, step) => {
    const labels = { pipeline: 'fama-french', step };
    await expect(registryOf([{ ...sample, labels }])).rejects.toMatchObject({ kind: 'bug' });
  });

  it('refuses a label that is not in the table, and one that is missing', async () => {
    const more = { pipeline: 'a', step: 'b', run: 'c' };
    await expect(registryOf([{ ...sample, labels: more }])).rejects.toMatchObject({ kind: 'bug' });
    const less = { pipeline: 'a' };
    await expect(registryOf([{ ...sample, labels: less }])).rejects.toMatchObject({ kind: 'bug' });
  });
});

describe('docs/metrics.md', () => {
  const document = readFileSync(
    fileURLToPath(new URL('../../docs/metrics.md', import.meta.url)),
    'utf8',
  );

  it('lists every metric that is emitted, with its type and labels, and no other', async () => {
    const emitted = [...stepSamples(STEP), ...runSamples(RUN)];
    const text = await textOf(emitted);
    const real = [...new Set(emitted.map(({ name }) => name))].map((name) => {
      const type = new RegExp(`^# TYPE ${name} (\\w+)$`, 'm').exec(text)?.[1];
      const labels = Object.keys(emitted.find((one) => one.name === name)?.labels ?? {});
      return `${name} ${type} ${labels.join(', ')}`;
    });
    const listed = [...document.matchAll(/^\| `(argosy_\w+)` \| (\w+) \| ([^|]+) \|/gm)].map(
      ([, name, type, labels]) => `${name} ${type} ${labels?.replaceAll('`', '').trim()}`,
    );
    expect(listed.toSorted()).toEqual(real.toSorted());
    expect(real.length).toBe(Object.keys(METRICS).length);
  });

  it('lists every check of every pipeline', async () => {
    const listed = [...document.matchAll(/^\| `([a-z-]+)` \| `([a-z-]+)` \|/gm)].map(
      ([, pipeline, check]) => `${pipeline} ${check}`,
    );
    const real: string[] = [];
    for (const wing of Object.values(WINGS)) {
      const { name, checks } = await wing.load();
      real.push(...checks.map((check) => `${name} ${check.name}`));
    }
    expect(listed.toSorted()).toEqual(real.toSorted());
  });

  it('lists every price with its default', () => {
    const listed = [...document.matchAll(/^\| `(\w+)` \| ([\d.]+) \|/gm)].map(([, name, value]) => [
      name,
      Number(value),
    ]);
    expect(Object.fromEntries(listed)).toEqual(PRICES);
  });
});

describe('the table of metrics', () => {
  it('has a unit in each name, and only counters end in _total', () => {
    for (const name of Object.keys(METRICS) as MetricName[]) {
      expect(name.endsWith('_total')).toBe(METRICS[name].type === 'counter');
      expect(METRICS[name].help).toMatch(/^[A-Z].*\.$/);
      expect(METRICS[name].labels[0]).toBe('pipeline');
      for (const label of METRICS[name].labels) expect(label).not.toMatch(/date|run|file|key/);
    }
  });
});

describeWith(promtoolProgram(), 'promtool', (promtool) => {
  it('finds no fault in the metrics of a step and of a run', async () => {
    for (const samples of [stepSamples(STEP), runSamples(RUN)]) {
      const input = await textOf(samples);
      const check = spawnSync(promtool, ['check', 'metrics'], { input, encoding: 'utf8' });
      expect(check.stderr + check.stdout).toBe('');
      expect(check.status).toBe(0);
    }
  });
});
