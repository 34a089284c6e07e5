import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

/** The last of the days that a shop's files are of. */
export const LAST_DAY = '2026-01-31';

/** Numbers that look drawn and are the same each time: the n-th of a row, below `most`. */
const MACROS = `
CREATE MACRO draw(id, n, most) AS CAST(hash(id * 64 + n) % most AS BIGINT);
CREATE MACRO chance(id, n, share) AS draw(id, n, 10000) < share * 10000;
CREATE MACRO product_of(id, n) AS printf('prod_%06d', 1 + draw(id, n, 10000));
CREATE MACRO person(id, n) AS printf('cust_%06d', 1 + draw(id, n, 100000));`;

/** One row in a hundred has a flaw or an oddity, of each of the kinds that the rules of the feed know. */
const TRANSACTIONS = `
CREATE TABLE feed AS
WITH drawn AS (
  SELECT id, CAST(id * $days // $rows AS INTEGER) AS day_number, draw(id, 1, 86400) AS second, 1 + draw(id, 2, 5) AS quantity,
    CASE WHEN chance(id, 3, 0.9) THEN 999 + draw(id, 4, 9000) ELSE 10000 + draw(id, 4, 90000) END AS cents,
    CASE WHEN chance(id, 5, 0.01) THEN draw(id, 6, 12) ELSE -1 END AS flaw
  FROM range($rows) numbers(id)
), texts AS (
  SELECT id, day_number, flaw, strftime($first + to_days(day_number) + to_seconds(second), '%Y-%m-%d %H:%M:%S') AS moment,
    quantity, cents, (quantity * cents) / 100 AS total FROM drawn
)
SELECT day_number,
  CASE flaw WHEN 0 THEN printf('txn_%09d', draw(id, 7, id + 1)) WHEN 1 THEN '' ELSE printf('txn_%09d', id) END AS transaction_id,
  CASE WHEN flaw = 2 THEN '' ELSE person(id, 8) END AS customer_id,
  CASE WHEN flaw = 3 THEN 'prod_999999' ELSE product_of(id, 9) END AS product_id,
  CASE flaw WHEN 4 THEN '0' ELSE CAST(quantity AS VARCHAR) END AS quantity,
  CASE flaw WHEN 5 THEN '-1.00' ELSE printf('%.2f', cents / 100) END AS price,
  CASE flaw WHEN 6 THEN '' WHEN 7 THEN printf('%.2f', total + 5) ELSE printf('%.2f', total) END AS total_amount,
  CASE flaw WHEN 8 THEN '2026-02-30 10:00:00' WHEN 9 THEN left(moment, 10) WHEN 10 THEN '2099-01-01 00:00:00' ELSE moment END AS transaction_date,
  CASE WHEN flaw = 11 THEN ' Completed ' ELSE ['completed', 'completed', 'completed', 'completed', 'completed', 'completed', 'completed',
    'returned', 'refunded'][1 + draw(id, 10, 9)] END AS status
FROM texts ORDER BY id`;

/** Sessions of seven events on average, half a minute apart, now and then with a long pause; one event in 500 twice. */
const CLICKSTREAM = `
CREATE TABLE feed AS
WITH visits AS (
  SELECT id // 7 AS visit, id % 7 AS step, id FROM range($rows) numbers(id)
), drawn AS (
  SELECT *, CAST(visit * 7 * $days // $rows AS INTEGER) AS day_number,
    draw(visit, 20, 82000) + step * (10 + draw(visit, 21, 40)) + CASE WHEN step >= 4 AND chance(visit, 22, 0.1) THEN 2000 ELSE 0 END AS second
  FROM visits
)
SELECT day_number,
  CASE WHEN chance(visit, 23, 0.02) THEN NULL ELSE printf('sess_%08d', visit) END AS session_id,
  CASE WHEN chance(visit, 24, 0.3) AND NOT chance(visit, 23, 0.02) THEN NULL ELSE person(visit, 25) END AS customer_id,
  CASE WHEN chance(id, 26, 0.003) THEN 'hover' ELSE ['page_view', 'product_view', 'product_view', 'add_to_cart', 'search', 'checkout_start', 'purchase'][step + 1] END AS event_type,
  CASE WHEN step BETWEEN 1 AND 3 THEN '/product/' || product_of(id, 27) ELSE ['/home', '/search?q=shoes', '/cart', '/checkout'][1 + draw(id, 28, 4)] END AS page,
  strftime($first + to_days(day_number) + to_seconds(second), '%Y-%m-%dT%H:%M:%SZ') AS "timestamp",
  ['desktop', 'mobile', 'tablet'][1 + draw(visit, 29, 3)] AS device,
  ['Chrome', 'Firefox', 'Safari'][1 + draw(visit, 30, 3)] AS browser,
  printf('%d.%d.%d.%d', 11 + draw(visit, 31, 200), draw(visit, 32, 256), draw(visit, 33, 256), draw(visit, 34, 256)) AS ip_address,
  'Mozilla/5.0 (X11; Linux x86_64) Engine/' || CAST(draw(visit, 35, 400) AS VARCHAR) AS user_agent
FROM drawn, range(2) twice(again) WHERE again = 0 OR chance(id, 36, 0.002) ORDER BY id`;

