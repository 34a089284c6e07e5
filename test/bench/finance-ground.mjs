import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ENTRY = `
  export { FINANCE_SCHEMA } from './services/pipelines/finance/load/migrations.ts';
  export { CUSTOMER_COLUMNS, TRANSACTION_COLUMNS } from './services/pipelines/finance/load/columns.ts';
  export { migrate } from './services/stages/serve/migrate.ts';
  export { postgresWarehouse } from './services/adapters/warehouse/postgres.ts';
  export { makeFinanceSample } from './services/sample/finance.ts';
  export { ask, postgresProgram, startPostgres } from './test/support/postgres-server.ts';
`;

/** What the bench of finance stands on, bundled for this process: sample, schema, server. */
export async function buildGround() {
  const outfile = join(ROOT, 'dist/bench-finance.mjs');
  await build({
    stdin: { contents: ENTRY, resolveDir: ROOT, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    loader: { '.sql': 'text' },
    external: ['pg', 'pg-copy-streams'],
    plugins: [withoutVitest],
    outfile,
    logLevel: 'warning',
  });
  return import(pathToFileURL(outfile).href);
}

/** The server's module knows how a test says that it has none; nothing of that is wanted here. */
const withoutVitest = {
  name: 'without-vitest',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^vitest$/ }, ({ path }) => ({ path, external: true, sideEffects: false })),
};

/** Runs psql with these statements to its end; gives its wall clock in seconds. */
export async function secondsOfPsql(url, statements) {
  const commands = statements.flatMap((statement) => ['-c', statement]);
  const args = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', url, ...commands];
  const started = performance.now();
  const child = spawn('psql', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const said = [];
  child.stderr.on('data', (chunk) => said.push(chunk));
  const code = await new Promise((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
  if (code !== 0) throw new Error(`psql: exit ${code}: ${String(Buffer.concat(said))}`);
  return (performance.now() - started) / 1000;
}

/** CPU time of the sessions of a server that have ended, in seconds, as Linux counts it; NaN elsewhere. */
export function cpuSecondsOfEnded(pid) {
  try {
    const [, fields] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
    const [user, system] = fields.split(' ').slice(13, 15).map(Number);
    return (user + system) / TICKS_A_SECOND;
  } catch {
    return Number.NaN;
  }
}

const TICKS_A_SECOND = 100;

/** How many programs wanted to run, over the last minute. */
export function load() {
  return Number(loadavg()[0].toFixed(1));
}

/** \copy of a CSV without header. */
export function copyOf(table, columns, path) {
  return `\\copy ${table} (${columns.join(', ')}) FROM '${path}' WITH (FORMAT csv)`;
}

/**
 * Asks the table short questions, one after another, while the work is done. Gives the work's answer and, in seconds, the
 * longest and the median wait of the reader.
 */
export async function withReader(url, work) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const waits = [];
  const reader = { isOver: false };
  const reading = (async () => {
    while (!reader.isOver) {
      const started = performance.now();
      await client.query(QUESTION, [`CUST${String(1 + (waits.length % 400)).padStart(6, '0')}`]);
      waits.push((performance.now() - started) / 1000);
      // A reader has something else to do as well.
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
  try {
    const answer = await work();
    return { answer, waits: waits.toSorted((a, b) => a - b) };
  } finally {
    reader.isOver = true;
    await reading;
    await client.end();
  }
}

const QUESTION = `SELECT count(*), sum(amount), max(transaction_date) FROM fact_transactions WHERE customer_id = $1`;
