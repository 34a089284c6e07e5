import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { measure, median } from './measure.mjs';

const ARGOSY = fileURLToPath(new URL('../../bin/argosy.mjs', import.meta.url));
const FLOOR = fileURLToPath(new URL('./query-floor.mjs', import.meta.url));
/** With a million rows each, about 8.5 MB in Parquet: 500 MB in all (requirements 1.14). */
const OBJECTS = Number(process.env['ARGOSY_TEST_BENCH_OBJECTS'] ?? 60);
const ROWS = 1_000_000;

const QUESTIONS = {
  newest: `SELECT date_format, portfolio, value FROM raw_data
    WHERE metric_type = 'value_weighted_return'
    ORDER BY date_format DESC, portfolio, value LIMIT 100`,
  aggregate: `SELECT metric_type, portfolio, CAST(count(*) AS INTEGER) AS n, sum(CAST(value AS DECIMAL(18, 4))) AS total,
      min(value) AS low, max(value) AS high
    FROM raw_data GROUP BY metric_type, portfolio ORDER BY metric_type, portfolio`,
};

/**
 * `argosy query` over 500 MB of Parquet, from the start of its process to its end, against DuckDB alone in a process of
 * its own that answers the same SQL over the same files. They take turns; ratios are taken turn by turn. The first turn
 * is a warm-up: argosy reads each object whole then, to see that it is the one that was committed.
 */
export async function benchQuery(folder, rounds) {
  const home = join(folder, 'query');
  const bucket = join(home, '.argosy/store/argosy-fama-french');
  try {
    const sizeBytes = await writeStore(bucket);
    const figures = { name: 'argosy query', megabytes: sizeBytes / 1e6 };
    for (const [name, sql] of Object.entries(QUESTIONS)) {
      const turns = [];
      for (let round = 0; round <= rounds; round += 1) {
        const asked = await measure([ARGOSY, 'query', '--json', '--no-cache', sql], { cwd: home });
        const bare = await measure([FLOOR, join(bucket, 'transformed_data'), sql]);
        if (asked.stdout !== bare.stdout) throw new Error(`${name}: another answer than DuckDB's`);
        if (round > 0) turns.push({ asked, bare });
      }
      const again = await measure([ARGOSY, 'query', '--json', sql], { cwd: home });
      figures[`${name}Seconds`] = median(turns.map(({ asked }) => asked.seconds));
      figures[`${name}BareSeconds`] = median(turns.map(({ bare }) => bare.seconds));
      figures[`${name}OfBare`] = median(
        turns.map(({ asked, bare }) => asked.seconds / bare.seconds),
      );
      figures[`${name}CpuOfBare`] = median(
        turns.map(({ asked, bare }) => asked.cpuSeconds / bare.cpuSeconds),
      );
      figures[`${name}PeakMiB`] = Math.max(...turns.map(({ asked }) => asked.peakMiB));
      figures[`${name}KeptSeconds`] = again.seconds;
    }
    return figures;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** A store as the pipeline leaves it: objects of one vintage and metric each, and the map that lists them. */
async function writeStore(bucket) {
  const data = join(bucket, 'transformed_data');
  mkdirSync(data, { recursive: true });
  mkdirSync(join(bucket, 'ingestion_map'), { recursive: true });
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run('SELECT setseed(0.5)');
  for (let at = 0; at < OBJECTS; at += 1) {
    await connection.run(`COPY (SELECT
        strftime(DATE '1926-07-01' + INTERVAL (i // 1000) MONTH, '%Y%m') AS date_format,
        ['small_lobm', 'me1_bm2', 'small_hibm', 'big_lobm', 'me2_bm2', 'big_hibm'][1 + i % 6] AS portfolio,
        ${metricOf(at)} AS metric_type, random() * 200 - 100 AS value, ${vintageOf(at)} AS ingestion_date,
        'sample.CSV' AS src_filename
      FROM range(${ROWS}) t(i)) TO '${join(data, nameOf(at))}' (FORMAT parquet, COMPRESSION snappy)`);
  }
  const rows = readdirSync(data).map((name, at) => {
    const hash = createHash('sha256').update(readFileSync(join(data, name))).digest('hex'); // prettier-ignore
    return `('sample.CSV', ${vintageOf(at)}, TIMESTAMP '2026-01-01', 'file:///b/transformed_data/${name}', ${ROWS},
      ${metricOf(at)}, 'success', 'percent', '${hash}')`;
  });
  await connection.run(`COPY (SELECT CAST(a AS VARCHAR) AS src_filename, b AS ingestion_date, c AS upload_timestamp,
      d AS file_path, CAST(e AS INTEGER) AS record_count, f AS metric_type, g AS status, h AS unit, i AS content_sha256
    FROM (VALUES ${rows.join(', ')}) t(a, b, c, d, e, f, g, h, i))
    TO '${join(bucket, 'ingestion_map/ingestion_map.parquet')}' (FORMAT parquet)`);
  return readdirSync(data).reduce((sum, name) => sum + statSync(join(data, name)).size, 0);
}

function nameOf(at) {
  return `part-${String(at).padStart(4, '0')}.parquet`;
}

function metricOf(at) {
  return at % 2 === 0 ? `'value_weighted_return'` : `'equal_weighted_return'`;
}

/** A vintage has two objects. */
function vintageOf(at) {
  return `CAST(DATE '2020-03-31' - INTERVAL ${Math.floor(at / 2)} MONTH AS DATE)`;
}
