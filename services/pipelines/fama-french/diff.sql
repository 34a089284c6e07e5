-- What was revised between the vintages $1 and $2 (requirements 1.16): values that both have and that differ, values
-- that only one has. Dates after the older vintage's last one are news, not revisions.
WITH
  a AS (SELECT * FROM raw_data WHERE ingestion_date = CAST($1 AS DATE)),
  b AS (SELECT * FROM raw_data WHERE ingestion_date = CAST($2 AS DATE))
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
  AND substr(a.src_filename, strpos(a.src_filename, '_')) = substr(b.src_filename, strpos(b.src_filename, '_'))
WHERE a.value IS DISTINCT FROM b.value OR a.metric_type IS NULL OR b.metric_type IS NULL
