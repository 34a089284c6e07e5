import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rootCertificates } from 'node:tls';

/*
 * Lays out what the image holds, as four folders below the one named: system, data, modules, app. Each becomes a layer
 * whose root is the image's, for a folder that COPY makes by itself would have the time of the build. Runs in the build
 * stage of the Dockerfile, on the Node and the libraries that the image takes over.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NODE = '/usr/local/bin/node';
const HOME = '/opt/argosy';
const USER = 65_532;

const [target] = process.argv.slice(2);
if (target === undefined) throw new Error('usage: node bin/image-root.mjs FOLDER');

const at = (...path) => {
  const whole = join(target, ...path);
  mkdirSync(dirname(whole), { recursive: true });
  return whole;
};

putModules();
putApp();
putSystem();
mkdirSync(at('data/data'), { recursive: true });
level(target);
// A program of any user may write here; a pod puts a volume in its place.
chmodSync(join(target, 'system/tmp'), 0o1777);

/**
 * The packages that cannot be bundled: DuckDB, of which npm put in place the binary for this platform, and PGlite, of
 * which the program and what it loads are taken, not its extensions.
 */
function putModules() {
  putPglite();
  const packages = join(ROOT, 'node_modules/@duckdb');
  for (const name of readdirSync(packages)) {
    cpSync(join(packages, name), at('modules', HOME, 'node_modules/@duckdb', name), {
      recursive: true,
      filter: (path) => !/\.d\.ts$|\.map$|README\.md$/.test(path),
    });
  }
}

function putPglite() {
  const name = '@electric-sql/pglite';
  const from = join(ROOT, 'node_modules', name);
  const wanted = /^(?:package\.json|LICENSE|dist\/(?:fs\/)?[\w-]+\.(?:js|wasm|data))$/;
  for (const path of readdirSync(from, { recursive: true }).map(String)) {
    if (wanted.test(path))
      copyFileSync(join(from, path), at('modules', HOME, 'node_modules', name, path));
  }
}

