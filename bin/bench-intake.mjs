import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';

// The suite of requirements 5.8: the same parts on a folder and, where MinIO is on this machine, on that.
ensureInstalled();
await ensureBuilt();
const { comparison, isRight, runSuite } = await import('../test/bench/intake/suite.mjs');
const { folderEnvironment, minioEnvironment } =
  await import('../test/bench/intake/environment.mjs');

const isQuick = process.argv.includes('--quick');
const minio = findMinio();
const places = [async () => folderEnvironment(), ...(minio ? [() => minioEnvironment(minio)] : [])];
const all = [];
for (const makePlace of places) {
  const found = await runSuite(makePlace, { isQuick });
  process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
  all.push(found);
}
process.stderr.write(comparison(all));
if (!minio) process.stderr.write('not run on MinIO: its program is not here (MINIO_BIN)\n');
process.exitCode = all.every(isRight) ? 0 : 1;

function findMinio() {
  const known = [process.env['MINIO_BIN'], join(homedir(), 'go/bin/minio')];
  const onPath = spawnSync('sh', ['-c', 'command -v minio'], { encoding: 'utf8' }).stdout.trim();
  return [...known, onPath].find((path) => path && existsSync(path));
}
