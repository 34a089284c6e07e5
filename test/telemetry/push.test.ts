import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { registryOf } from '../../services/telemetry/metric.ts';
import { pushMetrics, writeMetrics } from '../../services/telemetry/push.ts';
import { type Handler, serveHandler } from '../support/http-server.ts';

const GROUP = { pipeline: 'fama-french', step: 'convert' };
const registry = () =>
  registryOf([{ name: 'argosy_step_last_status', labels: { ...GROUP }, value: 1 }]);

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function serve(handler: Handler): Promise<string> {
  const server = await serveHandler(handler);
  cleanups.push(() => server.close());
  return server.url;
}

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'argosy-metric-'));
  cleanups.push(() => rm(folder, { recursive: true }));
  return folder;
}

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
    expect(await pushMetrics({ url }, GROUP, await registry())).toBeNull();
    expect(requests[0]).toBe('POST /metrics/job/argosy/pipeline/fama-french/step/convert');
    expect(requests[1]).toContain('argosy_step_last_status');
  });

  it('returns what a refusing gateway said and does not throw', async () => {
    const url = await serve((_request, response) => void response.writeHead(400).end('bad'));
    expect(await pushMetrics({ url }, GROUP, await registry())).toMatch(/status 400, bad/);
  });

  it('returns that nobody listens', async () => {
    const url = await serve((_request, response) => void response.end());
    await cleanups.pop()?.();
    expect(await pushMetrics({ url }, GROUP, await registry())).toMatch(/ECONNREFUSED/);
  });

  it.each([
    ['never answers', () => undefined],
    ['never ends its answer', (response: ServerResponse) => response.writeHead(200).write('x')],
  ])('gives up on a gateway that %s', async (_name, answer) => {
    const url = await serve((_request, response) => void answer(response));
    expect(await pushMetrics({ url, timeoutMs: 50 }, GROUP, await registry())).toMatch(
      /timeout|abort/i,
    );
  });
});

describe('writeMetrics', () => {
  it('leaves one file of the step and nothing half-written beside it', async () => {
    const folder = join(await emptyFolder(), 'metrics');
    const texts = Array.from({ length: 8 }, (_, n) => `argosy_x ${n}\n`.repeat(2_000));
    await Promise.all(texts.map((text) => writeMetrics(folder, GROUP, text)));
    expect(await readdir(folder)).toEqual(['fama-french.convert.prom']);
    const text = await readFile(join(folder, 'fama-french.convert.prom'), 'utf8');
    expect(texts).toContain(text);
  });

  it('keeps a step apart from a pipeline that is called like both', async () => {
    const folder = await emptyFolder();
    await writeMetrics(folder, { pipeline: 'csv', step: 'intake' }, 'a 1\n');
    await writeMetrics(folder, { pipeline: 'csv-intake' }, 'b 1\n');
    expect(await readdir(folder)).toHaveLength(2);
  });

  it('refuses a name that is a path', async () => {
    const folder = await emptyFolder();
    const group = { pipeline: 'x', step: '../../etc' };
    await expect(writeMetrics(folder, group, '')).rejects.toMatchObject({ kind: 'bug' });
  });
});
