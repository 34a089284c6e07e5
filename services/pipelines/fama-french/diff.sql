-- What was revised between the vintages $1 and $2 (requirements 1.16): values that both have and that differ, values
-- that only one has. Dates after the older vintage's last one are news, not revisions.
WITH
  pair AS (
    SELECT *, lower(substr(src_filename, strpos(src_filename, '_'))) AS name
    FROM raw_data
    WHERE ingestion_date IN (CAST($1 AS DATE), CAST($2 AS DATE))
  ),
  -- Where each vintage has one CSV its name says nothing: the site has renamed its files before.
  named AS (
    SELECT max(csvs) > 1 AS is_needed
    FROM (SELECT count(DISTINCT src_filename) AS csvs FROM pair GROUP BY ingestion_date)
  ),
  keyed AS (SELECT * REPLACE (CASE WHEN is_needed THEN name END AS name) FROM pair, named),
  a AS (SELECT * FROM keyed WHERE ingestion_date = CAST($1 AS DATE)),
  b AS (SELECT * FROM keyed WHERE ingestion_date = CAST($2 AS DATE))
SELECT
  coalesce(a.metric_type, b.metric_type) AS metric_type,
  coalesce(a.portfolio, b.portfolio) AS portfolio,
  coalesce(a.date_format, b.date_format) AS date_format,
  a.value AS value_a,
  b.value AS value_b,
  CASE
    WHEN a.metric_type IS NULL THEN 'added'
    WHEN b.metric_type IS NULL THEN 'removed'
    ELSE 'revised'
  END AS change
FROM a
FULL JOIN b
  ON a.metric_type = b.metric_type
  AND a.portfolio = b.portfolio
  AND a.date_format = b.date_format
  AND a.name IS NOT DISTINCT FROM b.name
WHERE a.value IS DISTINCT FROM b.value OR a.metric_type IS NULL OR b.metric_type IS NULL
