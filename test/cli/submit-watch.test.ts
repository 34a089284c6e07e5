import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cli, type CliEnd, type CliOptions } from '../support/cli.ts';
import {
  type KubernetesServer,
  kubernetesServer,
  sendStatus,
} from '../support/kubernetes-server.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { type NodeWish, templateObject, workflowObject } from '../support/workflow-object.ts';

let folder: TempFolder;
let server: KubernetesServer;
let env: Record<string, string>;
beforeEach(async () => {
  folder = await tempFolder();
  server = await kubernetesServer();
  server.put('workflowtemplates', templateObject());
  env = { KUBECONFIG: await server.kubeconfig(folder.path), ARGOSY_S3_REGION: 'us-east-1' };
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await folder.remove();
});

function argosy(argv: readonly string[], options: Partial<CliOptions> = {}): Promise<CliEnd> {
  return cli(argv, { cwd: folder.path, ...options, env: { ...env, ...options.env } });
}

const DATED = ['submit', 'fama-french', '-p', 'logical-date=2026-01-05'];
const NAME = 'fama-french-20260105';

function specOf(name: string): Record<string, unknown> {
  return server.get('workflows', name)?.spec as Record<string, unknown>;
}

const at = (second: number): string => `2026-11-21T12:00:${String(second).padStart(2, '0')}Z`;

/** A run as the controller leaves it: fetch with attempts, a fan-out, a step that was left out, the exit handler. */
function nodesOf(fetchPhases: readonly string[], name = NAME): NodeWish[] {
  const isGood = fetchPhases.at(-1) === 'Succeeded';
  const end = isGood ? 'Succeeded' : 'Failed';
  const attempts = fetchPhases.map((phase, index) => ({
    name: `${name}.fetch(${index})`,
    displayName: `fetch(${index})`,
    phase,
    templateName: 'fetch',
    boundary: name,
    startedAt: at(index * 2),
    finishedAt: at(index * 2 + 1),
    ...(phase === 'Failed'
      ? { exitCode: String(30 + index), message: `main: Error (exit code ${30 + index})` }
      : {}),
    ...(phase === 'Succeeded' ? { exitCode: '0', outputs: { pending: '2' } } : {}),
  }));
  const item = (index: number) => ({
    name: `${name}.transform(${index}:s-${index})`,
    displayName: `transform(${index}:s-${index})`,
    templateName: 'transform',
    boundary: name,
    outputs: { rows: '1200' },
    startedAt: at(20),
    finishedAt: at(25),
  });
  const rest = [
    {
      name: `${name}.transform`,
      type: 'TaskGroup',
      boundary: name,
      startedAt: at(20),
      finishedAt: at(25),
    },
    item(0),
    item(1),
    {
      name: `${name}.tables`,
      type: 'Skipped',
      phase: 'Skipped',
      boundary: name,
      startedAt: at(26),
    },
  ];
  return [
    { name, type: 'DAG', phase: end, templateName: 'main', startedAt: at(0), finishedAt: at(30) },
    {
      name: `${name}.fetch`,
      type: 'Retry',
      phase: end,
      boundary: name,
      startedAt: at(0),
      finishedAt: at(10),
    },
    ...attempts,
    ...(isGood ? rest : []),
    {
      name: `${name}.onExit`,
      displayName: `${name}.onExit`,
      templateName: 'exit',
      startedAt: at(40),
      finishedAt: at(41),
    },
  ];
}

/** Lets the controller finish the workflow as soon as it is watched. */
function endWith(phase: string, nodes: readonly NodeWish[], name = NAME): void {
  server.next('watch', 'workflows', () => {
    server.put('workflows', workflowObject({ name, phase, nodes, spec: specOf(name) }));
    return 'as usual';
  });
}