function putApp() {
  const program = readFileSync(join(ROOT, 'bin/argosy.mjs'), 'utf8');
  writeFileSync(at('app', HOME, 'bin/argosy.mjs'), program.replace(/^#!.*/, `#!${NODE}`));
  chmodSync(at('app', HOME, 'bin/argosy.mjs'), 0o755);
  cpSync(join(ROOT, 'dist'), at('app', HOME, 'dist'), {
    recursive: true,
    filter: (path) => !['.stamp', '.template-stamp', 'meta.json'].includes(basename(path)),
  });
  cpSync(join(ROOT, 'workflows'), at('app', HOME, 'workflows'), { recursive: true });
  for (const name of ['package.json', 'LICENSE']) {
    copyFileSync(join(ROOT, name), at('app', HOME, name));
  }
  writeFileSync(at('app', HOME, 'LICENSES.txt'), licencesOfBundle());
}

/** The licence texts of the packages whose code is in the bundle, which itself has dropped them. */
function licencesOfBundle() {
  const { inputs } = JSON.parse(readFileSync(join(ROOT, 'dist/meta.json'), 'utf8'));
  const folders = new Set();
  for (const path of Object.keys(inputs)) {
    const folder = /node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
    if (folder !== undefined) folders.add(folder);
  }
  const texts = [...folders]
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((folder) => {
      const { name, version, license } = JSON.parse(
        readFileSync(join(ROOT, folder, 'package.json'), 'utf8'),
      );
      const file = readdirSync(join(ROOT, folder)).find((one) => /^licen[cs]e/i.test(one));
      const text = file === undefined ? '' : readFileSync(join(ROOT, folder, file), 'utf8');
      return `${name} ${version} (${license})\n\n${text}`;
    });
  return texts.join(`\n${'-'.repeat(80)}\n`);
}

function putSystem() {
  copyFileSync(process.execPath, at('system', NODE));
  symlinkSync(join('../../..', HOME, 'bin/argosy.mjs'), at('system/usr/local/bin/argosy'));
  putLinkedFolders();
  const modules = join(ROOT, 'node_modules/@duckdb');
  const binaries = readdirSync(modules, { recursive: true })
    .map(String)
    .filter((name) => /\.(?:node|so)$/.test(name))
    .map((name) => join(modules, name));
  for (const library of librariesOf([process.execPath, ...binaries])) {
    copyFileSync(library, at('system', realpathSync(dirname(library)), basename(library)));
    putPackageOf(library);
  }
  writeFileSync(at('system/etc/passwd'), `argosy:x:${USER}:${USER}:argosy:/data:/nologin\n`);
  writeFileSync(at('system/etc/group'), `argosy:x:${USER}:\n`);
  writeFileSync(at('system/etc/nsswitch.conf'), 'hosts: files dns\n');
  if (existsSync('/etc/os-release')) copyFileSync('/etc/os-release', at('system/etc/os-release'));
  writeFileSync(at('system/etc/ssl/certs/ca-certificates.crt'), certificates());
  mkdirSync(at('system/tmp'), { recursive: true });
}

/** `/lib` and its like are links into `/usr` on a Debian of today, and the loader is named by way of them. */
function putLinkedFolders() {
  for (const name of readdirSync('/').filter((one) => one.startsWith('lib'))) {
    const path = join('/', name);
    if (!lstatSync(path).isSymbolicLink()) continue;
    symlinkSync(realpathSync(path).slice(1), at('system', name));
    mkdirSync(at('system', realpathSync(path)), { recursive: true });
  }
}

/** Every library outside our own packages that the loader will want, and those that glibc opens for names of hosts. */
function librariesOf(binaries) {
  const found = new Set();
  for (const binary of binaries) {
    const lines = execFileSync('ldd', [binary], { encoding: 'utf8' }).split('\n');
    for (const line of lines) {
      if (line.includes('not found')) throw new Error(`${binary} lacks a library: ${line.trim()}`);
      const path = /(?:=>\s*)?(\/\S+) \(0x/.exec(line)?.[1];
      if (path !== undefined && !path.startsWith(ROOT)) found.add(path);
    }
  }
  const folder = dirname([...found].find((path) => /\/libc\.so/.test(path)) ?? '/none/libc.so');
  for (const name of ['libresolv.so.2', 'libnss_dns.so.2', 'libnss_files.so.2']) {
    if (existsSync(join(folder, name))) found.add(join(folder, name));
  }
  return found;
}

/** Where a library comes from and under which licence, in the places where scanners of images look for it. */
function putPackageOf(library) {
  const asked = ['-S', library, realpathSync(dirname(library)) + `/${basename(library)}`];
  const { stdout } = spawnSync('dpkg-query', asked, { encoding: 'utf8' });
  const name = /^([^:,\s]+)(?::\w+)?: /m.exec(stdout ?? '')?.[1];
  if (name === undefined) return;
  const status = execFileSync('dpkg-query', ['-s', name], { encoding: 'utf8' });
  writeFileSync(at('system/var/lib/dpkg/status.d', name), status);
  const terms = join('/usr/share/doc', name, 'copyright');
  if (existsSync(terms)) copyFileSync(terms, at('system', terms));
}

/** Those of the base, which may know authorities of its owner; else the ones that Node carries. */
function certificates() {
  const path = '/etc/ssl/certs/ca-certificates.crt';
  return existsSync(path) ? readFileSync(path) : `${rootCertificates.join('\n')}\n`;
}

/** One time and plain permissions for every file, so that the same inputs give the same layers on every machine. */
function level(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) level(path);
    if (!entry.isSymbolicLink()) {
      const isProgram = entry.isDirectory() || (lstatSync(path).mode & 0o111) !== 0;
      chmodSync(path, isProgram ? 0o755 : 0o644);
    }
    lutimesSync(path, 0, 0);
  }
}
