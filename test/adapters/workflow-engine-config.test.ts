import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect as connectTo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../services/adapters/clock/system.ts';
import { argoEngine } from '../../services/adapters/workflow-engine/argo.ts';
import { connect, type KubeTarget } from '../../services/adapters/workflow-engine/kube-config.ts';
import type { KubeLimits } from '../../services/adapters/workflow-engine/kube-request.ts';
import { proxyFor } from '../../services/adapters/workflow-engine/kube-proxy.ts';
import { type KubernetesServer, kubernetesServer } from '../support/kubernetes-server.ts';
import { selfSigned } from '../support/self-signed.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { templateObject } from '../support/workflow-object.ts';

let folder: TempFolder;
let server: KubernetesServer;
beforeEach(async () => {
  folder = await tempFolder();
  server = await kubernetesServer();
  server.put('workflowtemplates', templateObject());
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await folder.remove();
});

/** Asks the cluster one thing, so that the whole way is gone once. */
async function ask(
  target: Partial<KubeTarget>,
  limits: Partial<KubeLimits> = {},
): Promise<string[]> {
  const quiet = (): void => undefined;
  const engine = argoEngine({
    connection: connect({ env: {}, ...target }),
    clock: systemClock(),
    random: () => 0.5,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    policy: { attemptsMax: 1 },
    limits,
  });
  return (await engine.template('fama-french')).map(({ name }) => name);
}

const fail = (message: string | RegExp, hint: RegExp, kind = 'config-invalid') =>
  expect.objectContaining({
    kind,
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
  });

describe('which cluster', () => {
  it('is said by the flag, by KUBECONFIG, or by the file in the home folder, in this order', async () => {
    const good = await server.kubeconfig(folder.path);
    const broken = join(folder.path, 'broken');
    await writeFile(broken, 'clusters: {');
    await ask({ kubeconfig: good, env: { KUBECONFIG: broken } });
    await ask({ env: { KUBECONFIG: good, HOME: broken } });
    await using home = await tempFolder();
    const { mkdir, copyFile } = await import('node:fs/promises');
    await mkdir(join(home.path, '.kube'));
    await copyFile(good, join(home.path, '.kube', 'config'));
    await ask({ env: { HOME: home.path } });
    expect(server.requests).toHaveLength(3);
  });

  it('is told as missing when nothing says it', () => {
    expect(() => connect({ env: { HOME: folder.path } })).toThrow(
      fail('^no Kubernetes cluster is configured$', /--kubeconfig FILE, set KUBECONFIG/),
    );
    expect(() => connect({ env: {}, kubeconfig: '/nowhere' })).toThrow(
      fail('^there is no kubeconfig /nowhere$', /--kubeconfig/),
    );
  });

  it('comes from several files as kubectl merges them: the first of a name holds, absent files are passed over', async () => {
    const first = await server.kubeconfig(folder.path);
    const second = join(folder.path, 'second');
    await writeFile(second, SECOND);
    const KUBECONFIG = [join(folder.path, 'absent'), first, second].join(':');
    const { place } = engineOf({ env: { KUBECONFIG } });
    expect(place).toEqual({ server: server.url, context: 'lab', namespace: 'argosy' });
    expect(engineOf({ env: { KUBECONFIG }, context: 'other' }).place).toMatchObject({
      server: 'https://other.example',
      namespace: 'default',
    });
  });

  it('is that of a later file when the first one leaves its current context empty, as kubectl has it', async () => {
    const first = await server.kubeconfig(folder.path, (text) =>
      text.replace(/current-context: .*/, 'current-context: ""'),
    );
    const second = join(folder.path, 'second');
    await writeFile(second, SECOND);
    expect(engineOf({ env: { KUBECONFIG: `${first}:${second}` } }).place.context).toBe('other');
  });

  it('is refused with the nearest name when the context is not there', async () => {
    const kubeconfig = await server.kubeconfig(folder.path);
    expect(() => connect({ env: {}, kubeconfig, context: 'lap' })).toThrow(
      fail('has no context lap', /did you mean lab\?/),
    );
  });

  it.each([
    ['no YAML', 'a: [', /cannot be read as a kubeconfig/],
    ['empty', '', /cannot be read as a kubeconfig/],
    ['without contexts', 'apiVersion: v1', /names no current context/],
    [
      'with a context that leads nowhere',
      'current-context: a\ncontexts: [{name: a, context: {cluster: b, user: c}}]',
      /names a cluster that it does not hold/,
    ],
    [
      'with a server that is no address',
      'current-context: a\ncontexts: [{name: a, context: {cluster: b}}]\nclusters: [{name: b, cluster: {server: "nonsense"}}]',
      /server nonsense is no address/,
    ],
  ])('is refused when the file is %s', async (_what, text, message) => {
    const kubeconfig = join(folder.path, 'bad');
    await writeFile(kubeconfig, text);
    expect(() => connect({ env: {}, kubeconfig })).toThrow(
      expect.objectContaining({ kind: 'config-invalid', message: expect.stringMatching(message) }),
    );
  });

  it('is told as unreachable when nothing listens', async () => {
    const kubeconfig = await server.kubeconfig(folder.path);
    await server[Symbol.asyncDispose]();
    await expect(ask({ kubeconfig })).rejects.toEqual(
      fail(/cannot be reached: ECONNREFUSED/, /context lab runs/, 'unavailable'),
    );
  });

  it('lies in the namespace of the flag before that of the context', async () => {
    const kubeconfig = await server.kubeconfig(folder.path);
    expect(engineOf({ kubeconfig, namespace: 'mine' }).place.namespace).toBe('mine');
  });
});

