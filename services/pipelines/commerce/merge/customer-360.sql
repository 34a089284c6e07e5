WITH spent AS (
  SELECT customer_id, count(*) AS orders, count(*) FILTER (WHERE status = 'completed') AS completed_orders,
    count(*) FILTER (WHERE status = 'returned') AS returned_orders, count(*) FILTER (WHERE status = 'refunded') AS refunded_orders,
    CAST(coalesce(sum(total_amount) FILTER (WHERE status = 'completed'), 0) AS DECIMAL(14,2)) AS lifetime_value,
    CAST(coalesce(sum(quantity) FILTER (WHERE status = 'completed'), 0) AS BIGINT) AS units,
    min(transaction_date) AS first_order_at, max(transaction_date) AS last_order_at
  FROM transactions GROUP BY customer_id
), seen AS (
  SELECT customer_id, count(*) AS sessions, max(ended_at) AS last_session_at FROM sessions WHERE customer_id IS NOT NULL GROUP BY customer_id
), wrote AS (
  SELECT customer_id, count(*) AS reviews FROM reviews GROUP BY customer_id
), everyone AS (
  SELECT customer_id FROM spent UNION SELECT customer_id FROM seen UNION SELECT customer_id FROM wrote
)
SELECT customer_id, coalesce(orders, 0) AS orders, coalesce(completed_orders, 0) AS completed_orders,
  coalesce(returned_orders, 0) AS returned_orders, coalesce(refunded_orders, 0) AS refunded_orders,
  CAST(coalesce(lifetime_value, 0) AS DECIMAL(14,2)) AS lifetime_value, coalesce(units, 0) AS units, first_order_at, last_order_at,
  CASE WHEN orders > 0 THEN round(100 * returned_orders / orders, 2) END AS return_rate_pct, coalesce(sessions, 0) AS sessions,
  greatest(last_order_at, last_session_at) AS last_seen_at, coalesce(reviews, 0) AS reviews,
  CASE WHEN lifetime_value >= 1000 THEN 'VIP' WHEN lifetime_value >= 500 THEN 'High Value' WHEN lifetime_value >= 100 THEN 'Medium Value'
    ELSE 'Low Value' END AS ltv_segment
FROM everyone LEFT JOIN spent USING (customer_id) LEFT JOIN seen USING (customer_id) LEFT JOIN wrote USING (customer_id)
ORDER BY customer_id
