-- What of the staged transactions goes on, and what is refused (requirements 4.5). Reasons: reject.ts.

-- Of rows with one id the first that has an amount is kept, else the first, in order of source and line.
CREATE OR REPLACE TABLE transactions_dropped AS
WITH
  repeated AS (
    SELECT transaction_id
    FROM transactions_staged
    WHERE transaction_id IS NOT NULL
    GROUP BY transaction_id
    HAVING count(*) > 1
  ),
  numbered AS (
    SELECT
      place,
      row_number() OVER (PARTITION BY transaction_id ORDER BY amount IS NULL, place) AS number
    FROM transactions_staged
    SEMI JOIN repeated USING (transaction_id)
  )
SELECT place FROM numbered WHERE number > 1;

-- The one reason of each row; no row without id is dropped, so that this is the first one that fits. The engine keeps
-- small batches of rows back, and passes large ones by them, unless something asks for the order: numbering the rows
-- does, and the clean rows stay in the order of sources and lines.
CREATE OR REPLACE VIEW transactions_decided AS
SELECT
  * REPLACE (
    CASE WHEN place IN (SELECT place FROM transactions_dropped) THEN 'duplicate-id' ELSE reason END AS reason
  ),
  row_number() OVER () AS number
FROM transactions_staged;

CREATE OR REPLACE VIEW transactions_rejected AS
SELECT
  place,
  line,
  reason,
  coalesce(
    written,
    json_object(
      'transaction_id', masked(transaction_id),
      'customer_id', masked(customer_id),
      'transaction_date', CAST(transaction_date AS VARCHAR),
      'amount', CAST(amount AS VARCHAR),
      'merchant_id', masked(merchant_id),
      'category', masked(category),
      'status', masked(status),
      'payment_method', masked(payment_method)
    )
  ) AS written
FROM transactions_decided
WHERE reason IS NOT NULL AND number > 0;

CREATE OR REPLACE VIEW transactions_clean AS
WITH
  kept AS (
    SELECT
      *,
      CAST(isodow(transaction_date) - 1 AS INTEGER) AS weekday,
      CAST(hour(transaction_date) AS INTEGER) AS hour
    FROM transactions_decided
    WHERE reason IS NULL AND number > 0
  ),
  scored AS (SELECT *, risk_points(amount, status, weekday, hour) AS points FROM kept)
SELECT
  transaction_id,
  customer_id,
  transaction_date,
  CAST(amount AS DECIMAL(12, 2)) AS amount,
  coalesce(merchant_id, 'MERCH0000') AS merchant_id,
  coalesce(category, 'unknown') AS category,
  status,
  coalesce(payment_method, 'unknown') AS payment_method,
  CAST(year(transaction_date) AS INTEGER) AS transaction_year,
  CAST(month(transaction_date) AS INTEGER) AS transaction_month,
  CAST(day(transaction_date) AS INTEGER) AS transaction_day,
  weekday AS transaction_dayofweek,
  hour AS transaction_hour,
  amount_category_of(amount) AS amount_category,
  CAST(risk_capped(points) AS DECIMAL(5, 2)) AS risk_score,
  risk_level_of(risk_capped(points)) AS risk_level,
  day_start() AS processed_at,
  CAST(points AS INTEGER) AS risk_score_raw,
  risk_version() AS risk_version
FROM scored;