const PRODUCTS = `
CREATE TABLE feed AS
SELECT CAST($days - 1 AS INTEGER) AS day_number, printf('prod_%06d', 1 + id) AS product_id, 'Product ' || id AS name,
  ['Electronics', 'Clothing', 'Home & Garden', 'Books', 'Automotive', 'Secret'][1 + draw(id, 40, 6)] AS category,
  'Brand ' || CAST(draw(id, 41, 50) AS VARCHAR) AS brand, (999 + draw(id, 42, 90000)) / 100 AS price, draw(id, 43, 500) AS stock,
  (1 + draw(id, 44, 2000)) / 100 AS weight_kg, draw(id, 45, 51) / 10 AS rating, draw(id, 46, 900) AS review_count
FROM range($rows) numbers(id) ORDER BY id`;

const REVIEWS = `
CREATE TABLE feed AS
SELECT CAST(id * $days // $rows AS INTEGER) AS day_number, printf('rev_%08d', id) AS review_id, product_of(id, 50) AS product_id,
  person(id, 51) AS customer_id, 1 + draw(id, 52, 5) AS rating, 'It came on time and does what it should, number ' || id AS review_text,
  strftime($first + to_days(CAST(id * $days // $rows AS INTEGER)), '%Y-%m-%d') AS review_date, chance(id, 53, 0.7) AS verified_purchase,
  draw(id, 54, 30) AS helpful_votes
FROM range($rows) numbers(id) ORDER BY id`;

const FEEDS = {
  transactions: { sql: TRANSACTIONS, format: 'csv' },
  clickstream: { sql: CLICKSTREAM, format: 'json' },
  products: { sql: PRODUCTS, format: 'json' },
  reviews: { sql: REVIEWS, format: 'csv' },
};

/**
 * Raw objects of a shop below `bucket`, a file a day of each feed; the same bytes each time. `rows` says how many rows a
 * feed has.
 */
export async function makeShop(bucket, { days, rows }) {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(MACROS);
  for (const [feed, { sql, format }] of Object.entries(FEEDS)) {
    const first = `(TIMESTAMP '${LAST_DAY}' - to_days(${days - 1}))`;
    const bound = sql
      .replaceAll('$rows', String(rows[feed]))
      .replaceAll('$days', String(days))
      .replaceAll('$first', first);
    await connection.run(bound);
    const found = await connection.runAndReadAll(
      `SELECT DISTINCT day_number, strftime(${first} + to_days(day_number), '%Y-%m-%d') FROM feed ORDER BY 1`,
    );
    for (const [number, day] of found.getRows().map((row) => row.map(String))) {
      const folder = join(bucket, 'raw', feed, `date=${day}`);
      mkdirSync(folder, { recursive: true });
      const path = join(folder, `${feed}-${day}.${format}`);
      await connection.run(
        `COPY (SELECT * EXCLUDE day_number FROM feed WHERE day_number = ${number}) TO '${path}'
         (FORMAT ${format}${format === 'csv' ? ', HEADER true' : ''})`,
      );
    }
    await connection.run('DROP TABLE feed');
  }
  connection.closeSync();
}
