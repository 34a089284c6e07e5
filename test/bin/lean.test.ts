import { spawn } from 'node:child_process';
import { chmod, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { kubernetesServer } from '../support/kubernetes-server.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { templateObject } from '../support/workflow-object.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The client as it is published bundles to 1.8 MB; what is used of it is half of that. */
const BUNDLE_BYTES_MAX = 1_200_000;

it('the bundled Kubernetes client gets credentials from a plugin, and brings no models along', async () => {
  await using folder = await tempFolder();
  await using server = await kubernetesServer();
  server.put('workflowtemplates', templateObject());
  const plugin = join(folder.path, 'get-token');
  await writeFile(plugin, `#!/bin/sh\necho '{"status":{"token":"from-plugin"}}'\n`);
  await chmod(plugin, 0o755);
  const kubeconfig = await server.kubeconfig(folder.path, (text) =>
    text.replace('{ token: t0ken }', `{ exec: { command: ${plugin} } }`),
  );
  const bundle = join(folder.path, 'stdin.mjs');
  const built = await node('--input-type=module', '-e', buildOf(sourceOf(kubeconfig), folder.path));
  expect(built).toBe('');
  expect((await stat(bundle)).size).toBeLessThan(BUNDLE_BYTES_MAX);
  expect(await node(bundle)).toContain('vintage');
  expect(server.seen[0]?.headers.authorization).toBe('Bearer from-plugin');
});

function sourceOf(kubeconfig: string): string {
  return `
    import { connect } from './services/adapters/workflow-engine/kube-config.ts';
    import { argoEngine } from './services/adapters/workflow-engine/argo.ts';
    const connection = connect({ kubeconfig: ${JSON.stringify(kubeconfig)}, env: {} });
    const engine = argoEngine({ connection, clock: {}, random: () => 0, log: { debug() {} } });
    console.log((await engine.template('fama-french')).map(({ name }) => name).join());`;
}

/** Bundles the source as bin/build.mjs does. */
function buildOf(source: string, outdir: string): string {
  return `
    import esbuild from 'esbuild';
    import { commonjsNames } from './bin/commonjs.mjs';
    import { leanPackages } from './bin/lean.mjs';
    await esbuild.build({
      stdin: { contents: ${JSON.stringify(source)}, resolveDir: process.cwd() },
      outdir: ${JSON.stringify(outdir)}, outExtension: { '.js': '.mjs' },
      bundle: true, platform: 'node', format: 'esm', target: 'node20',
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
      plugins: [leanPackages, commonjsNames],
    });`;
}

/** What a Node process prints; not the synchronous one, for the server lives in this process. */
function node(...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, args, { cwd: ROOT });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => (text += String(chunk)));
  return new Promise((resolve) => child.on('close', () => resolve(text)));
}
