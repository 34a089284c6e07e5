import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from './free-port.ts';
import { findProgram, type Component } from './require-component.ts';
import { tempFolder } from './temp-folder.ts';

/** A server of the test's own on a free loopback port. */
export interface MonitoringServer {
  url: string;
  stop(): Promise<void>;
}

/** Values of a query, each with its labels. */
export interface QueryResult {
  metric: Record<string, string>;
  value: number;
}

const START_MS_MAX = 30_000;
const POLL_MS = 100;

/** Prometheus' server program, where it is. */
export function prometheusProgram(): Component {
  return findProgram(
    'prometheus',
    'PROMETHEUS_BIN',
    "Debian's package prometheus, or set PROMETHEUS_BIN",
  );
}

/** promtool, where it is. */
export function promtoolProgram(): Component {
  return findProgram(
    'promtool',
    'PROMTOOL_BIN',
    "Debian's package prometheus, or set PROMTOOL_BIN",
  );
}

/** The Pushgateway's program, where it is. */
export function pushgatewayProgram(): Component {
  return findProgram(
    'prometheus-pushgateway',
    'PUSHGATEWAY_BIN',
    "Debian's package prometheus-pushgateway, or set PUSHGATEWAY_BIN",
  );
}

/** Starts a Pushgateway that keeps everything in memory. */
export async function startPushgateway(program: string): Promise<MonitoringServer> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const args = [`--web.listen-address=${new URL(url).host}`, '--persistence.file='];
  return start({ program, args, url, readyPath: '/-/ready', clean: async () => undefined });
}

/** Starts a Prometheus that scrapes these addresses each second and reads these rule files. */
export async function startPrometheus(
  program: string,
  { targets, ruleFiles }: { targets: readonly string[]; ruleFiles: readonly string[] },
): Promise<MonitoringServer> {
  const folder = await tempFolder();
  const url = `http://127.0.0.1:${await freePort()}`;
  const config = join(folder.path, 'prometheus.yml');
  const jobs = targets.map((target, at) => ({
    job_name: `target-${at}`,
    honor_labels: true,
    static_configs: [{ targets: [new URL(target).host] }],
  }));
  await writeFile(
    config,
    stringify({
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: ruleFiles,
      scrape_configs: jobs,
    }),
  );
  const args = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder.path, 'data')}`,
    `--web.listen-address=${new URL(url).host}`,
    '--log.level=error',
  ];
  return start({ program, args, url, readyPath: '/-/ready', clean: () => folder.remove() });
}

/** What a query comes to now; throws what Prometheus says against it. */
export async function query(url: string, expr: string): Promise<QueryResult[]> {
  const reply = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expr)}`);
  const body = (await reply.json()) as {
    error?: string;
    data?: { result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  if (body.data === undefined) throw new Error(`${expr}: ${body.error}`);
  return body.data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
}

/** Waits until the query has a result that the test accepts, and returns it; throws the last one after `timeoutMs`. */
export async function queryUntil(
  url: string,
  { expr, accepts, timeoutMs = 20_000 }: QueryWait,
): Promise<QueryResult[]> {
  const endMs = Date.now() + timeoutMs;
  for (;;) {
    const result = await query(url, expr);
    if (accepts(result)) return result;
    if (Date.now() > endMs) throw new Error(`${expr} stays at ${JSON.stringify(result)}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

export interface QueryWait {
  expr: string;
  accepts: (result: QueryResult[]) => boolean;
  timeoutMs?: number;
}

interface Launch {
  program: string;
  args: readonly string[];
  url: string;
  readyPath: string;
  clean: () => Promise<void>;
}

async function start({ program, args, url, readyPath, clean }: Launch): Promise<MonitoringServer> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2_000)));
  const stop = async (): Promise<void> => {
    await end(child);
    await clean();
  };
  const endMs = Date.now() + START_MS_MAX;
  while (!(await answers(`${url}${readyPath}`))) {
    if (child.exitCode !== null || Date.now() > endMs) {
      await stop();
      throw new Error(`${program} did not start: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return { url, stop };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  await closed;
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    // Nobody listens yet: the caller asks again until its time is up.
    return false;
  }
}
