import { DuckDBInstance } from '@duckdb/node-api';

const WHOLE = [
  'products',
  'customer_360',
  'product_performance',
  'daily_summary',
  'traffic_hourly',
  'traffic_daily',
];
const PARTED = ['transactions', 'clickstream', 'reviews', 'sessions', 'sales_enriched'];
const HASH = (columns) => `hash(${columns.map((name) => `CAST("${name}" AS VARCHAR)`).join(', ')})`;

/** Throws unless both folders hold the same rows of each table: as many, with the same sum of a hash over all columns. */
export async function failUnlessSameTables(curated, out) {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const rowsOf = async (sql) => (await connection.runAndReadAll(sql)).getRowsJson();
  for (const table of [...WHOLE, ...PARTED]) {
    const ours = `read_parquet('${curated}/${table}/**/*.parquet', hive_partitioning = false)`;
    const place = WHOLE.includes(table) ? `${table}.parquet` : `${table}/**/*.parquet`;
    const theirs = `read_parquet('${out}/${place}', hive_partitioning = false)`;
    const columns = (await rowsOf(`DESCRIBE FROM ${ours}`)).map(([name]) => name);
    const digest = async (from) =>
      JSON.stringify(
        await rowsOf(`SELECT count(*), CAST(sum(${HASH(columns)}) AS VARCHAR) FROM ${from}`),
      );
    const [left, right] = [await digest(ours), await digest(theirs)];
    if (left !== right) throw new Error(`${table}: ${left} is not ${right}`);
  }
  connection.closeSync();
}

/** Throws unless the answers have the same rows. Means and shares may differ by how they are rounded. */
export function failUnlessSameAnswers(name, asked, plain) {
  const [ours, theirs] = [JSON.parse(asked), JSON.parse(plain)];
  if (ours.length !== theirs.length)
    throw new Error(`${name}: ${ours.length} and ${theirs.length} rows`);
  for (const [at, row] of theirs.entries())
    for (const [column, value] of Object.entries(row))
      if (!isSame(column, ours[at][column], value))
        throw new Error(`${name}, row ${at}: ${column} is ${ours[at][column]}, not ${value}`);
}

function isSame(column, ours, theirs) {
  if (ours === theirs || String(ours) === String(theirs)) return true;
  const isRounded = /^avg_|_pct$/.test(column);
  const gap = Math.abs(Number(ours) - Number(theirs));
  return gap === 0 || (isRounded && gap <= (column === 'avg_tenure_days' ? 1 : 0.1001));
}
