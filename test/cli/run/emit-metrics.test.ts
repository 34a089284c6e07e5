import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cli } from '../../support/cli.ts';
import { type LoopbackServer, serveHandler } from '../../support/http-server.ts';
import { describeLong } from '../../support/require-component.ts';
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts';

const CANARY = 'canary-secret-91af';

interface Push {
  path: string;
  body: string;
}

let home: TempFolder;
let gateway: LoopbackServer;
let pushes: Push[];

beforeEach(async () => {
  home = await tempFolder();
  pushes = [];
  gateway = await serveHandler(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    pushes.push({ path: request.url ?? '', body });
    response.writeHead(202).end();
  });
});
afterEach(async () => {
  await gateway.close();
  await home.remove();
});

const step = (name: string, flags: string[], env: Record<string, string> = {}) =>
  cli(['step', 'fama-french', name, ...flags], {
    cwd: home.path,
    env: {
      ARGOSY_PUSHGATEWAY_URL: gateway.url,
      ARGOSY_RUN_ID: 'run-1',
      ARGOSY_OUT: `${home.path}/out`,
      ARGOSY_LOG_FORMAT: 'json',
      ...env,
    },
  });

/** A gateway that takes the metrics and never answers; it measures how long each push waits for it. */
async function hangingGateway() {
  const heldMs: number[] = [];
  let openCount = 0;
  let openCountMax = 0;
  const server = await serveHandler((request) => {
    const begin = performance.now();
    openCount += 1;
    openCountMax = Math.max(openCountMax, openCount);
    request.socket.once('close', () => {
      openCount -= 1;
      heldMs.push(performance.now() - begin);
    });
  });
  return { ...server, heldMs, openCountMax: () => openCountMax };
}

describe('a step that fails', () => {
  it('pushes its metrics all the same: its status is 0 and its counts are there', async () => {
    const { exitCode } = await step('fetch', ['--archive-url=file:gone']);
    expect(exitCode).toBe(23);
    expect(pushes.map(({ path }) => path)).toEqual([
      '/metrics/job/argosy/pipeline/fama-french/step/fetch',
    ]);
    const own = 'pipeline="fama-french",step="fetch"';
    expect(pushes[0]?.body).toContain(`argosy_step_last_status{${own}} 0`);
    expect(pushes[0]?.body).toContain(`argosy_step_rows{${own},outcome="read"} 0`);
    expect(pushes[0]?.body).toContain(`argosy_step_store_calls{${own},method="get",outcome="ok"}`);
  });

  it('ends with the code of its failure when nobody takes its metrics, and warns', async () => {
    const url = gateway.url;
    await gateway.close();
    const end = await step('fetch', ['--archive-url=file:gone'], { ARGOSY_PUSHGATEWAY_URL: url });
    expect(end.exitCode).toBe(23);
    expect(end.stderr).toContain('metrics.not_pushed');
  });
});

describeLong('a gateway that never answers', () => {
  it('costs a step that is told to stop two seconds, and it still ends with 143', async () => {
    await using hanging = await hangingGateway();
    await using page = await serveHandler(() => undefined);
    const { exitCode, stderr } = await cli(
      ['step', 'fama-french', 'fetch', `--archive-url=${page.url}/`],
      {
        cwd: home.path,
        env: { ARGOSY_PUSHGATEWAY_URL: hanging.url, ARGOSY_OUT: `${home.path}/out` },
        interrupt: { signal: 'SIGTERM', when: 'step.start' },
      },
    );
    expect(exitCode).toBe(143);
    expect(stderr).toContain('metrics.not_pushed');
    await expect.poll(() => hanging.heldMs).toHaveLength(1);
    expect(hanging.heldMs[0]).toBeLessThan(2_900);
  });

  it('costs the exit step three seconds, however many steps it tells of', async () => {
    await step('fetch', ['--archive-url=file:gone']);
    await step('catalogue', []);
    await using hanging = await hangingGateway();
    const end = await step('exit', ['--status=Failed', '--duration=9'], {
      ARGOSY_PUSHGATEWAY_URL: hanging.url,
    });
    expect(end.exitCode).toBe(0);
    await expect.poll(() => hanging.heldMs).toHaveLength(3);
    expect(hanging.openCountMax()).toBe(3);
    expect(Math.max(...hanging.heldMs)).toBeLessThan(4_500);
  });
});

describe('the exit step', () => {
  it('pushes the run, and each of its steps once more', async () => {
    await step('fetch', ['--archive-url=file:gone']);
    pushes.splice(0);
    await step('exit', ['--status=Failed', '--duration=9']);
    expect(pushes.map(({ path }) => path).toSorted()).toEqual([
      '/metrics/job/argosy/pipeline/fama-french',
      '/metrics/job/argosy/pipeline/fama-french/step/fetch',
    ]);
    const body = pushes.find(({ path }) => path.endsWith('/fama-french'))?.body;
    expect(body).toContain('argosy_pipeline_last_run_status{pipeline="fama-french"} 0');
    expect(body).toContain('argosy_pipeline_last_run_duration_seconds{pipeline="fama-french"} 9');
    expect(body).toContain('argosy_runs_total{pipeline="fama-french",status="failed"} 1');
    expect(body).not.toContain('last_success');
  });

  it.each([
    ['a dry run', [], ['--dry-run=true']],
    ['a sweep with nothing to do', ['extract'], []],
  ])('says nothing of the pipeline after %s', async (_name, steps, flags) => {
    const env = { ARGOSY_TRIGGER: 'event' };
    for (const name of steps) expect((await step(name, [], env)).exitCode).toBe(0);
    pushes.splice(0);
    const end = await step('exit', ['--status=Succeeded', '--duration=9', ...flags], env);
    expect(end.exitCode).toBe(0);
    expect(pushes.map(({ path }) => path)).toEqual(
      steps.map((name) => `/metrics/job/argosy/pipeline/fama-french/step/${name}`),
    );
  });

  it('tells that the run failed even when the store cannot be asked', async () => {
    // A store that is a file is none: neither records nor totals can be read.
    const end = await step('exit', ['--status=Failed', '--duration=9'], {
      ARGOSY_STORE: 'file:/dev/null/store',
    });
    expect(end.exitCode).not.toBe(0);
    expect(pushes.map(({ body }) => body).join()).toContain(
      'argosy_pipeline_last_run_status{pipeline="fama-french"} 0',
    );
  });
});

it('no secret gets into the metrics', async () => {
  await step('fetch', [`--archive-url=http://user:${CANARY}@127.0.0.1:1/?key=${CANARY}`], {
    ARGOSY_NOTIFY_WEBHOOK_URL: `https://hooks.example/${CANARY}`,
    AWS_SECRET_ACCESS_KEY: CANARY,
  });
  expect(pushes).toHaveLength(1);
  expect(JSON.stringify(pushes)).not.toContain(CANARY);
});

it('each line of the log of a step is one JSON object with pipeline, step and run_id', async () => {
  const { stderr } = await step('fetch', ['--archive-url=file:gone']);
  const lines = stderr.split('\n').filter((line) => line.startsWith('{'));
  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines) {
    expect(JSON.parse(line)).toMatchObject({
      timestamp: expect.any(String) as string,
      level: expect.any(String) as string,
      event: expect.any(String) as string,
      pipeline: 'fama-french',
      step: 'fetch',
      run_id: 'run-1',
    });
  }
});
