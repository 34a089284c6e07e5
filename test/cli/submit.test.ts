import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cli, type CliEnd, type CliOptions } from '../support/cli.ts';
import {
  type KubernetesServer,
  kubernetesServer,
  sendStatus,
} from '../support/kubernetes-server.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { templateObject, workflowObject } from '../support/workflow-object.ts';

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

describe('argosy submit', () => {
  it('prints the name of the workflow, and what to type next', async () => {
    const { exitCode, stdout, stderr } = await argosy([...DATED, '--context', 'lab']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${NAME}\n` });
    expect(stderr).toBe(
      `submitted to namespace argosy of lab\n  npx argosy follow ${NAME} --context lab  # watch it\n  npx argosy stop ${NAME} --context lab  # stop it\n`,
    );
    expect(server.get('workflows', NAME)?.metadata.labels).toMatchObject({
      'argosy.dev/pipeline': 'fama-french',
      'argosy.dev/trigger': 'manual',
      'argosy.dev/logical-date': '2026-01-05',
    });
  });

  it('names a run after the time when no date is given, and finds a free name in the same second', async () => {
    server.next('create', 'workflows', (_request, response) =>
      sendStatus(response, 409, 'already exists', 'AlreadyExists'),
    );
    const { exitCode, stdout } = await argosy(['submit', 'fama-french']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^fama-french-\d{8}-\d{6}-2\n$/);
  });

  it('takes today for a logical date that the template leaves open, and says what else it needs', async () => {
    server.put('workflowtemplates', {
      metadata: { name: 'open' },
      spec: {
        arguments: {
          parameters: [{ name: 'logical-date' }, { name: 'bucket', description: 'whose' }],
        },
      },
    });
    const missing = await argosy(['submit', 'open']);
    expect(missing.exitCode).toBe(51);
    expect(missing.stderr).toBe(
      'error: open needs -p bucket=… (whose)\nhint: it takes logical-date, bucket\n',
    );
    const { stdout } = await argosy(['submit', 'open', '-p', 'bucket=b']);
    const { spec } = server.get('workflows', stdout.trim()) as {
      spec: { arguments: { parameters: { value: string }[] } };
    };
    expect(spec.arguments.parameters[0]?.value).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  });

  it.each([
    [
      'a name that the template lacks',
      ['-p', 'vintge=2017'],
      'fama-french has no parameter vintge',
      'did you mean vintage?',
    ],
    [
      'a value that is not listed',
      ['-p', 'force=yes'],
      '-p force=yes: not one of its values',
      'it may be false, true',
    ],
    [
      'a date that is none',
      ['-p', 'logical-date=2026-02-30'],
      '-p logical-date=2026-02-30 is no day',
      'yyyy-mm-dd',
    ],
    [
      'a tag that the controller would expand',
      ['-p', 'vintage={{workflow.name}}'],
      '-p vintage={{workflow.name}}: Argo would expand',
      'the value itself',
    ],
    ['no name=value', ['-p', 'vintage'], '-p vintage: not of the form name=value', 'for example'],
    [
      'a name that Kubernetes refuses',
      ['--name', 'My_Run'],
      'My_Run is no name for a workflow',
      'at most 63',
    ],
  ])('refuses %s before anything is created', async (_what, flags, message, hint) => {
    const { exitCode, stdout, stderr } = await argosy(['submit', 'fama-french', ...flags]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 51, stdout: '' });
    expect(stderr).toContain(`error: ${message}`);
    expect(stderr).toContain(hint);
    expect(server.requests.filter((one) => one.startsWith('create'))).toEqual([]);
  });

  it('says what to do when there is no cluster', async () => {
    const { exitCode, stderr } = await argosy(DATED, {
      env: { KUBECONFIG: '', HOME: folder.path },
    });
    expect(exitCode).toBe(51);
    expect(stderr).toMatch(/^error: no Kubernetes cluster is configured\nhint: .*--kubeconfig/);
  });
});

describe('a submit that is stopped', () => {
  it('says that the workflow may have been created', async () => {
    server.always('create', 'workflows', () => undefined);
    const create = argosy(DATED, {
      env: { ARGOSY_LOG_LEVEL: 'debug' },
      interrupt: { signal: 'SIGINT', when: 'create workflows' },
    });
    const { exitCode, stderr } = await create;
    expect(exitCode).toBe(130);
    expect(stderr).toContain(
      `stopped before the answer came; if ${NAME} was created, it runs on\n`,
    );
  });
});