function engineOf(target: Partial<KubeTarget>) {
  const { server: url, context, namespace } = connect({ env: {}, ...target });
  return { place: { server: url, context, namespace } };
}

const SECOND = `
current-context: other
clusters:
  - {name: lab-cluster, cluster: {server: https://wrong.example}}
  - {name: other-cluster, cluster: {server: https://other.example/}}
users: [{name: you, user: {token: x}}]
contexts:
  - {name: lab, context: {cluster: other-cluster, user: you}}
  - {name: other, context: {cluster: other-cluster, user: you}}
`;

describe('a proxy', () => {
  it('of the environment or of the kubeconfig is gone through', async () => {
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, client) => {
      asked.push(request.url ?? '');
      const onward = connectTo(Number(new URL(server.url).port), '127.0.0.1', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        client.pipe(onward).pipe(client);
      });
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(proxy.address() as { port: number }).port}`;
    try {
      const away = (text: string) => text.replace(server.url, 'http://api.example:8001');
      const kubeconfig = await server.kubeconfig(folder.path, away);
      expect(await ask({ kubeconfig, env: { HTTP_PROXY: url } })).toContain('vintage');
      const named = await server.kubeconfig(folder.path, (text) =>
        away(text).replace('cluster: { server', `cluster: { proxy-url: "${url}", server`),
      );
      expect(await ask({ kubeconfig: named })).toContain('vintage');
      expect(asked).toEqual(['api.example:8001', 'api.example:8001']);
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  });

  it.each([
    ['https://api.example', { HTTPS_PROXY: 'proxy:3128' }, 'http://proxy:3128'],
    ['https://api.example', { https_proxy: 'http://proxy:3128' }, 'http://proxy:3128'],
    ['https://api.example', { HTTP_PROXY: 'http://proxy:3128' }, undefined],
    ['https://localhost:6443', { HTTPS_PROXY: 'proxy' }, undefined],
    ['https://127.0.0.1:6443', { HTTPS_PROXY: 'proxy' }, undefined],
    ['https://api.example', { HTTPS_PROXY: 'p', NO_PROXY: 'x, example' }, undefined],
    ['https://api.example', { HTTPS_PROXY: 'p', NO_PROXY: '.example' }, undefined],
    ['https://example', { HTTPS_PROXY: 'p', NO_PROXY: '.example' }, 'http://p'],
    ['https://api.example', { HTTPS_PROXY: 'p', NO_PROXY: 'ample' }, 'http://p'],
    ['https://api.example:6443', { HTTPS_PROXY: 'p', NO_PROXY: 'api.example:443' }, 'http://p'],
    ['https://10.1.2.3', { HTTPS_PROXY: 'p', NO_PROXY: '10.0.0.0/8' }, undefined],
    ['https://11.1.2.3', { HTTPS_PROXY: 'p', NO_PROXY: '10.0.0.0/8,bad/99' }, 'http://p'],
    ['https://[fd00::1]:6443', { HTTPS_PROXY: 'p', NO_PROXY: 'fd00::/8' }, undefined],
    ['https://api.example', { HTTPS_PROXY: 'p', NO_PROXY: '*' }, undefined],
  ] as const)('for %s with %j is %s', (address, environment, expected) => {
    expect(proxyFor(new URL(address), environment)).toBe(expected);
  });
});

describe('credentials', () => {
  /** A kubeconfig whose user runs a program, as `aws eks get-token` is run. */
  async function withPlugin(script: string): Promise<string> {
    const plugin = join(folder.path, 'get-token');
    await writeFile(plugin, `#!/bin/sh\n${script}\n`);
    await chmod(plugin, 0o755);
    const exec = `{ apiVersion: client.authentication.k8s.io/v1, command: ${plugin}, args: [eks], env: [{name: PROFILE, value: dev}] }`;
    return server.kubeconfig(folder.path, (text) =>
      text.replace('{ token: t0ken }', `{ exec: ${exec} }`),
    );
  }
  const token = (text: string, expires: string) =>
    `echo '{"kind":"ExecCredential","status":{"token":"'"${text}"'","expirationTimestamp":"${expires}"}}'`;

  it('come from a plugin, which gets its arguments and environment, and is asked again when they expire', async () => {
    const kubeconfig = await withPlugin(token('$1-$PROFILE', '2020-01-01T00:00:00Z'));
    await ask({ kubeconfig });
    expect(server.seen[0]?.headers.authorization).toBe('Bearer eks-dev');
  });

  it('of a plugin are kept until they expire, and a renewal gets new ones before', async () => {
    const runs = join(folder.path, 'runs');
    const script = `echo run >> ${runs}; ${token('kept', '2040-01-01T00:00:00Z')}`;
    const kubeconfig = await withPlugin(script);
    const connection = connect({ env: {}, kubeconfig, clock: systemClock() });
    await connection.authorize();
    const { headers } = await connection.authorize();
    expect(headers).toMatchObject({ Authorization: 'Bearer kept' });
    expect(await readFile(runs, 'utf8')).toBe('run\n');
    connection.renew();
    await connection.authorize();
    expect(await readFile(runs, 'utf8')).toBe('run\nrun\n');
  });

  it('of a plugin that hangs are waited for no longer when the caller stops', async () => {
    const begun = join(folder.path, 'begun');
    const kubeconfig = await withPlugin(`touch ${begun}; sleep 60`);
    const caller = new AbortController();
    const waiting = connect({ env: {}, kubeconfig }).authorize(caller.signal);
    await expect.poll(() => existsSync(begun), { timeout: 10_000 }).toBe(true);
    caller.abort();
    await expect(waiting).rejects.toMatchObject({ kind: 'interrupted' });
  });

  it('of a plugin that hangs keep no process alive, though it does not heed its signal', async () => {
    const kubeconfig = await withPlugin("trap '' TERM; sleep 10; sleep 10");
    const plugin = join(dirname(kubeconfig), 'get-token');
    const program = join(folder.path, 'program.mjs');
    const source = `
      import { runPlugin } from './services/adapters/workflow-engine/kube-plugin.ts';
      const plugin = { command: ${JSON.stringify(plugin)}, args: [], env: {} };
      console.log(await runPlugin(plugin, { signal: undefined, msMax: 300 }));`;
    await build({
      stdin: { contents: source, resolveDir: fileURLToPath(new URL('../..', import.meta.url)) },
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
    });
    const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 15_000 });
    expect(stdout).toBe('null\n');
  }, 20_000);

  it('may take longer than the server may: a person may be logging in', async () => {
    const kubeconfig = await withPlugin(`sleep 0.4; ${token('late', '2040-01-01T00:00:00Z')}`);
    expect(await ask({ kubeconfig }, { callMsMax: 200 })).toContain('vintage');
  });

  it('that a plugin refuses are told in its own last words', async () => {
    const kubeconfig = await withPlugin('echo "The SSO session has expired" >&2; exit 255');
    await expect(ask({ kubeconfig })).rejects.toEqual(
      fail(
        /get-token gave no credentials: The SSO session has expired$/,
        /aws sso login/,
        'denied',
      ),
    );
    const silent = await withPlugin('echo no json');
    await expect(ask({ kubeconfig: silent })).rejects.toEqual(
      fail(/get-token gave no credentials/, /log in again/, 'denied'),
    );
  });

  it('need a plugin that is installed', async () => {
    const kubeconfig = await server.kubeconfig(folder.path, (text) =>
      text.replace('{ token: t0ken }', '{ exec: { command: no-such-program-here } }'),
    );
    await expect(ask({ kubeconfig })).rejects.toEqual(
      fail(/needs no-such-program-here, which is not installed/, /install no-such-program-here/),
    );
  });

  it('may lie in a file beside the kubeconfig that is missing', async () => {
    const kubeconfig = await server.kubeconfig(folder.path, (text) =>
      text.replace('{ token: t0ken }', '{ client-certificate: me.crt, client-key: me.key }'),
    );
    await expect(ask({ kubeconfig })).rejects.toEqual(
      fail(/ENOENT.*me\.crt/, /kubectl config view/),
    );
  });
});

