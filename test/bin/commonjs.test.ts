import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'argosy-bundle-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Bundles the source as bin/build.mjs does, runs it, and returns what it printed. */
function bundleAndRun(source: string): string {
  const build = `
    import esbuild from 'esbuild';
    import { commonjsNames } from './bin/commonjs.mjs';
    await esbuild.build({
      stdin: { contents: ${JSON.stringify(source)}, resolveDir: process.cwd() },
      outdir: ${JSON.stringify(folder)}, outExtension: { '.js': '.mjs' },
      bundle: true, splitting: true, platform: 'node', format: 'esm', target: 'node20',
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
      plugins: [commonjsNames],
    });`;
  const node = (...args: string[]) =>
    spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  const built = node('--input-type=module', '-e', build);
  if (built.status !== 0) throw new Error(built.stderr);
  const ran = node(join(folder, 'stdin.mjs'));
  return ran.stdout + ran.stderr;
}

it('a package imported when needed has the same names in the bundle as in Node', () => {
  const source = `
    const { Open } = await import('unzipper');
    const { S3Client } = await import('@aws-sdk/client-s3');
    const { default: winston, createLogger } = await import('winston');
    const { stringify } = await import('csv-stringify/sync');
    const { join } = await import('node:path');
    console.log([Open.file, S3Client, winston.format, createLogger, stringify, join].map((x) => typeof x).join());`;
  expect(bundleAndRun(source)).toBe('function,function,function,function,function,function\n');
});
