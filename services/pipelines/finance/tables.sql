CREATE VIEW current_transactions AS
SELECT
  transaction_id,
  customer_id,
  transaction_date,
  amount,
  merchant_id,
  category,
  status,
  payment_method,
  transaction_year,
  transaction_month,
  transaction_day,
  transaction_dayofweek,
  transaction_hour,
  amount_category,
  risk_score,
  risk_level,
  processed_at,
  risk_score_raw,
  risk_version
FROM (
  SELECT
    *,
    row_number() OVER (PARTITION BY transaction_id ORDER BY processed_at DESC) AS age
  FROM transactions
) AS every_form
WHERE age = 1;
