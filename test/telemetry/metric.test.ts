import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { runRegistry, stepRegistry } from '../../services/telemetry/metric.ts';
import type { RunMeasure, StepMeasure } from '../../services/telemetry/metric.ts';
import { pushMetrics, writeMetrics } from '../../services/telemetry/push.ts';

const STEP: StepMeasure = {
  pipeline: 'fama-french',
  step: 'convert',
  status: 'success',
  durationSeconds: 2.5,
  counts: { rowsRead: 10, rowsWritten: 9, rowsRejected: 1, objectsSkipped: 2, bytesWritten: 512 },
  storeCalls: [{ method: 'put', outcome: 'ok', count: 3 }],
};

const RUN: RunMeasure = {
  pipeline: 'fama-french',
  isSuccess: true,
  durationSeconds: 7,
  endedAt: new Date('2026-11-21T00:00:00Z'),
};

const samples = (text: string): string[] =>
  text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server: Server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'argosy-metric-'));
  cleanups.push(() => rm(folder, { recursive: true }));
  return folder;
}

const stepMetrics = async (step: typeof STEP): Promise<string> =>
  (await stepRegistry(step)).metrics();

describe('the metrics of a step', () => {
  it('tells duration, rows, objects, bytes and store calls of one step', async () => {
    expect(samples(await stepMetrics(STEP)).toSorted()).toEqual([
      'argosy_bytes_total{pipeline="fama-french",step="convert",direction="written"} 512',
      'argosy_objects_total{pipeline="fama-french",step="convert",outcome="skipped"} 2',
      'argosy_rows_total{pipeline="fama-french",step="convert",outcome="read"} 10',
      'argosy_rows_total{pipeline="fama-french",step="convert",outcome="rejected"} 1',
      'argosy_rows_total{pipeline="fama-french",step="convert",outcome="written"} 9',
      'argosy_step_duration_seconds{pipeline="fama-french",step="convert",status="success"} 2.5',
      'argosy_store_calls_total{method="put",outcome="ok"} 3',
    ]);
  });

  it('keeps steps of one process apart', async () => {
    await stepMetrics(STEP);
    expect(await stepMetrics({ ...STEP, step: 'unzip' })).not.toContain('convert');
  });
});

describe('runRegistry', () => {
  it('tells the time of success in seconds', async () => {
    const text = await (await runRegistry(RUN)).metrics();
    expect(text).toContain(
      'argosy_pipeline_last_success_timestamp_seconds{pipeline="fama-french"} 1795219200',
    );
    expect(text).toContain('argosy_pipeline_last_run_status{pipeline="fama-french"} 1');
  });

  it('leaves the last success alone after a failure', async () => {
    const text = await (await runRegistry({ ...RUN, isSuccess: false })).metrics();
    expect(text).not.toContain('last_success');
    expect(text).toContain('argosy_pipeline_last_run_status{pipeline="fama-french"} 0');
  });
});

describe('pushMetrics', () => {
  it('adds by POST under job, pipeline and step', async () => {
    const requests: string[] = [];
    const url = await serve((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        requests.push(`${request.method} ${request.url}`, body);
        response.writeHead(202).end();
      });
    });
    const registry = await stepRegistry(STEP);
    expect(await pushMetrics({ url }, STEP, registry)).toBeNull();
    expect(requests[0]).toBe('POST /metrics/job/argosy/pipeline/fama-french/step/convert');
    expect(requests[1]).toContain('argosy_rows_total');
  });

  it('returns what a refusing gateway said and does not throw', async () => {
    const url = await serve((_request, response) => response.writeHead(400).end('bad'));
    const problem = await pushMetrics({ url }, STEP, await stepRegistry(STEP));
    expect(problem).toMatch(/status 400, bad/);
  });

  it('returns that nobody listens', async () => {
    const url = await serve((_request, response) => response.end());
    await cleanups.pop()?.();
    expect(await pushMetrics({ url }, STEP, await stepRegistry(STEP))).toMatch(/ECONNREFUSED/);
  });

  it.each([
    ['never answers', () => undefined],
    ['never ends its answer', (response: ServerResponse) => response.writeHead(200).write('x')],
  ])('gives up on a gateway that %s', async (_name, answer) => {
    const url = await serve((_request, response) => void answer(response));
    const registry = await stepRegistry(STEP);
    expect(await pushMetrics({ url, timeoutMs: 50 }, STEP, registry)).toMatch(/timeout|abort/i);
  });
});

describe('writeMetrics', () => {
  it('leaves one file of the step and nothing half-written beside it', async () => {
    const folder = join(await emptyFolder(), 'metrics');
    const texts = Array.from({ length: 8 }, (_, n) => `argosy_x ${n}\n`.repeat(2_000));
    await Promise.all(texts.map((text) => writeMetrics(folder, STEP, text)));
    expect(await readdir(folder)).toEqual(['fama-french-convert.prom']);
    const text = await readFile(join(folder, 'fama-french-convert.prom'), 'utf8');
    expect(texts).toContain(text);
  });

  it('refuses a name that is a path', async () => {
    const folder = await emptyFolder();
    const group = { pipeline: 'x', step: '../../etc' };
    await expect(writeMetrics(folder, group, '')).rejects.toMatchObject({ kind: 'bug' });
  });
});

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
const mustRun = process.env['ARGOSY_TEST_REQUIRE'] === 'all';

describe.skipIf(!hasPromtool && !mustRun)('promtool (skipped when it is not on PATH)', () => {
  it('finds no fault in the metrics of a step and of a run', async () => {
    for (const text of [await stepMetrics(STEP), await (await runRegistry(RUN)).metrics()]) {
      const check = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
      expect(check.stderr + check.stdout).toBe('');
      expect(check.status).toBe(0);
    }
  });
});
