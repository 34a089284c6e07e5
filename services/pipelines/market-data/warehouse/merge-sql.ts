import {
  FACT,
  LOADED_REPLIES,
  REVISIONS,
  SESSIONS,
  STAGED_REPLIES,
  STAGING,
  SYMBOL_TABLE,
} from './schema.ts';
import type { WarehouseTable } from './table.ts';

/** How columns of a table that is changed are named beside those of another: by its name without the schema. */
function bareName({ name }: WarehouseTable): string {
  return name.split('.').at(-1) ?? name;
}

/** `YYYY-MM-DD` in the years of the trading calendar, with a time when the session was not over. */
const DATE_FORM =
  '^(199[0-9]|20[0-2][0-9]|203[0-5])-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])( [0-2][0-9]:[0-5][0-9](:[0-5][0-9])?)?$';
/** Fits DECIMAL(18,4) after rounding too. */
const AMOUNT_FORM = '^-?([0-9]{1,13}([.][0-9]*)?|[.][0-9]+)$';
const COUNT_FORM = '^-?[0-9]{1,18}$';

const AMOUNTS = ['open', 'high', 'low', 'close'] as const;

/** Which rule a staged row breaks, as SQL; NULL when it can be cast. An absent value is NULL in the fact table too. */
const REASON = `CASE
    WHEN symbol IS NULL THEN 'symbol-missing'
    WHEN refresh_date IS NULL THEN 'date-missing'
    WHEN refresh_date !~ '${DATE_FORM}' THEN 'date-invalid'
    WHEN refresh_date ~ '^.....(02-3|(04|06|09|11)-31)' THEN 'date-invalid'
    WHEN refresh_date ~ '^.....02-29' AND NOT (
      MOD(CAST(SUBSTRING(refresh_date, 1, 4) AS INTEGER), 4) = 0
      AND (MOD(CAST(SUBSTRING(refresh_date, 1, 4) AS INTEGER), 100) <> 0
        OR MOD(CAST(SUBSTRING(refresh_date, 1, 4) AS INTEGER), 400) = 0)) THEN 'date-invalid'
    WHEN SUBSTRING(refresh_date, 1, 10) > CAST(CAST(extraction_date AS DATE) AS VARCHAR(10)) THEN 'date-future'
${AMOUNTS.map((name) => `    WHEN ${name}_price !~ '${AMOUNT_FORM}' THEN '${name}-invalid'`).join('\n')}
    WHEN volume_cnt !~ '${COUNT_FORM}' THEN 'volume-invalid'
  END`;

/** The rows of the staging table that cannot be cast, in the order of their places. */
export const REJECTED_ROWS = `SELECT symbol, extraction_day, source_row, reason, refresh_date, open_price, high_price, low_price,
  close_price, volume_cnt
FROM (SELECT s.*, CAST(CAST(extraction_date AS DATE) AS VARCHAR(10)) AS extraction_day, ${REASON} AS reason
  FROM ${STAGING.name} s WHERE NOT is_plain) checked
WHERE reason IS NOT NULL ORDER BY symbol, extraction_day, source_row`;

/** A loaded reply that is newer than a staged one of its symbol and not staged itself: it would lose its values. */
export const OVERTAKEN = `SELECT l.object_key FROM ${LOADED_REPLIES.name} l
JOIN (SELECT symbol, MIN(extraction_date) AS first_date FROM ${STAGED_REPLIES.name} GROUP BY symbol) s
  ON s.symbol = l.symbol AND l.extraction_date > s.first_date
WHERE NOT EXISTS (SELECT 1 FROM ${STAGED_REPLIES.name} x WHERE x.object_key = l.object_key)
ORDER BY l.object_key LIMIT 1`;

const VALUES = ['open_amt', 'high_amt', 'low_amt', 'close_amt', 'volume_cnt'] as const;
const INSERTED = ['symbol', 'price_date', ...VALUES, 'is_final'].join(', ');

/** As IS DISTINCT FROM, which Redshift has not. */
const DIFFERS = [...VALUES, 'is_final']
  .map((name) => `f.${name} <> c.${name} OR (f.${name} IS NULL) <> (c.${name} IS NULL)`)
  .join(' OR ');

const CAST_VALUES = `CAST(SUBSTRING(refresh_date, 1, 10) AS DATE) AS price_date,
${AMOUNTS.map((name) => `    CAST(${name}_price AS DECIMAL(18,4)) AS ${name}_amt`).join(',\n')},
    CAST(volume_cnt AS BIGINT) AS volume_cnt,
    LENGTH(refresh_date) = 10 AS is_final`;

/**
 * The rows that are new or other than those of the fact table: cast, and of each symbol and day the one of the newest
 * extraction; of one extraction that of the session that was over.
 */
export const CHANGED_ROWS = `CREATE TEMP TABLE changed_prices AS
SELECT c.${INSERTED.replaceAll(', ', ', c.')}, c.extraction_date, f.stock_id AS replaced_id
FROM (
  SELECT symbol, ${CAST_VALUES},
    extraction_date,
    ROW_NUMBER() OVER (PARTITION BY symbol, SUBSTRING(refresh_date, 1, 10)
      ORDER BY extraction_date DESC, LENGTH(refresh_date), refresh_date DESC, source_row) AS place
  FROM ${STAGING.name}
  WHERE is_plain OR ${REASON} IS NULL
) c
LEFT JOIN ${FACT.name} f ON f.symbol = c.symbol AND f.price_date = c.price_date
WHERE c.place = 1 AND (f.symbol IS NULL OR ${DIFFERS})`;

