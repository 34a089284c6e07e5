-- requirements 4.8. What has no rows to add up or average is NULL, not zero.
CREATE OR REPLACE VIEW vw_customer_transaction_summary AS
SELECT
  c.customer_id,
  c.customer_name,
  c.customer_tier,
  count(t.transaction_id) AS total_transactions,
  sum(t.amount) AS total_amount,
  avg(t.amount) AS avg_amount,
  max(t.transaction_date) AS last_transaction_date,
  count(*) FILTER (WHERE t.risk_level = 'critical') AS critical_risk_count,
  count(*) FILTER (WHERE t.risk_level = 'high') AS high_risk_count
FROM dim_customers c
LEFT JOIN fact_transactions t ON t.customer_id = c.customer_id
GROUP BY c.customer_id, c.customer_name, c.customer_tier;

CREATE OR REPLACE VIEW vw_daily_transaction_summary AS
SELECT
  CAST(transaction_date AS DATE) AS transaction_day,
  count(*) AS total_transactions,
  sum(amount) AS total_amount,
  avg(amount) AS avg_amount,
  count(DISTINCT customer_id) AS unique_customers,
  count(*) FILTER (WHERE status = 'completed') AS completed_count,
  count(*) FILTER (WHERE status = 'failed') AS failed_count,
  count(*) FILTER (WHERE risk_level IN ('high', 'critical')) AS high_risk_count
FROM fact_transactions
GROUP BY CAST(transaction_date AS DATE)
ORDER BY transaction_day DESC;

CREATE OR REPLACE VIEW vw_high_risk_transactions AS
SELECT
  t.transaction_id,
  t.customer_id,
  c.customer_name,
  c.customer_tier,
  t.transaction_date,
  t.amount,
  t.merchant_id,
  t.category,
  t.status,
  t.payment_method,
  t.risk_score,
  t.risk_level
FROM fact_transactions t
JOIN dim_customers c ON c.customer_id = t.customer_id
WHERE t.risk_level IN ('high', 'critical')
ORDER BY t.risk_score DESC, t.transaction_date DESC;
