import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';

import {
  buildGround,
  copyOf,
  cpuSecondsOfEnded,
  load as loadOfMachine,
  secondsOfPsql,
  withReader,
} from './finance-ground.mjs';
import { measure, median } from './measure.mjs';

const ARGOSY = fileURLToPath(new URL('../../bin/argosy.mjs', import.meta.url));
const ROWS = 1_000_000;
const BATCH_ROWS = 100_000;
const CUSTOMERS = 50_000;
const FIRST_DAY = '2026-01-31';
const NEXT_DAY = '2026-02-01';

/**
 * A million transactions from the landed CSV into PostgreSQL, by the steps that a container runs, against `psql \copy` of
 * the finished rows into the same tables with all their keys, checks and indexes; then a tenth of that into a table of
 * two million, with somebody reading it. Runs take turns; ratios are taken run by run, by the clock and by CPU time, which
 * a busy machine does not stretch so much.
 */
export async function benchFinance(folder, rounds) {
  const name = `finance, ${ROWS} transactions to PostgreSQL`;
  const ground = await buildGround();
  const { path: initdb } = await ground.postgresProgram();
  if (initdb === null) return { name, notRun: 'PostgreSQL is not here' };
  if (spawnSync('psql', ['--version']).status !== 0) return { name, notRun: 'psql is not here' };
  const server = await ground.startPostgres(initdb);
  try {
    const place = { ...ground, server, folder: join(folder, 'finance') };
    mkdirSync(place.folder, { recursive: true });
    await makeSchema(place);
    const before = loadOfMachine();
    const day = await landDay(place, { day: FIRST_DAY, rows: ROWS, ids: '0' });
    const next = await landDay(place, { day: NEXT_DAY, rows: BATCH_ROWS, ids: '7' });
    const first = await firstLoads(place, { day, rounds });
    const between = loadOfMachine();
    await makeFilled(place, day);
    const later = await laterLoads(place, { next, rounds });
    const { extractSeconds } = day;
    const busy = { loadAverages: [before, between, loadOfMachine()].join(' ') };
    return { name, extractSeconds, ...first, ...later, ...busy };
  } finally {
    await server.stop();
  }
}

/** The tables as the pipeline makes them, in a database that others are copied from. */
async function makeSchema({ server, migrate, postgresWarehouse, FINANCE_SCHEMA }) {
  const warehouse = postgresWarehouse(await server.createDatabase('empty'));
  await migrate(warehouse, FINANCE_SCHEMA);
  await warehouse.close();
}

/** A day's sample, landed, and its finished rows as CSV. Ids of another day are others by a digit. */
async function landDay(place, { day, rows, ids }) {
  const home = join(place.folder, day);
  const inbox = join(home, '.argosy/store/argosy-finance/inbox');
  mkdirSync(inbox, { recursive: true });
  const sample = place.makeFinanceSample({
    seed: 42,
    transactions: rows,
    customers: CUSTOMERS,
    lastDay: day,
  });
  const text = Buffer.from(sample.transactionsCsv).toString('latin1');
  writeFileSync(join(inbox, 'transactions.csv'), text.replaceAll(/txn0/gi, `TXN${ids}`), 'latin1');
  writeFileSync(join(inbox, 'customers.csv'), sample.customersCsv);
  const extract = await step(home, day, [
    'extract',
    '--transactions=inbox/transactions.csv',
    '--customers=inbox/customers.csv',
  ]);
  await step(home, day, ['transform']);
  const finished = await writeFinished(place, home, day);
  return { day, rows, home, finished, extractSeconds: extract.seconds };
}

function step(home, day, args, url) {
  const env = {
    ARGOSY_RUN_ID: 'bench',
    ARGOSY_LOGICAL_DATE: day,
    ...(url === undefined ? {} : { ARGOSY_WAREHOUSE: url }),
  };
  return measure([ARGOSY, 'step', 'finance', ...args], { cwd: home, env });
}

/** What transform has made, as CSV; without the transactions whose customer is late, which COPY would refuse. */
async function writeFinished({ CUSTOMER_COLUMNS, TRANSACTION_COLUMNS }, home, day) {
  const bucket = join(home, '.argosy/store/argosy-finance');
  const manifest = JSON.parse(readFileSync(join(bucket, `clean/${day}/manifest.json`), 'utf8'));
  const parquet = (dataset) => `read_parquet('${join(bucket, manifest[dataset].key)}')`;
  const paths = {
    customers: join(home, 'customers.csv'),
    transactions: join(home, 'finished.csv'),
  };
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const write = (columns, from, path) =>
    connection.run(
      `COPY (SELECT ${columns.join(', ')} FROM ${from}) TO '${path}' (FORMAT csv, HEADER false)`,
    );
  await write(CUSTOMER_COLUMNS, parquet('customers'), paths.customers);
  const isKnown = `customer_id IN (SELECT customer_id FROM ${parquet('customers')})`;
  await write(
    TRANSACTION_COLUMNS,
    `${parquet('transactions')} WHERE ${isKnown}`,
    paths.transactions,
  );
  connection.closeSync();
  return paths;
}

