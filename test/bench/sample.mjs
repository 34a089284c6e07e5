import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The sample generator, bundled for this process. */
export async function buildSample() {
  const outfile = join(ROOT, 'dist/bench-sample.mjs');
  await build({
    entryPoints: [join(ROOT, 'services/sample/fama-french-archive.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    logLevel: 'warning',
  });
  return import(pathToFileURL(outfile).href);
}