describe('a server that speaks TLS', () => {
  const data = (pem: string) => Buffer.from(pem).toString('base64');
  const insecure = (text: string) => text;

  async function tlsServer(notAfter?: string) {
    const { key, cert } = selfSigned(notAfter);
    const tls = await kubernetesServer({ key, cert });
    tls.put('workflowtemplates', templateObject());
    return { tls, cert };
  }
  const trusting = (cert: string) => (text: string) =>
    text.replace(
      'cluster: { server',
      `cluster: { certificate-authority-data: ${data(cert)}, server`,
    );

  it('is trusted by the authority of the kubeconfig, and by no other', async () => {
    const { tls, cert } = await tlsServer();
    await using secure = tls;
    const kubeconfig = await secure.kubeconfig(folder.path, trusting(cert));
    expect(await ask({ kubeconfig })).toContain('vintage');
    for (const change of [insecure, trusting(selfSigned().cert)]) {
      const other = await secure.kubeconfig(folder.path, change);
      await expect(ask({ kubeconfig: other })).rejects.toEqual(
        fail(
          /^the certificate of https:.* is not trusted: /,
          /certificate-authority-data for context lab/,
        ),
      );
    }
    expect(secure.requests).toHaveLength(1);
  });

  it('is not trusted when its certificate has expired', async () => {
    const { tls, cert } = await tlsServer('20210101000000Z');
    await using secure = tls;
    const kubeconfig = await secure.kubeconfig(folder.path, trusting(cert));
    await expect(ask({ kubeconfig })).rejects.toEqual(
      fail(/not trusted: CERT_HAS_EXPIRED/, /anew/),
    );
  });

  it('is told apart from one that does not', async () => {
    const kubeconfig = await server.kubeconfig(folder.path, (text) =>
      text.replace('http:', 'https:'),
    );
    await expect(ask({ kubeconfig })).rejects.toEqual(
      fail(/does not speak TLS as the kubeconfig asks/, /https or http/),
    );
  });
});
