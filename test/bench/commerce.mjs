import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { LAST_DAY, makeShop } from './commerce/ground.mjs';
import { PLAIN } from './commerce/plain.mjs';
import { failUnlessSameAnswers, failUnlessSameTables } from './commerce/same.mjs';
import { measure, median } from './measure.mjs';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const ARGOSY = at('../../bin/argosy.mjs');
const BY_HAND = at('./commerce/by-hand.mjs');
const PLAIN_PROGRAM = at('./commerce/plain.mjs');
const RIVAL = at('./commerce/rival.py');
const PYTHON = process.env['ARGOSY_TEST_BENCH_PYTHON'] ?? 'python3';
const ROWS = Number(process.env['ARGOSY_TEST_BENCH_SALES'] ?? 5_000_000);
const DAYS = 90;
const END = '2026-02-01 00:00:00';
const MADE = ['transactions', 'clickstream', 'products', 'reviews', 'merge'];
const CHECKED = ['validate', 'gate', 'refresh'];
const ENV = {
  ARGOSY_RUN_ID: 'bench',
  ARGOSY_LOGICAL_DATE: LAST_DAY,
  // Where identifiers stay as they are: nobody else hashes them.
  ARGOSY_ENVIRONMENT: 'prod',
};

/**
 * 90 days of a shop, a file a day of each feed, to the curated tables: the steps as containers run them, against one SQL
 * script that makes the same tables without checks, ledger or publish, and against polars for the transactions alone. Then
 * the named queries, each in a process of its own, against the plain SQL of the same question and polars. Sides take
 * turns; ratios are taken turn by turn, by the clock and by CPU time. Tables and answers are compared before.
 */
export async function benchCommerce(folder, rounds) {
  const home = join(folder, 'commerce');
  const bucket = join(home, '.argosy/store/argosy-commerce');
  const out = join(folder, 'commerce-by-hand');
  try {
    const events = ROWS / 5;
    await makeShop(bucket, {
      days: DAYS,
      rows: { transactions: ROWS, clickstream: events, products: 10_000, reviews: ROWS / 100 },
    });
    const hasPolars = spawnSync(PYTHON, ['-c', 'import polars']).status === 0;
    const turns = [];
    for (let round = 0; round < rounds; round += 1) {
      const byHand = await runByHand(bucket, out);
      const polars = hasPolars
        ? runPolars('transactions', join(bucket, 'raw'), join(out, 'polars'))
        : null;
      const steps = await runSteps(home, bucket);
      if (round === 0) await failUnlessSameTables(join(bucket, 'curated'), out);
      turns.push({ byHand, polars, steps });
    }
    return {
      name: `commerce, ${ROWS} transactions and ${events} click events`,
      rawMegabytes: sizeOf(join(bucket, 'raw')) / 1e6,
      ...tableFigures(turns, sizeOf(join(bucket, 'raw'))),
      ...(hasPolars ? polarsFigures(turns) : { polars: `not run: ${PYTHON} has no polars` }),
      ...(await queryFigures(home, bucket, { rounds, hasPolars })),
      oneDayOf90Percent: await shareOfOneDay(home, bucket),
    };
  } finally {
    for (const path of [home, out]) rmSync(path, { recursive: true, force: true });
  }
}

async function runByHand(bucket, out) {
  rmSync(out, { recursive: true, force: true });
  const whole = await measure([BY_HAND, join(bucket, 'raw'), out, END]);
  return { ...whole, alone: JSON.parse(whole.stdout) };
}

/** Each step in a process of its own, with nothing kept of an earlier turn. */
async function runSteps(home, bucket) {
  for (const name of readdirSync(bucket))
    if (name !== 'raw') rmSync(join(bucket, name), { recursive: true, force: true });
  const measured = {};
  for (const name of ['validate', ...MADE.slice(0, -1), 'gate', 'merge', 'refresh'])
    measured[name] = await measure([ARGOSY, 'step', 'commerce', name], { cwd: home, env: ENV });
  return measured;
}

function runPolars(...args) {
  rmSync(args[0] === 'transactions' ? args[2] : '', { recursive: true, force: true });
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(PYTHON, [RIVAL, ...args], { maxBuffer: 1 << 26 });
  const seconds = (performance.now() - started) / 1000;
  if (status !== 0) throw new Error(String(stderr));
  const [peakMiB, cpuSeconds] = String(stderr).trim().split(' ').map(Number);
  return { seconds, peakMiB, cpuSeconds, stdout: String(stdout) };
}

