-- Means of customers are kept with six digits before the mean of a segment is taken of them.
WITH customers AS (
  SELECT
    customer_id,
    min(transaction_date) AS first_purchase,
    max(transaction_date) AS last_purchase,
    count(*) AS orders,
    count(*) FILTER (WHERE status = 'completed') AS completed,
    count(*) FILTER (WHERE status = 'returned') AS returned,
    coalesce(sum(total_amount) FILTER (WHERE status = 'completed'), 0) AS lifetime_value
  FROM transactions
  WHERE transaction_date < CAST($1 AS DATE) + INTERVAL '1' DAY
  GROUP BY customer_id
), segments AS (
  SELECT
    CASE
      WHEN lifetime_value >= 1000 THEN 'VIP'
      WHEN lifetime_value >= 500 THEN 'High Value'
      WHEN lifetime_value >= 100 THEN 'Medium Value'
      ELSE 'Low Value'
    END AS customer_segment,
    CASE
      WHEN orders >= 10 THEN 'Frequent'
      WHEN orders >= 5 THEN 'Regular'
      WHEN orders >= 2 THEN 'Occasional'
      ELSE 'One-time'
    END AS purchase_frequency,
    lifetime_value,
    orders,
    half_up(cents(lifetime_value) * 10000, completed) AS mean_micros,
    date_diff('day', CAST(first_purchase AS DATE), CAST(last_purchase AS DATE)) AS tenure_days,
    percent_of(returned, orders) AS return_rate
  FROM customers
)
SELECT
  customer_segment,
  purchase_frequency,
  count(*) AS customer_count,
  mean_of(sum(lifetime_value), count(*)) AS avg_ltv,
  CAST(CAST(half_up(sum(orders) * 10, count(*)) AS DECIMAL(18, 0)) * 0.1 AS DECIMAL(18, 1)) AS avg_orders,
  hundredths(half_up(sum(mean_micros), count(mean_micros) * 10000)) AS avg_order_value,
  CAST(half_up(sum(tenure_days), count(*)) AS BIGINT) AS avg_tenure_days,
  mean_of(sum(return_rate), count(*)) AS avg_return_rate_pct,
  CAST(sum(lifetime_value) AS DECIMAL(18, 2)) AS total_segment_revenue
FROM segments
GROUP BY customer_segment, purchase_frequency
ORDER BY total_segment_revenue DESC, customer_segment, purchase_frequency