describe('argosy submit --watch', () => {
  it('shows the tree as it grows and a summary of what the steps have counted', async () => {
    endWith('Succeeded', nodesOf(['Failed', 'Succeeded']));
    const { exitCode, stdout, stderr } = await argosy([...DATED, '--watch']);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      [
        `${NAME} succeeded`,
        '  namespace  argosy (lab)',
        '  steps      4 succeeded, 1 skipped, 1 attempt repeated',
        '  fetch      2 pending',
        '  transform  2,400 rows',
        '  time       1m 00s',
        '',
        'next:',
        '  npx argosy status fama-french --cluster  # runs and schedules',
        `  npx argosy follow ${NAME}  # this tree again`,
        '',
      ]
        .join('\n')
        .replace(/(follow \S+) {2}#/, '$1   #'),
    );
    expect(stderr.replaceAll(/^\d\d:\d\d:\d\d /gm, '')).toBe(
      [
        `${NAME} pending  waits for the workflow controller`,
        'fetch(0) failed  1.0 s  main: Error (exit code 30)',
        'fetch(1) succeeded  1.0 s',
        'transform(0:s-0) succeeded  5.0 s',
        'transform(1:s-1) succeeded  5.0 s',
        `${NAME}.onExit succeeded  1.0 s`,
        '',
      ].join('\n'),
    );
  });

  it('ends with the exit code of the first step that failed for good, and its own words', async () => {
    endWith('Failed', nodesOf(['Failed', 'Failed']));
    server.logs.set(
      `${NAME}-fetch-${hashOf(`${NAME}.fetch(1)`)}`,
      [
        'time=2026-11-21T12:00:02Z level=INFO msg="waiting for signals" argo=true',
        '{"timestamp":"2026-11-21T12:00:02.1Z","level":"warn","event":"source.retry","step":"fetch","attempt":1}',
        'plain \u001b[31mred\u001b[0m https://me:hunter2@example.org',
        '{"timestamp":"2026-11-21T12:00:03Z","level":"error","event":"step.failed","step":"fetch","kind":"throttled","reason":"the archive answered 429","hint":"wait an hour"}',
        'Error: exit status 31',
        '',
      ].join('\n'),
    );
    const { exitCode, stdout, stderr } = await argosy([...DATED, '--watch']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 31, stdout: '' });
    expect(stderr).toContain(
      [
        '',
        'the last lines of fetch:',
        '  12:00:02 warn  source.retry     attempt=1',
        '  plain \\u001b[31mred\\u001b[0m https://me:***@example.org',
        '  12:00:03 error step.failed      kind=throttled reason="the archive answered 429" hint="wait an hour"',
        '',
        `error: ${NAME}, step fetch: the archive answered 429`,
        'hint: wait an hour',
        '',
      ].join('\n'),
    );
  });

  it('shows the end of a log that is too long, which tells of the failure', async () => {
    endWith('Failed', nodesOf(['Failed']));
    const long = Array.from({ length: 3 }, (_, index) => `${index}${'x'.repeat(40_000)}`);
    server.logs.set(
      `${NAME}-fetch-${hashOf(`${NAME}.fetch(0)`)}`,
      [...long, '{"level":"error","event":"step.failed","reason":"the disk is full"}', ''].join(
        '\n',
      ),
    );
    const { stderr } = await argosy([...DATED, '--watch']);
    expect(stderr).toContain(`error: ${NAME}, step fetch: the disk is full\n`);
    expect(stderr).not.toContain('1x');
  });

  it('says that the log is gone with its pod, and keeps the exit code', async () => {
    endWith('Failed', nodesOf(['Failed']));
    const { exitCode, stderr } = await argosy([...DATED, '--watch']);
    expect(exitCode).toBe(30);
    expect(stderr).toContain(`error: ${NAME}, step fetch: main: Error (exit code 30)\n`);
    expect(stderr).toMatch(
      /hint: no log: there is no pod fama-french-20260105-fetch-\d+ \(any more\); .*argo logs/,
    );
  });

  it('says which right is missing to read the log', async () => {
    endWith('Failed', nodesOf(['Failed']));
    server.always('get', 'pods/log', (_request, response) =>
      sendStatus(
        response,
        403,
        'pods "x" is forbidden: User "dev" cannot get resource "pods/log" in API group ""',
        'Forbidden',
      ),
    );
    const { exitCode, stderr } = await argosy([...DATED, '--watch']);
    expect(exitCode).toBe(30);
    expect(stderr).toContain('no log: dev may not get pods/log in namespace argosy');
  });

  it.each([
    ['stopped', { message: "Stopped with strategy 'Stop'", nodes: [] as NodeWish[] }, 143],
    [
      'refused by the controller',
      { message: 'invalid spec: templates.main: bad', nodes: [] as NodeWish[] },
      51,
    ],
    [
      'without its pod',
      { message: 'pod deleted', nodes: [{ name: NAME, phase: 'Error', message: 'pod deleted' }] },
      30,
    ],
  ])('has an exit code for a run that was %s', async (_what, { message, nodes }, expected) => {
    server.next('watch', 'workflows', () => {
      server.put(
        'workflows',
        workflowObject({ name: NAME, phase: 'Error', message, nodes, spec: specOf(NAME) }),
      );
      return 'as usual';
    });
    const { exitCode, stderr } = await argosy([...DATED, '--watch']);
    expect(exitCode).toBe(expected);
    expect(stderr).toContain(message);
  });

  it('prints the outcome and every node as JSON', async () => {
    endWith('Succeeded', nodesOf(['Succeeded']));
    const { exitCode, stdout } = await argosy([...DATED, '--watch', '--json']);
    expect(exitCode).toBe(0);
    const { nodes, ...outcome } = JSON.parse(stdout) as { nodes: { name: string }[] };
    expect(outcome).toEqual({
      runName: NAME,
      phase: 'Succeeded',
      exitCode: 0,
      startedAt: '2026-11-21T12:00:00.000Z',
      finishedAt: '2026-11-21T12:01:00.000Z',
    });
    expect(nodes).toHaveLength(8);
  });

  it('follows the run that is there already', async () => {
    await argosy(DATED);
    endWith('Succeeded', nodesOf(['Succeeded']));
    const { exitCode, stderr, stdout } = await argosy([...DATED, '--watch']);
    expect(exitCode).toBe(0);
    expect(stderr).toContain('is there already');
    expect(stdout).toContain(`${NAME} succeeded`);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'leaves the workflow running on %s, and says how to go on',
    async (signal, expected) => {
      const fetch = {
        name: `${NAME}.fetch`,
        phase: 'Running',
        boundary: NAME,
        templateName: 'fetch',
      };
      const nodes = [{ name: NAME, type: 'DAG', phase: 'Running' }, fetch];
      server.next('watch', 'workflows', () => {
        server.put(
          'workflows',
          workflowObject({ name: NAME, phase: 'Running', nodes, spec: specOf(NAME) }),
        );
        return 'as usual';
      });
      const { exitCode, stdout, stderr } = await argosy([...DATED, '--watch'], {
        interrupt: { signal, when: 'fetch running' },
      });
      expect({ exitCode, stdout }).toEqual({ exitCode: expected, stdout: '' });
      expect(stderr).toContain(
        `${NAME} runs on\n  npx argosy follow ${NAME}  # look again\n  npx argosy stop ${NAME}  # stop it\n`,
      );
      expect(stderr).not.toMatch(/stopping|half-written/);
      expect(server.requests.some((one) => one.startsWith('patch'))).toBe(false);
    },
  );
});

