import { execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FOLDERS = '/usr/lib/postgresql';

/**
 * Starts a PostgreSQL of the benchmark's own at a loopback port, with its data in a temporary folder; null when the
 * machine has none. As root it runs as the user `postgres`, for it refuses to run as root.
 */
export async function startServer() {
  const version = existsSync(FOLDERS) ? readdirSync(FOLDERS).toSorted((a, b) => b - a)[0] : null;
  if (version === null || version === undefined) return null;
  const program = (name) => join(FOLDERS, version, 'bin', name);
  const folder = mkdtempSync(join(tmpdir(), 'argosy-bench-postgres-'));
  const data = join(folder, 'data');
  mkdirSync(data, { recursive: true });
  const owner = ownerOf();
  if (owner.uid !== undefined) {
    chownSync(folder, owner.uid, owner.gid);
    chownSync(data, owner.uid, owner.gid);
  }
  const options = { ...owner, cwd: data, stdio: 'ignore' };
  execFileSync(
    program('initdb'),
    ['-D', data, '-U', 'bench', '-A', 'trust', '-E', 'UTF8'],
    options,
  );
  const port = await freePort();
  const settings = ['-c', 'shared_buffers=256MB', '-c', 'max_wal_size=4GB'];
  const child = spawn(
    program('postgres'),
    ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', '', ...settings],
    options,
  );
  const url = `postgres://bench@127.0.0.1:${port}/postgres`;
  const psql = (sql) =>
    execFileSync(
      program('psql'),
      ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-At', '-d', url, '-c', sql],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    ).toString();
  await ready(psql);
  return {
    url,
    psql,
    stop: async () => {
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGINT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function ownerOf() {
  if (process.getuid?.() !== 0) return {};
  const id = (flag) => Number(execFileSync('id', [flag, 'postgres']).toString());
  return { uid: id('-u'), gid: id('-g') };
}

async function ready(psql) {
  for (let round = 0; ; round += 1) {
    try {
      psql('SELECT 1');
      return;
    } catch (error) {
      // It takes a moment to start; what is wrong after ten seconds is told.
      if (round === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