describe('the same work again', () => {
  it('is there already, which is no error', async () => {
    await argosy(DATED);
    server.put('workflows', workflowObject({ name: NAME, phase: 'Running', spec: specOf(NAME) }));
    const again = await argosy([...DATED, '-p', 'force=false']);
    expect(again).toEqual({
      exitCode: 0,
      stdout: `${NAME}\n`,
      stderr: `${NAME} is there already: Running since 2026-11-21 12:00:00 UTC; nothing was created\n  npx argosy follow ${NAME}  # watch it\n  npx argosy stop ${NAME}  # stop it\n`,
    });
    const { stdout } = await argosy([...DATED, '--json']);
    expect(JSON.parse(stdout)).toEqual({
      runName: NAME,
      namespace: 'argosy',
      context: 'lab',
      created: false,
      phase: 'Running',
    });
  });

  it('is other work with other parameters, in whatever order they stand', async () => {
    const more = ['-p', 'vintage=2017-07', '-p', 'min-year=2010'];
    const first = await argosy([...DATED, ...more]);
    expect(first.stdout).toMatch(new RegExp(`^${NAME}-[0-9a-f]{8}\\n$`));
    const turned = await argosy([...DATED, ...more.slice(2), ...more.slice(0, 2)]);
    expect(turned.stdout).toBe(first.stdout);
    expect(turned.stderr).toContain('is there already');
    const other = await argosy([...DATED, '-p', 'vintage=2018-07']);
    expect(other.stdout).not.toBe(first.stdout);
  });

  it('is a conflict when it has failed, for it would not be done', async () => {
    await argosy(DATED);
    server.put('workflows', workflowObject({ name: NAME, phase: 'Failed', spec: specOf(NAME) }));
    const { exitCode, stdout, stderr } = await argosy(DATED);
    expect({ exitCode, stdout }).toEqual({ exitCode: 32, stdout: '' });
    expect(stderr).toContain(
      `error: ${NAME} is there already, and has failed since 2026-11-21 12:01:00 UTC`,
    );
    expect(stderr).toContain(`kubectl delete workflow ${NAME}`);
  });

  it('is a conflict when --name is that of other work', async () => {
    await argosy(['submit', 'fama-french', '--name', 'mine', '-p', 'vintage=2017']);
    const { exitCode, stderr } = await argosy([
      'submit',
      'fama-french',
      '--name',
      'mine',
      '-p',
      'force=true',
    ]);
    expect(exitCode).toBe(32);
    expect(stderr).toContain('error: mine is there already, and it has another force, vintage\n');
    const same = await argosy(['submit', 'fama-french', '--name', 'mine', '-p', 'vintage=2017']);
    expect(same).toMatchObject({ exitCode: 0, stdout: 'mine\n' });
  });
});

function specOf(name: string): Record<string, unknown> {
  return server.get('workflows', name)?.spec as Record<string, unknown>;
}

describe('argosy submit --dry-run', () => {
  it('prints what the server would keep, and creates nothing', async () => {
    const { exitCode, stdout } = await argosy([...DATED, '--dry-run']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('value: "2026-01-05"');
    expect(stdout).toContain(`name: ${NAME}`);
    expect(server.seen.find(({ verb }) => verb === 'create')?.query.get('dryRun')).toBe('All');
    expect(server.get('workflows', NAME)).toBeUndefined();
  });

  it('does not take a pipeline for its mode', async () => {
    const { exitCode, stderr } = await argosy(['submit', '--dry-run', 'fama-french']);
    expect(exitCode).toBe(51);
    expect(stderr).toContain("'fama-french' is invalid. Allowed choices are server, client");
  });

  it('needs no cluster as client, and checks against the workflow file at hand', async () => {
    const { exitCode, stdout } = await argosy([...DATED, '--dry-run=client', '--json'], {
      env: { KUBECONFIG: '/nowhere' },
    });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'Workflow',
      metadata: { name: NAME },
      spec: { workflowTemplateRef: { name: 'fama-french' } },
    });
    const wrong = await argosy([...DATED, '--dry-run=client', '-p', 'vintge=1']);
    expect(wrong.exitCode).toBe(51);
    expect(server.requests).toEqual([]);
  });
});
