import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cli } from '../../support/cli.ts';
import { type KubernetesServer, kubernetesServer } from '../../support/kubernetes-server.ts';
import { describeLong } from '../../support/require-component.ts';
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts';
import { workflowObject } from '../../support/workflow-object.ts';

const BUCKET = '.argosy/store/argosy-csv-intake';
const DAYS = ['--from', '2020-01-01', '--to', '2099-12-31', '--cluster'];
let home: TempFolder;
let server: KubernetesServer;
let env: Record<string, string>;
/** How the controller ends a workflow, by its name. */
let phaseOf: (name: string) => 'Succeeded' | 'Failed';

beforeEach(async () => {
  home = await tempFolder();
  server = await kubernetesServer();
  const named = ['logical-date', 'event-key', 'force', 'trigger'];
  const parameters = named.map((name) => ({ name, value: '' }));
  server.put('workflowtemplates', {
    metadata: { name: 'csv-intake', labels: { 'argosy.dev/pipeline': 'csv-intake' } },
    spec: { arguments: { parameters } },
  });
  env = { KUBECONFIG: await server.kubeconfig(home.path) };
  await mkdir(join(home.path, BUCKET, 'uploads'), { recursive: true });
  for (const name of ['a', 'b'])
    await writeFile(join(home.path, BUCKET, `uploads/${name}.csv`), 'x\n1\n');
  phaseOf = () => 'Succeeded';
  server.always('watch', 'workflows', ({ query }) => {
    const name = /metadata\.name=(.+)/.exec(query.get('fieldSelector') ?? '')?.[1] ?? '';
    const spec = server.get('workflows', name)?.spec as Record<string, unknown>;
    server.put('workflows', workflowObject({ name, phase: phaseOf(name), nodes: [], spec }));
    return 'as usual';
  });
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await home.remove();
});

const argosy = (...argv: string[]) => cli(argv, { cwd: home.path, env });
const created = () => server.requests.filter((text) => text.startsWith('create workflows'));

describeLong('argosy backfill --cluster', () => {
  it('submits a workflow a run, follows it, and after a failure submits that one again under another name', async () => {
    const dry = await argosy('backfill', 'csv-intake', ...DAYS, '--dry-run', '--json');
    const { plan } = JSON.parse(dry.stdout) as { plan: { id: string; units: { runId: string }[] } };
    const [first = '', second = ''] = plan.units.map(({ runId }) => runId);
    expect(created()).toEqual([]);
    phaseOf = (name) => (name === second ? 'Failed' : 'Succeeded');
    const end = await argosy('backfill', 'csv-intake', ...DAYS, '--yes');
    expect(end.exitCode).not.toBe(0);
    expect(end.stdout).toContain('1 of 2 runs done, 1 failed');
    const { spec } = server.get('workflows', first) ?? {};
    expect(JSON.stringify(spec)).toContain('"name":"event-key","value":"uploads%2Fa.csv"');
    const { body = '' } = server.seen.find(({ verb }) => verb === 'create') ?? {};
    expect(body).toContain('"argosy.dev/trigger":"backfill"');
    const resumed = await argosy('backfill', '--resume', plan.id, '--cluster');
    expect(resumed.stdout).toContain('2 of 2 runs done');
    expect(server.get('workflows', `${second}-2`)).toBeDefined();
    expect(created()).toHaveLength(3);
    // Nothing has profiled them, in this cluster.
    expect([resumed.exitCode, resumed.stderr]).toEqual([
      21,
      expect.stringContaining('a.csv is missing'),
    ]);
  });

  it('follows a workflow that was submitted before whoever did so was killed, and submits none twice', async () => {
    const dry = await argosy('backfill', 'csv-intake', ...DAYS, '--dry-run', '--json');
    const { plan } = JSON.parse(dry.stdout) as { plan: { id: string; units: { runId: string }[] } };
    for (const { runId } of plan.units) {
      const spec = { arguments: { parameters: [] } };
      server.put('workflows', workflowObject({ name: runId, phase: 'Running', nodes: [], spec }));
    }
    const end = await argosy('backfill', 'csv-intake', ...DAYS, '--yes', '--concurrency', '2');
    expect(end.stdout).toContain('2 of 2 runs done');
    expect(
      plan.units.every(({ runId }) => server.get('workflows', `${runId}-2`) === undefined),
    ).toBe(true);
  });
});