describe('argosy follow, stop and status --cluster', () => {
  it('shows the tree of a run that has ended once', async () => {
    server.put(
      'workflows',
      workflowObject({ name: NAME, phase: 'Succeeded', nodes: nodesOf(['Succeeded']) }),
    );
    const { exitCode, stdout, stderr } = await argosy(['follow', NAME]);
    expect(exitCode).toBe(0);
    expect(stderr).toContain('transform(0:s-0) succeeded');
    expect(stdout).toContain(`${NAME} succeeded`);
    expect(server.requests).not.toContain('watch workflows');
  });

  it('is not found when there is no such run', async () => {
    const { exitCode, stderr } = await argosy(['follow', 'nothing']);
    expect(exitCode).toBe(23);
    expect(stderr).toContain(
      'error: there is no workflow nothing in namespace argosy of lab\nhint: ',
    );
  });

  it('stops a run, and says so when it had ended already', async () => {
    server.put('workflows', workflowObject({ name: NAME, phase: 'Running' }));
    const first = await argosy(['stop', NAME]);
    expect(first).toMatchObject({ exitCode: 0, stdout: `${NAME}\n` });
    expect(first.stderr).toContain('its exit handler still runs');
    expect(specOf(NAME)).toMatchObject({ shutdown: 'Stop' });
    server.put('workflows', workflowObject({ name: NAME, phase: 'Succeeded' }));
    expect(await argosy(['stop', NAME])).toEqual({
      exitCode: 0,
      stdout: `${NAME}\n`,
      stderr: `${NAME} had ended already: Succeeded\n`,
    });
  });

  it('lists runs and schedules of the pipeline', async () => {
    const labels = {
      'argosy.dev/pipeline': 'fama-french',
      'argosy.dev/trigger': 'cron',
      'argosy.dev/logical-date': '2026-01-05',
    };
    server.put(
      'workflows',
      workflowObject({
        name: NAME,
        phase: 'Failed',
        message: 'child failed',
        labels,
        status: { progress: '3/4' },
      }),
    );
    server.put('cronworkflows', {
      metadata: { name: 'daily' },
      spec: {
        schedules: ['0 6 * * *'],
        timezone: 'UTC',
        workflowSpec: { workflowTemplateRef: { name: 'fama-french' } },
      },
    });
    const { exitCode, stdout } = await argosy(['status', 'fama-french', '--cluster']);
    expect(exitCode).toBe(0);
    const lines = stdout.split('\n').map((line) => line.split(/ {2,}/));
    expect(lines[2]).toEqual([
      NAME,
      'Failed',
      'cron',
      '2026-01-05',
      '2026-11-21 12:00:00',
      '1m 00s',
      '3/4',
      'child failed',
    ]);
    expect(lines[6]?.slice(0, 4)).toEqual(['daily', '0 6 * * *', 'UTC', 'active']);
    expect(lines[6]?.at(-1)).toMatch(/^\d{4}-\d{2}-\d{2} 06:00:00$/);
    const json = await argosy(['status', 'fama-french', '--cluster', '--json']);
    const read = JSON.parse(json.stdout) as Record<string, unknown[]>;
    expect(read['runs']).toHaveLength(1);
    expect(read['schedules']).toHaveLength(1);
    server.always('list', 'cronworkflows', (_request, response) =>
      sendStatus(response, 403, 'x is forbidden: User "dev" cannot list', 'Forbidden'),
    );
    const some = await argosy(['status', 'fama-french', '--cluster']);
    expect(some.stdout).toContain(NAME);
    expect(some.stderr).toBe(
      'warning: no schedules are shown: dev may not list cronworkflows in namespace argosy\n',
    );
    const none = await argosy(['status', 'market', '--cluster']);
    expect(none.exitCode).toBe(51);
  });
});

/** FNV-1a, 32 bits: the end of a pod's name. */
function hashOf(text: string): number {
  let hash = 2166136261n;
  for (const byte of Buffer.from(text)) hash = ((hash ^ BigInt(byte)) * 16777619n) & 0xffffffffn;
  return Number(hash);
}