async function firstLoads(place, { day, rounds }) {
  const rows = [];
  for (let round = 0; round < rounds; round += 1) {
    const floor = await withDatabase(place, 'empty', async (url) => {
      await copyCustomers(place, url, day);
      return { answer: await copyTransactions(place, url, day) };
    });
    const steps = await withDatabase(place, 'empty', async (url) => ({
      answer: await transformAndLoad(day, url),
    }));
    rows.push({ floor, steps });
  }
  const of = (pick) => median(rows.map(pick));
  return {
    copySeconds: of(({ floor }) => floor.answer),
    transformSeconds: of(({ steps }) => steps.answer.transform.seconds),
    loadSeconds: of(({ steps }) => steps.answer.load.seconds),
    transformAndLoadOfCopy: of(({ floor, steps }) => steps.answer.seconds / floor.answer),
    copyCpuSeconds: of(({ floor }) => floor.serverSeconds),
    transformAndLoadCpuSeconds: of(({ steps }) => cpuOf(steps)),
    transformAndLoadCpuOfCopy: of(({ floor, steps }) => cpuOf(steps) / floor.serverSeconds),
    recordsAMinute: of(({ steps }) => (ROWS / steps.answer.seconds) * 60),
    peakMiB: of(({ steps }) => steps.answer.peakMiB),
  };
}

/** Both steps as a container runs them, with nothing kept of an earlier round. */
async function transformAndLoad({ home, day }, url) {
  const fresh = `${home}-fresh`;
  const kept = join('.argosy/store/argosy-finance', 'extracted');
  cpSync(join(home, kept), join(fresh, kept), { recursive: true });
  try {
    const transform = await step(fresh, day, ['transform']);
    const load = await step(fresh, day, ['load'], url);
    return {
      transform,
      load,
      seconds: transform.seconds + load.seconds,
      cpuSeconds: transform.cpuSeconds + load.cpuSeconds,
      peakMiB: Math.max(transform.peakMiB, load.peakMiB),
    };
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** CPU time of the steps and of the server that they asked. */
function cpuOf({ answer, serverSeconds }) {
  return answer.cpuSeconds + serverSeconds;
}

/** Two million rows under the same keys and indexes, in a database that others are copied from. */
async function makeFilled(place, day) {
  const { server, ask, TRANSACTION_COLUMNS } = place;
  await ask(server.url('postgres'), 'CREATE DATABASE filled TEMPLATE empty');
  const url = server.url('filled');
  await copyCustomers(place, url, day);
  const columns = TRANSACTION_COLUMNS.join(', ');
  const renamed = columns.replace('transaction_id', `replace(transaction_id, 'TXN0', 'TXN5')`);
  const indexes = await ask(
    url,
    `SELECT indexname, indexdef FROM pg_indexes
     WHERE tablename = 'fact_transactions' AND indexname <> 'fact_transactions_pkey'`,
  );
  await ask(url, indexes.map(([index]) => `DROP INDEX ${index}`).join(';'));
  await copyTransactions(place, url, day);
  await ask(
    url,
    `INSERT INTO fact_transactions (${columns}) SELECT ${renamed} FROM fact_transactions`,
  );
  await ask(url, indexes.map(([, definition]) => definition).join(';'));
  await ask(url, 'VACUUM ANALYZE');
}

async function laterLoads(place, { next, rounds }) {
  const rows = [];
  const read = (work) => withDatabase(place, 'filled', (url) => withReader(url, () => work(url)));
  for (let round = 0; round < rounds; round += 1) {
    const floor = await read((url) => copyTransactions(place, url, next));
    const steps = await read((url) => transformAndLoad(next, url));
    rows.push({ floor, steps });
  }
  const of = (pick) => median(rows.map(pick));
  return {
    laterRows: BATCH_ROWS,
    laterCopySeconds: of(({ floor }) => floor.answer),
    laterTransformSeconds: of(({ steps }) => steps.answer.transform.seconds),
    laterLoadSeconds: of(({ steps }) => steps.answer.load.seconds),
    laterTransformAndLoadOfCopy: of(({ floor, steps }) => steps.answer.seconds / floor.answer),
    laterCopyCpuSeconds: of(({ floor }) => floor.serverSeconds),
    laterTransformAndLoadCpuSeconds: of(({ steps }) => cpuOf(steps)),
    laterTransformAndLoadCpuOfCopy: of(({ floor, steps }) => cpuOf(steps) / floor.serverSeconds),
    readerLongestSeconds: of(({ steps }) => steps.waits.at(-1)),
    readerMedianSeconds: of(({ steps }) => median(steps.waits)),
    readerLongestDuringCopySeconds: of(({ floor }) => floor.waits.at(-1)),
  };
}

/** A copy of a database for one run, taken away after it. Nothing that was written before is left to be flushed. */
async function withDatabase({ server, ask }, template, work) {
  const admin = server.url('postgres');
  await ask(admin, `CREATE DATABASE run TEMPLATE ${template} STRATEGY file_copy`);
  await ask(admin, 'CHECKPOINT');
  try {
    const before = await cpuSecondsOfServer(server);
    const answer = await work(server.url('run'));
    return { ...answer, serverSeconds: (await cpuSecondsOfServer(server)) - before };
  } finally {
    await ask(admin, 'DROP DATABASE run WITH (FORCE)');
  }
}

/** The server learns of the end of a session a moment after the client. */
async function cpuSecondsOfServer({ pid }) {
  await new Promise((resolve) => setTimeout(resolve, 500));
  return cpuSecondsOfEnded(pid);
}

function copyCustomers({ CUSTOMER_COLUMNS }, url, { finished }) {
  return secondsOfPsql(url, [copyOf('dim_customers', CUSTOMER_COLUMNS, finished.customers)]);
}

function copyTransactions({ TRANSACTION_COLUMNS }, url, { finished }) {
  return secondsOfPsql(url, [
    copyOf('fact_transactions', TRANSACTION_COLUMNS, finished.transactions),
  ]);
}
