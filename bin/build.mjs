import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { commonjsNames } from './commonjs.mjs';
import { leanPackages } from './lean.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');
const STAMP = join(DIST, '.stamp');

/** CommonJS packages inside the ES module bundle call `require` for Node's own modules. */
const BANNER = [
  `import { createRequire as argosyRequire } from 'node:module';`,
  `const require = argosyRequire(import.meta.url);`,
].join(' ');

/**
 * Bundles services/cli/main.ts into dist/argosy.js, unless dist was made from the same inputs.
 * Returns whether it built.
 */
export async function ensureBuilt() {
  const hash = hashOfInputs();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === hash) return false;
  try {
    await build();
  } catch (error) {
    // esbuild has printed what is wrong and where; a stack of its own insides would only hide that.
    if (!(error instanceof Error) || !('errors' in error)) throw error;
    process.stderr.write('the build failed\nhint: npm run types tells more\n');
    process.exit(1);
  }
  writeFileSync(STAMP, hash);
  return true;
}

async function build() {
  const esbuild = await import('esbuild');
  mkdirSync(DIST, { recursive: true });
  rmSync(STAMP, { force: true });
  const { metafile } = await esbuild.build({
    entryPoints: {
      argosy: join(ROOT, 'services/cli/main.ts'),
      'profile-worker': join(ROOT, 'services/stages/shape/profile/worker.ts'),
    },
    absWorkingDir: ROOT,
    outdir: DIST,
    bundle: true,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    loader: { '.sql': 'text' },
    banner: { js: BANNER },
    plugins: [leanPackages, commonjsNames],
    // Both load files of their own that lie beside them.
    external: ['@duckdb/node-api', '@duckdb/node-bindings*', '@electric-sql/pglite'],
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  writeFileSync(join(DIST, 'meta.json'), JSON.stringify(metafile));
  removeOldChunks(new Set(Object.keys(metafile.outputs).map((path) => basename(path))));
  ensureTemplate();
}

/** What a new embedded warehouse starts from; made again only for another PGlite, for it takes seconds. */
function ensureTemplate() {
  const script = join(ROOT, 'bin/warehouse-template.mjs');
  const manifest = join(ROOT, 'node_modules/@electric-sql/pglite/package.json');
  const hash = createHash('sha256').update(readFileSync(script)).update(readFileSync(manifest));
  const wanted = hash.digest('hex');
  const [template, stamp] = [join(DIST, 'warehouse-template.br'), join(DIST, '.template-stamp')];
  const isThere = existsSync(template) && existsSync(stamp);
  if (isThere && readFileSync(stamp, 'utf8') === wanted) return;
  execFileSync(process.execPath, [script, template], { cwd: ROOT, stdio: 'inherit' });
  writeFileSync(stamp, wanted);
}

function removeOldChunks(current) {
  const folder = join(DIST, 'chunks');
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (!current.has(name)) rmSync(join(folder, name));
  }
}

function hashOfInputs() {
  const hash = createHash('sha256');
  const sources = readdirSync(join(ROOT, 'services'), { recursive: true })
    .map(String)
    .filter((name) => /\.(?:ts|sql)$/.test(name))
    .map((name) => join('services', name));
  const inputs = [
    ...new Set([
      ...sources,
      'package-lock.json',
      'bin/build.mjs',
      'bin/commonjs.mjs',
      'bin/lean.mjs',
      'bin/warehouse-template.mjs',
    ]),
  ];
  inputs.sort((a, b) => (a < b ? -1 : 1));
  for (const name of inputs) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(ROOT, name)))
      .update('\0');
  }
  return hash.digest('hex');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { ensureInstalled } = await import('./install.mjs');
  ensureInstalled();
  const hasBuilt = await ensureBuilt();
  process.stderr.write(hasBuilt ? 'built dist/argosy.js\n' : 'dist/argosy.js is up to date\n');
}
