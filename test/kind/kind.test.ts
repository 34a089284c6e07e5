import { spawn } from 'node:child_process';
import { chmod, cp, mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { describeLong } from '../support/require-component.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TOOLS = ['docker', 'kind', 'kubectl', 'helm'];

/**
 * Stands for each of the four programs: notes its words, and behaves as the file beside it of its own name says. `kind`
 * keeps its clusters in a file, as the real one keeps them in docker.
 */
const STAND_IN = `#!${process.execPath}
const { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { basename, dirname, join } = require('node:path');
const here = dirname(process.argv[1]);
const name = basename(process.argv[1]);
const words = process.argv.slice(2).join(' ');
appendFileSync(join(here, 'calls'), name + ' ' + words + '\\n');
const fails = join(here, 'fails');
if (existsSync(fails) && (name + ' ' + words).includes(readFileSync(fails, 'utf8'))) {
  process.stderr.write(name + ' says no\\n');
  process.exit(9);
}
const clusters = join(here, 'clusters');
if (name === 'kind' && words === 'get clusters' && existsSync(clusters)) console.log('other\\nargosy');
if (name === 'kind' && words.startsWith('create cluster')) writeFileSync(clusters, '');
if (name === 'kind' && words.startsWith('delete cluster')) rmSync(clusters, { force: true });
if (name === 'docker' && words.startsWith('image inspect')) process.exit(existsSync(join(here, 'built')) ? 0 : 1);
if (name === 'docker' && words.startsWith('build')) writeFileSync(join(here, 'built'), '');
if (name === 'helm' && existsSync(join(here, 'waits'))) {
  process.stderr.write('helm waits\\n');
  setTimeout(() => undefined, 60000);
}
`;

let home: TempFolder;
beforeEach(async () => {
  home = await tempFolder();
  await writeFile(join(home.path, 'stand-in.cjs'), STAND_IN);
  await chmod(join(home.path, 'stand-in.cjs'), 0o755);
});
afterEach(() => home.remove());

/** Puts the programs on a PATH that holds nothing else. */
async function programs(names: readonly string[] = TOOLS): Promise<void> {
  for (const name of names) {
    await cp(join(home.path, 'stand-in.cjs'), join(home.path, 'bin', name), { recursive: true });
  }
}

interface End {
  exitCode: number | null;
  stdout: string;
  stderr: string;
  calls: string[];
}

async function kind(words: string[], onStderr?: (text: string, pid: number) => void): Promise<End> {
  await mkdir(join(home.path, 'bin'), { recursive: true });
  const child = spawn(process.execPath, [join(ROOT, 'bin/kind.mjs'), ...words], {
    env: { PATH: join(home.path, 'bin') },
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    said.stderr += chunk.toString();
    onStderr?.(said.stderr, child.pid ?? 0);
  });
  const exitCode = await new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  return { exitCode, ...said, calls: await calls() };
}

async function calls(): Promise<string[]> {
  const file = join(home.path, 'bin/calls');
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').filter(Boolean);
}

const briefly = (all: string[]): string[] =>
  all.map((call) =>
    call
      .replaceAll(ROOT, '')
      .replaceAll(/argosy:[0-9a-f]{12}/g, 'argosy:TAG')
      .replaceAll(/image\.tag=[0-9a-f]{12}/g, 'image.tag=TAG'),
  );

const WHERE = '--context kind-argosy';
const ARGO = [
  `kubectl ${WHERE} wait --for=condition=Ready nodes --all --timeout 180s`,
  `kubectl ${WHERE} apply --server-side --force-conflicts -k bin/kind/argo`,
  `kubectl ${WHERE} rollout status deployment/workflow-controller --namespace argo --timeout 300s`,
  `kubectl ${WHERE} rollout status deployment/argo-server --namespace argo --timeout 300s`,
];
const DEPLOY = [
  `kubectl ${WHERE} apply -f bin/kind/namespace.yaml`,
  'helm upgrade --install argosy helm/argosy --kube-context kind-argosy --namespace argosy ' +
    '--values helm/argosy/values-kind.yaml --set-string image.tag=TAG --wait --timeout 10m',
  `kubectl ${WHERE} apply -f bin/kind/doors.yaml`,
];

describeLong('npm run kind:up', () => {
  it('makes the cluster, installs Argo, loads the image by its content and installs the chart', async () => {
    await programs();
    const end = await kind(['up']);
    expect(end).toMatchObject({ exitCode: 0, stdout: '' });
    expect(briefly(end.calls)).toEqual([
      'kind get clusters',
      'kind create cluster --name argosy --config kind-config.yaml --wait 180s',
      ...ARGO,
      'docker image inspect argosy:TAG',
      'docker build --tag argosy:TAG ',
      'kind load docker-image argosy:TAG --name argosy',
      ...DEPLOY,
    ]);
    expect(end.stderr).toContain('http://127.0.0.1:3000');
    expect(end.stderr).toContain('argosy submit fama-french');
  });

  it('a second time goes on from what is there: no second cluster, no second build', async () => {
    await programs();
    await kind(['up']);
    const first = (await calls()).length;
    const end = await kind(['up']);
    expect(end.exitCode).toBe(0);
    expect(briefly(end.calls.slice(first))).toEqual([
      'kind get clusters',
      'kind export kubeconfig --name argosy',
      ...ARGO,
      'docker image inspect argosy:TAG',
      'kind load docker-image argosy:TAG --name argosy',
      ...DEPLOY,
    ]);
  });

  it.each([
    ['create cluster', 'kind create'],
    ['rollout status deployment/argo-server', 'kubectl --context'],
    ['docker build', 'docker build'],
    ['helm upgrade', 'helm upgrade'],
  ])('ends with 30 where "%s" fails, names it, and starts nothing more', async (fails, named) => {
    await programs();
    await writeFile(join(home.path, 'bin/fails'), fails);
    const end = await kind(['up']);
    expect(end.exitCode).toBe(30);
    expect(end.calls.at(-1)).toContain(fails);
    expect(end.stderr).toContain('says no');
    expect(end.stderr).toContain(`error: ${named} ended with exit code 9`);
    expect(end.stderr).toContain('npm run kind:up goes on from here');
  });

  it('says which programs are missing and where to get them, before it starts anything', async () => {
    await programs(['docker', 'kubectl']);
    const end = await kind(['up']);
    expect(end).toMatchObject({ exitCode: 51, calls: [] });
    expect(end.stderr).toContain('error: not on PATH: kind, helm');
    expect(end.stderr).toContain('https://kind.sigs.k8s.io/');
    expect(end.stderr).toContain('https://helm.sh/');
  });

  it('says so when docker does not run', async () => {
    await programs();
    await writeFile(join(home.path, 'bin/fails'), 'get clusters');
    const end = await kind(['up']);
    expect(end).toMatchObject({ exitCode: 30, calls: ['kind get clusters'] });
    expect(end.stderr).toContain('hint: is docker running?');
  });

  it('Ctrl-C lets the command under way end and starts no other', async () => {
    await programs();
    await writeFile(join(home.path, 'bin/waits'), '');
    let isSent = false;
    const end = await kind(['up'], (text, pid) => {
      if (isSent || !text.includes('helm waits')) return;
      isSent = true;
      // A terminal sends it to the whole group; SIGTERM is handed on by the program itself.
      process.kill(pid, 'SIGTERM');
    });
    expect(end.exitCode).toBe(130);
    expect(end.stderr).toContain('stopped; npm run kind:up goes on from here');
    expect(end.calls.at(-1)).toMatch(/^helm upgrade/);
  });

  it('--dry-run says all of it and runs none of it, with no program there', async () => {
    const end = await kind(['up', '--dry-run']);
    expect(end).toMatchObject({ exitCode: 0, calls: [] });
    expect(end.stderr.match(/^\$ /gm)).toHaveLength(10);
  });
});

describe('the other parts of the loop', () => {
  it('load and deploy after a change take the new tag, down deletes that one cluster', async () => {
    await programs();
    expect((await kind(['load'])).exitCode).toBe(0);
    expect((await kind(['deploy'])).exitCode).toBe(0);
    const end = await kind(['down']);
    expect(briefly(end.calls)).toEqual([
      'docker image inspect argosy:TAG',
      'docker build --tag argosy:TAG ',
      'kind load docker-image argosy:TAG --name argosy',
      // Loads again, for the tag may be another by now; the image is there.
      'docker image inspect argosy:TAG',
      'kind load docker-image argosy:TAG --name argosy',
      ...DEPLOY,
      'kind delete cluster --name argosy',
    ]);
  });

  it('status of no cluster says how to make one', async () => {
    await programs();
    const end = await kind(['status']);
    expect(end.exitCode).toBe(51);
    expect(end.stderr).toContain('hint: npm run kind:up makes it');
  });

  it.each([[], ['upp']])(
    '%j is answered with the parts that there are, and 51',
    async (...words) => {
      const end = await kind(words);
      expect(end.exitCode).toBe(51);
      expect(end.stderr).toMatch(/up .*\n.*load .*\n.*deploy .*\n.*status .*\n.*down /);
    },
  );
});

describe('the tag of the image', () => {
  it('changes with what the image is made from, and with nothing else', async () => {
    const { contentTag } = (await import(join(ROOT, 'bin/image-tag.mjs'))) as {
      contentTag: (this: void, root: string) => string;
    };
    const tree = join(home.path, 'tree');
    await mkdir(join(tree, 'bin'), { recursive: true });
    for (const name of await readdir(ROOT)) {
      if (/^(?:Dockerfile|LICENSE|\.dockerignore|package.*|tsconfig\.json)$/.test(name)) {
        await cp(join(ROOT, name), join(tree, name));
      }
    }
    for (const name of ['services', 'workflows']) await symlink(join(ROOT, name), join(tree, name));
    await cp(join(ROOT, 'bin'), join(tree, 'bin'), { recursive: true });
    const before = contentTag(tree);
    expect(before).toMatch(/^[0-9a-f]{12}$/);
    await writeFile(join(tree, 'bin/kind/doors.yaml'), '');
    await writeFile(join(tree, 'notes.txt'), 'x');
    expect(contentTag(tree)).toBe(before);
    await writeFile(join(tree, 'bin/argosy.mjs'), '');
    expect(contentTag(tree)).not.toBe(before);
  });
});

describe('what the loop installs', () => {
  const read = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8');

  it('pins the node by digest and Argo by version, and opens ports on 127.0.0.1 only', async () => {
    const { nodes } = parse(await read('kind-config.yaml'));
    expect(nodes[0].image).toMatch(/^kindest\/node:v1\.34\.\d+@sha256:[0-9a-f]{64}$/);
    for (const { listenAddress } of nodes[0].extraPortMappings) {
      expect(listenAddress).toBe('127.0.0.1');
    }
    const { resources } = parse(await read('bin/kind/argo/kustomization.yaml'));
    expect(resources[0]).toContain('/v4.1.2/');
  });

  it('leads every port of the node to a service, and every such service to a port', async () => {
    const { nodes } = parse(await read('kind-config.yaml'));
    const files = ['bin/kind/doors.yaml', 'bin/kind/argo/services.yaml'];
    const texts = await Promise.all(files.map((path) => read(path)));
    const services = texts.flatMap((text) =>
      parseAllDocuments(text).flatMap((document) => document.toJS().spec?.ports ?? []),
    );
    const doors = services.filter(({ nodePort }) => nodePort !== undefined);
    const mapped = nodes[0].extraPortMappings.map(
      (one: { containerPort: number; hostPort: number }) => `${one.hostPort}:${one.containerPort}`,
    );
    expect(doors.map(({ port, nodePort }) => `${port}:${nodePort}`).toSorted()).toEqual(
      mapped.toSorted(),
    );
  });

  it('holds every pod of the namespace to the restricted standard', async () => {
    const { metadata } = parse(await read('bin/kind/namespace.yaml'));
    expect(metadata.labels['pod-security.kubernetes.io/enforce']).toBe('restricted');
  });
});