/**
 * Whether nothing staged can meet another row: one reply of each symbol, every row plain, so that its days differ, and
 * no row of these symbols in the fact table. One row, true or false.
 */
export const IS_FIRST_LOAD = `SELECT (SELECT COUNT(*) - COUNT(DISTINCT symbol) FROM ${STAGED_REPLIES.name}) = 0
  AND NOT EXISTS (SELECT 1 FROM ${STAGING.name} WHERE NOT is_plain)
  AND NOT EXISTS (SELECT 1 FROM ${FACT.name} f JOIN ${STAGED_REPLIES.name} s ON s.symbol = f.symbol)`;

/** What the merge comes to where nothing can meet another row: casts alone. */
export const INSERT_STAGED = `INSERT INTO ${FACT.name} (${INSERTED})
SELECT symbol, ${CAST_VALUES} FROM ${STAGING.name}`;

const revised = VALUES.flatMap((name) => [`old_${name}`, `new_${name}`]);

/** Old and new values of every row that is replaced; \`$1\` is the run. */
export const KEEP_REVISIONS = `INSERT INTO ${REVISIONS.name}
  (symbol, price_date, ${revised.join(', ')}, was_final, extraction_date, run_id)
SELECT c.symbol, c.price_date, ${VALUES.flatMap((name) => [`f.${name}`, `c.${name}`]).join(', ')},
  f.is_final, c.extraction_date, CAST($1 AS VARCHAR(200))
FROM changed_prices c JOIN ${FACT.name} f ON f.symbol = c.symbol AND f.price_date = c.price_date`;

/** Delete and insert, of the changed rows alone (requirements 2.6). */
export const DELETE_REPLACED = `DELETE FROM ${FACT.name} USING changed_prices c
WHERE ${bareName(FACT)}.symbol = c.symbol AND ${bareName(FACT)}.price_date = c.price_date AND c.replaced_id IS NOT NULL`;

export const INSERT_CHANGED = `INSERT INTO ${FACT.name} (${INSERTED})
SELECT ${INSERTED} FROM changed_prices ORDER BY symbol, price_date`;

/** Where first and last days are looked for: the rows that have changed, for the unchanged are known, or all. */
export type SpanSource = 'changed' | 'all';

const spans = (source: SpanSource) => `SELECT r.symbol, r.asked_on, p.first_date, p.last_date
  FROM (SELECT symbol, MAX(extraction_date) AS asked_on FROM ${STAGED_REPLIES.name} GROUP BY symbol) r
  LEFT JOIN (SELECT symbol, MIN(price_date) AS first_date, MAX(price_date) AS last_date
    FROM ${source === 'changed' ? 'changed_prices' : FACT.name} GROUP BY symbol) p ON p.symbol = r.symbol`;

const least = (one: string, other: string) =>
  `CASE WHEN ${other} < ${one} THEN ${other} ELSE ${one} END`;
const greatest = (one: string, other: string) =>
  `CASE WHEN ${other} > ${one} THEN ${other} ELSE ${one} END`;

export const updateSymbols = (source: SpanSource) => `UPDATE ${SYMBOL_TABLE.name} SET
  first_price_date = ${least('first_price_date', 'n.first_date')},
  last_price_date = ${greatest('last_price_date', 'n.last_date')},
  last_extraction_date = ${greatest('last_extraction_date', 'n.asked_on')}
FROM (${spans(source)}) n WHERE ${bareName(SYMBOL_TABLE)}.symbol = n.symbol`;

export const insertSymbols = (source: SpanSource) => `INSERT INTO ${SYMBOL_TABLE.name}
  (symbol, first_price_date, last_price_date, last_extraction_date)
SELECT n.symbol, n.first_date, n.last_date, n.asked_on FROM (${spans(source)}) n
WHERE n.first_date IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM ${SYMBOL_TABLE.name} d WHERE d.symbol = n.symbol)`;

/** Ten sessions without a price, though it was asked for after them: it is not traded any more. */
export const MARK_DELISTED = `UPDATE ${SYMBOL_TABLE.name} SET delisted_on = n.delisted_on
FROM (SELECT d.symbol, CASE WHEN COUNT(s.session_date) >= 10 THEN d.last_price_date END AS delisted_on
  FROM ${SYMBOL_TABLE.name} d
  LEFT JOIN ${SESSIONS.name} s
    ON s.session_date > d.last_price_date AND s.session_date < CAST(d.last_extraction_date AS DATE)
  WHERE d.symbol IN (SELECT symbol FROM ${STAGED_REPLIES.name})
  GROUP BY d.symbol, d.last_price_date) n
WHERE ${bareName(SYMBOL_TABLE)}.symbol = n.symbol`;

export const FORGET_LOADED = `DELETE FROM ${LOADED_REPLIES.name} USING ${STAGED_REPLIES.name} s
WHERE ${bareName(LOADED_REPLIES)}.symbol = s.symbol AND ${bareName(LOADED_REPLIES)}.extraction_date = s.extraction_date`;

export const KEEP_LOADED = `INSERT INTO ${LOADED_REPLIES.name} (symbol, extraction_date, object_key, etag, row_count)
SELECT symbol, extraction_date, object_key, etag, row_count FROM ${STAGED_REPLIES.name}`;

/** Emptied by DELETE: TRUNCATE would commit on Redshift (requirements 2.6). */
export const EMPTY_STAGING = [`DELETE FROM ${STAGING.name}`, `DELETE FROM ${STAGED_REPLIES.name}`];
