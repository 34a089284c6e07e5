-- What of the staged customers goes on, and what is refused. Reasons: reject.ts.
CREATE OR REPLACE TABLE customers_dropped AS
SELECT place
FROM (
  SELECT place, row_number() OVER (PARTITION BY customer_id ORDER BY place) AS number
  FROM customers_staged
  WHERE customer_id IS NOT NULL
)
WHERE number > 1;

-- As in clean-transactions.sql: numbered, so that the clean rows stay in order.
CREATE OR REPLACE VIEW customers_decided AS
SELECT
  * REPLACE (
    CASE WHEN place IN (SELECT place FROM customers_dropped) THEN 'duplicate-id' ELSE reason END AS reason
  ),
  row_number() OVER () AS number
FROM customers_staged;

CREATE OR REPLACE VIEW customers_rejected AS
SELECT place, line, reason, written
FROM customers_decided
WHERE reason IS NOT NULL AND number > 0;

CREATE OR REPLACE VIEW customers_clean AS
SELECT customer_id, customer_name, registration_date, customer_tier, email, is_active
FROM customers_decided
WHERE reason IS NULL AND number > 0;