function tableFigures(turns, rawBytes) {
  const of = (pick) => median(turns.map(pick));
  const sum = (steps, names, what) => names.reduce((total, name) => total + steps[name][what], 0);
  const all = [...MADE, ...CHECKED];
  return {
    byHandSeconds: of(({ byHand }) => byHand.seconds),
    byHandCpuSeconds: of(({ byHand }) => byHand.cpuSeconds),
    byHandPeakMiB: of(({ byHand }) => byHand.peakMiB),
    ...Object.fromEntries(
      all.flatMap((name) => [
        [`${name}Seconds`, of(({ steps }) => steps[name].seconds)],
        [`${name}CpuSeconds`, of(({ steps }) => steps[name].cpuSeconds)],
      ]),
    ),
    peakMiB: Math.max(...turns.flatMap(({ steps }) => all.map((name) => steps[name].peakMiB))),
    madeOfByHand: of(({ steps, byHand }) => sum(steps, MADE, 'seconds') / byHand.seconds),
    madeCpuOfByHand: of(({ steps, byHand }) => sum(steps, MADE, 'cpuSeconds') / byHand.cpuSeconds),
    allStepsOfByHand: of(({ steps, byHand }) => sum(steps, all, 'seconds') / byHand.seconds),
    allStepsCpuOfByHand: of(
      ({ steps, byHand }) => sum(steps, all, 'cpuSeconds') / byHand.cpuSeconds,
    ),
    transactionsOfByHand: of(
      ({ steps, byHand }) => steps.transactions.seconds / byHand.alone.seconds,
    ),
    transactionsCpuOfByHand: of(
      ({ steps, byHand }) => steps.transactions.cpuSeconds / byHand.alone.cpuSeconds,
    ),
    allStepsSecondsPerGigabyte: of(({ steps }) => sum(steps, all, 'seconds') / (rawBytes / 1e9)),
  };
}

function polarsFigures(turns) {
  const of = (pick) => median(turns.map(pick));
  return {
    polarsSeconds: of(({ polars }) => polars.seconds),
    polarsCpuSeconds: of(({ polars }) => polars.cpuSeconds),
    polarsPeakMiB: of(({ polars }) => polars.peakMiB),
    transactionsOfPolars: of(({ steps, polars }) => steps.transactions.seconds / polars.seconds),
    transactionsCpuOfPolars: of(
      ({ steps, polars }) => steps.transactions.cpuSeconds / polars.cpuSeconds,
    ),
    transactionsMemoryOfPolars: of(
      ({ steps, polars }) => steps.transactions.peakMiB / polars.peakMiB,
    ),
  };
}

async function queryFigures(home, bucket, { rounds, hasPolars }) {
  const figures = {};
  const curated = join(bucket, 'curated');
  for (const name of PLAIN) {
    const turns = [];
    for (let round = 0; round <= rounds; round += 1) {
      const args = ['query', '--json', '--no-cache', '--named', name, '--as-of', LAST_DAY];
      const asked = await measure([ARGOSY, ...args], { cwd: home, env: ENV });
      const plain = await measure([PLAIN_PROGRAM, curated, name, END]);
      const polars = hasPolars ? runPolars(name, curated, END) : null;
      if (round === 0) failUnlessSameAnswers(name, asked.stdout, plain.stdout);
      // The first turn reads every object whole, to see that it is the one that was committed.
      else turns.push({ asked, plain, polars });
    }
    const of = (pick) => median(turns.map(pick));
    figures[`${name}Seconds`] = of(({ asked }) => asked.seconds);
    figures[`${name}OfPlain`] = of(({ asked, plain }) => asked.seconds / plain.seconds);
    figures[`${name}CpuOfPlain`] = of(({ asked, plain }) => asked.cpuSeconds / plain.cpuSeconds);
    if (!hasPolars) continue;
    figures[`${name}OfPolars`] = of(({ asked, polars }) => asked.seconds / polars.seconds);
    figures[`${name}CpuOfPolars`] = of(({ asked, polars }) => asked.cpuSeconds / polars.cpuSeconds);
  }
  return figures;
}

/**
 * The bytes of the objects that a question about one day of ninety may open, in percent of its table's: while it is asked
 * nothing but that day's folder is there.
 */
async function shareOfOneDay(home, bucket) {
  const table = join(bucket, 'curated/transactions');
  const whole = sizeOf(table);
  const [year, month, day] = LAST_DAY.split('-').map(Number);
  const own = `year=${year}/month=${month}`;
  const aside = join(home, 'aside');
  renameSync(table, aside);
  mkdirSync(join(table, own), { recursive: true });
  renameSync(join(aside, own, `day=${day}`), join(table, own, `day=${day}`));
  const sql = `SELECT count(*) AS n FROM curated.transactions WHERE year = ${year} AND month = ${month} AND day = ${day}`;
  const { stdout } = await measure([ARGOSY, 'query', '--json', '--no-cache', sql], {
    cwd: home,
    env: ENV,
  });
  if (!(JSON.parse(stdout)[0]?.n > 0)) throw new Error(`no row of ${LAST_DAY}`);
  return (100 * sizeOf(table)) / whole;
}

function sizeOf(folder) {
  return readdirSync(folder, { recursive: true }).reduce((sum, name) => {
    const stats = statSync(join(folder, name));
    return stats.isFile() ? sum + stats.size : sum;
  }, 0);
}
