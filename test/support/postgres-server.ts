import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmod, chown, mkdir, readdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { freePort } from './free-port.ts';
import { type Component, findProgram } from './require-component.ts';
import { tempFolder } from './temp-folder.ts';

/** A PostgreSQL server of the test's own, with its data in a temporary folder, at a loopback port. */
export interface PostgresServer {
  port: number;
  pid: number;
  /** The address of a database of it, as user `etl_user` without a password. */
  url(database: string): string;
  /** Makes an empty database; returns its address. */
  createDatabase(name: string): Promise<string>;
  stop(): Promise<void>;
}

const START_MS_MAX = 30_000;
const FOLDERS = '/usr/lib/postgresql';

/** The `initdb` program: at POSTGRES_BIN, where Debian puts the newest one, or on PATH. */
export async function postgresProgram(): Promise<Component> {
  const howToGet = 'apt-get install postgresql, or set POSTGRES_BIN to its initdb';
  const found = findProgram('initdb', 'POSTGRES_BIN', howToGet);
  const isNamed = process.env['POSTGRES_BIN'] !== undefined;
  const path = isNamed ? found.path : ((await debianInitdb()) ?? found.path);
  return { ...found, name: 'PostgreSQL', path };
}

async function debianInitdb(): Promise<string | null> {
  const versions = await readdir(FOLDERS).catch(() => []);
  const newestFirst = versions.toSorted((a, b) => Number(b) - Number(a));
  const paths = newestFirst.map((version) => join(FOLDERS, version, 'bin', 'initdb'));
  return paths.find((path) => existsSync(path)) ?? null;
}

/** Makes a cluster and starts it; `initdb` is the path of that program, and the server is beside it. */
export async function startPostgres(
  initdb: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<PostgresServer> {
  const folder = await tempFolder();
  const data = join(folder.path, 'data');
  const owner = await ownerOf(folder.path);
  await mkdir(data);
  if (owner !== null) await chown(data, owner.uid, owner.gid);
  const as = owner === null ? {} : owner;
  const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8' };
  const options = { ...as, cwd: data, env };
  await promisify(execFile)(
    initdb,
    ['-D', data, '-U', 'etl_user', '-A', 'trust', '-E', 'UTF8', '--no-sync'],
    options,
  );
  const port = await freePort();
  const more = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(
    initdb.replace(/initdb$/, 'postgres'),
    ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', '', ...more],
    { ...options, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const said: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  const url = (database: string) => `postgres://etl_user@127.0.0.1:${port}/${database}`;
  const stop = async (): Promise<void> => {
    await end(child);
    await folder.remove();
  };
  try {
    await untilAnswering(url('postgres'), child);
  } catch (cause) {
    await stop();
    throw new Error(`PostgreSQL did not start: ${said.join('')}`, { cause });
  }
  const createDatabase = async (name: string): Promise<string> => {
    await ask(url('postgres'), `CREATE DATABASE ${name}`);
    return url(name);
  };
  return { port, pid: child.pid ?? -1, url, createDatabase, stop };
}

/** PostgreSQL refuses to run as root, so root lends it to the user that Debian's package makes. */
async function ownerOf(folder: string): Promise<{ uid: number; gid: number } | null> {
  if (process.getuid?.() !== 0) return null;
  const { stdout } = await promisify(execFile)('id', ['-u', 'postgres']);
  const { stdout: group } = await promisify(execFile)('id', ['-g', 'postgres']);
  await chmod(folder, 0o755);
  return { uid: Number(stdout), gid: Number(group) };
}

/** One statement over a connection of its own. */
export async function ask(url: string, sql: string): Promise<unknown[][]> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' });
    return rows;
  } finally {
    await client.end();
  }
}

/** A server of another program has no clock of ours: it is asked until it answers. */
async function untilAnswering(url: string, child: ChildProcess): Promise<void> {
  const pauseMs = 50;
  for (let waitedMs = 0; ; waitedMs += pauseMs) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    try {
      await ask(url, 'SELECT 1');
      return;
    } catch (error) {
      if (waitedMs > START_MS_MAX) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** SIGINT ends sessions and the server at once, in order, with the memory that it shares given back. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGINT');
  await ended;
}
