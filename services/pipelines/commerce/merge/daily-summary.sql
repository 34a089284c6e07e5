WITH sold AS (
  SELECT CAST(transaction_date AS DATE) AS day, count(*) AS orders, count(*) FILTER (WHERE status = 'completed') AS completed_orders,
    CAST(coalesce(sum(total_amount) FILTER (WHERE status = 'completed'), 0) AS DECIMAL(14,2)) AS revenue,
    CAST(coalesce(sum(quantity) FILTER (WHERE status = 'completed'), 0) AS BIGINT) AS units,
    count(DISTINCT customer_id) AS customers, count(*) FILTER (WHERE product_id NOT IN (SELECT product_id FROM products)) AS orphan_orders
  FROM transactions GROUP BY 1
), visited AS (
  SELECT CAST(started_at AS DATE) AS day, count(*) AS sessions, count(*) FILTER (WHERE converted) AS converted_sessions FROM sessions GROUP BY 1
), reviewed AS (
  SELECT review_date AS day, count(*) AS reviews FROM reviews GROUP BY 1
)
SELECT day, coalesce(orders, 0) AS orders, coalesce(completed_orders, 0) AS completed_orders,
  CAST(coalesce(revenue, 0) AS DECIMAL(14,2)) AS revenue, coalesce(units, 0) AS units, coalesce(customers, 0) AS customers,
  coalesce(orphan_orders, 0) AS orphan_orders, coalesce(sessions, 0) AS sessions,
  coalesce(converted_sessions, 0) AS converted_sessions, coalesce(reviews, 0) AS reviews
FROM sold FULL JOIN visited USING (day) FULL JOIN reviewed USING (day) ORDER BY day
