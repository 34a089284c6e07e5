import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const STAMP = `${ROOT}node_modules/.argosy-lock`;
const NODE_VERSION_MIN = [20, 19];

/**
 * Installs the packages of package-lock.json unless they are there. Uses nothing but Node, for it
 * runs before anything is installed. Ends the process with 51 when Node is too old, or with npm's
 * code when npm fails.
 */
export function ensureInstalled() {
  checkNode();
  const lockText = readFileSync(`${ROOT}package-lock.json`, 'utf8');
  const lockHash = createHash('sha256').update(lockText).digest('hex');
  if (readIfThere(STAMP) === lockHash) return;
  if (!isInstalled(lockText)) install();
  writeFileSync(STAMP, lockHash);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [majorMin, minorMin] = NODE_VERSION_MIN;
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return;
  process.stderr.write(
    `argosy needs Node ${majorMin}.${minorMin} or later, and this is ${process.version}\n` +
      'hint: install Node 24, the version in .nvmrc\n',
  );
  process.exit(51);
}

/** Whether npm has put in place what the lockfile says: somebody may have called npm by hand. */
function isInstalled(lockText) {
  const installedText = readIfThere(`${ROOT}node_modules/.package-lock.json`);
  if (installedText === null) return false;
  const wanted = JSON.parse(lockText).packages;
  const installed = JSON.parse(installedText).packages;
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === '' || (optional === true && installed[path] === undefined)) return true;
    return installed[path]?.version === version && existsSync(`${ROOT}${path}`);
  });
}

function install() {
  process.stderr.write('installing the packages of package-lock.json (npm ci)\n');
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  const npm = process.env.npm_execpath;
  const isScript = npm !== undefined && /\.[cm]?js$/.test(npm);
  const [command, ...first] = isScript ? [process.execPath, npm] : ['npm'];
  // What npm prints is no result of ours, so it goes to stderr.
  const { status, error } = spawnSync(command, [...first, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
    shell: !isScript && process.platform === 'win32',
  });
  if (status === 0) return;
  const reason = error === undefined ? `exit code ${status}` : error.message;
  process.stderr.write(`npm ci failed (${reason})\nhint: see what npm says above\n`);
  process.exit(status ?? 1);
}

function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}
