import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { trinoDdl } from '../../services/stages/serve/ddl/trino.ts';
import { freePort } from './free-port.ts';
import { type Component, findProgram } from './require-component.ts';
import type { S3Server } from './s3-server.ts';
import { tempFolder } from './temp-folder.ts';

/** A Trino of one node on loopback, with a Hive catalogue of the test's own over local files. */
export interface TrinoServer {
  /** Runs one statement; names without a schema are of this one. */
  ask(sql: string, schema?: string): Promise<TrinoResult>;
  /** Defines what a statement of Athena's defines, lists of objects as Glue would keep them. */
  define(athena: string): Promise<void>;
  stop(): Promise<void>;
}

export interface TrinoResult {
  columns: readonly { name: string; type: string }[];
  rows: readonly (readonly unknown[])[];
}

const VERSION = '476';
const JAVA_LEAST = 24;
const CATALOG = 'lake';
const START_MS_MAX = 120_000;
const LINKED = {
  serde: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
  inputFormat: 'org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat',
  outputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
};

/** Trino's launcher, where bin/install-components.sh puts it or TRINO_BIN says; absent too without a Java that runs it. */
export function trinoProgram(): Component {
  const home = join(homedir(), '.cache', 'argosy', `trino-server-${VERSION}`, 'bin', 'launcher');
  const isNamed = process.env['TRINO_BIN'] !== undefined;
  const found = findProgram('trino', 'TRINO_BIN', 'bin/install-components.sh, or set TRINO_BIN');
  const path = isNamed ? found.path : existsSync(home) ? home : null;
  if (path !== null && javaHome() === null) {
    const howToGet = `set JAVA_HOME to a Java ${JAVA_LEAST} or newer`;
    return { name: `Java ${JAVA_LEAST} for Trino`, path: null, howToGet };
  }
  return { ...found, name: 'Trino', path };
}

/** The folder of a Java that is new enough: JAVA_HOME, or one of those that are installed. */
function javaHome(): string | null {
  const known = existsSync('/usr/lib/jvm') ? readdirSync('/usr/lib/jvm') : [];
  const folders = [
    process.env['JAVA_HOME'] ?? '',
    ...known.map((one) => join('/usr/lib/jvm', one)),
  ];
  return folders.find((folder) => folder !== '' && versionOf(folder) >= JAVA_LEAST) ?? null;
}

function versionOf(folder: string): number {
  if (!existsSync(join(folder, 'bin', 'java'))) return 0;
  try {
    const text = readFileSync(join(folder, 'release'), 'utf8');
    return Number(/JAVA_VERSION="(\d+)/.exec(text)?.[1] ?? 0);
  } catch {
    // A Java that does not say how old it is.
    return 0;
  }
}

/** Starts the server; `launcher` is the path of its program. Objects are local files, and those of an S3 server too. */
export async function startTrino(
  launcher: string,
  s3?: Pick<S3Server, 'endpoint' | 'accessKeyId' | 'secretAccessKey'>,
): Promise<TrinoServer> {
  const folder = await tempFolder();
  const port = await freePort();
  const java = javaHome() ?? '';
  const meta = join(folder.path, 'meta');
  const more = s3 === undefined ? [] : s3Settings(s3);
  await writeSettings(folder.path, { port, meta, launcher, more });
  const child = spawn(launcher, ['run', '--etc-dir', join(folder.path, 'etc')], {
    env: {
      PATH: `${join(java, 'bin')}:${process.env['PATH'] ?? ''}`,
      JAVA_HOME: java,
      HOME: folder.path,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    await end(child);
    await folder.remove();
  };
  try {
    await untilAnswering(url, child);
  } catch (cause) {
    await stop();
    throw new Error(`Trino did not start: ${said.join('').slice(-4000)}`, { cause });
  }
  const ask: TrinoServer['ask'] = (sql, schema) => askServer(url, sql, schema);
  return { ask, stop, define: (athena) => define({ ask, meta }, athena) };
}

async function writeSettings(
  folder: string,
  {
    port,
    meta,
    launcher,
    more,
  }: { port: number; meta: string; launcher: string; more: readonly string[] },
): Promise<void> {
  // Of its many connectors the one that is asked for: the others take most of the start.
  const plugins = join(folder, 'plugin');
  const files: Readonly<Record<string, readonly string[]>> = {
    'node.properties': [
      'node.environment=test',
      'node.id=one',
      `node.data-dir=${join(folder, 'data')}`,
      'node.bind-ip=127.0.0.1',
      'node.internal-address=127.0.0.1',
    ],
    'config.properties': [
      'coordinator=true',
      'node-scheduler.include-coordinator=true',
      `http-server.http.port=${port}`,
      `discovery.uri=http://127.0.0.1:${port}`,
      'query.max-memory=512MB',
      `plugin.dir=${plugins}`,
    ],
    // It lives for a minute: compiling well would cost more than it saves.
    'jvm.config': ['-Xmx1G', '-XX:TieredStopAtLevel=1'],
    [`catalog/${CATALOG}.properties`]: [
      'connector.name=hive',
      'hive.metastore=file',
      `hive.metastore.catalog.dir=local://${meta}`,
      'fs.native-local.enabled=true',
      'local.location=/',
      'hive.timestamp-precision=MICROSECONDS',
      'hive.partition-projection-enabled=true',
      ...more,
    ],
  };
  await mkdir(meta);
  await mkdir(plugins);
  await symlink(join(launcher, '..', '..', 'plugin', 'hive'), join(plugins, 'hive'));
  await mkdir(join(folder, 'etc', 'catalog'), { recursive: true });
  for (const [name, lines] of Object.entries(files))
    await writeFile(join(folder, 'etc', name), `${lines.join('\n')}\n`);
}

function s3Settings(
  server: Pick<S3Server, 'endpoint' | 'accessKeyId' | 'secretAccessKey'>,
): string[] {
  return [
    'fs.native-s3.enabled=true',
    `s3.endpoint=${server.endpoint}`,
    's3.region=us-east-1',
    's3.path-style-access=true',
    `s3.aws-access-key=${server.accessKeyId}`,
    `s3.aws-secret-key=${server.secretAccessKey}`,
  ];
}

async function define(
  { ask, meta }: { ask: TrinoServer['ask']; meta: string },
  athena: string,
): Promise<void> {
  const { sql, isLinked } = trinoDdl(athena);
  if (sql === '') return;
  await ask(sql);
  const [, schema = '', table = ''] =
    /^CREATE TABLE IF NOT EXISTS "(\w+)"\."([^"]+)"/.exec(sql) ?? [];
  if (!isLinked || table === '') return;
  // What Trino's SQL has no word for is put where its metastore keeps it.
  const path = join(meta, schema, table, '.trinoSchema');
  const kept = Object(JSON.parse(await readFile(path, 'utf8')));
  delete kept.storageFormat;
  await writeFile(path, JSON.stringify({ ...kept, originalStorageFormat: LINKED }));
}

interface Page {
  nextUri?: string;
  columns?: TrinoResult['columns'];
  data?: unknown[][];
  error?: { message: string };
}

async function askServer(url: string, sql: string, schema?: string): Promise<TrinoResult> {
  const headers = {
    'X-Trino-User': 'test',
    'X-Trino-Catalog': CATALOG,
    ...(schema === undefined ? {} : { 'X-Trino-Schema': schema }),
  };
  const rows: unknown[][] = [];
  let columns: TrinoResult['columns'] = [];
  let page = await pageOf(`${url}/v1/statement`, { method: 'POST', headers, body: sql });
  for (;;) {
    if (page.error !== undefined) throw new Error(`${page.error.message}\n${sql}`);
    columns = page.columns ?? columns;
    rows.push(...(page.data ?? []));
    if (page.nextUri === undefined) return { columns, rows };
    page = await pageOf(page.nextUri);
  }
}

async function pageOf(url: string, init?: RequestInit): Promise<Page> {
  const reply = await fetch(url, init);
  if (!reply.ok) throw new Error(`Trino answered ${reply.status}: ${await reply.text()}`);
  return (await reply.json()) as Page;
}

/** A server of another program has no clock of ours: it is asked until it answers. */
async function untilAnswering(url: string, child: ChildProcess): Promise<void> {
  const pauseMs = 200;
  for (let waitedMs = 0; ; waitedMs += pauseMs) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    try {
      const reply = await fetch(`${url}/v1/info`);
      if (((await reply.json()) as { starting?: boolean }).starting === false) return;
    } catch (error) {
      if (waitedMs > START_MS_MAX) throw error;
    }
    if (waitedMs > START_MS_MAX) throw new Error('it is still starting');
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
