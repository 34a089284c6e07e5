-- Thirty days, and the thirty before them.
WITH orders AS (
  SELECT
    transaction_date >= CAST($1 AS DATE) - INTERVAL 29 DAY AS is_current,
    count(*) AS orders,
    count(*) FILTER (status = 'completed') AS completed,
    coalesce(sum(total_amount) FILTER (status = 'completed'), 0) AS revenue
  FROM transactions
  WHERE transaction_date >= CAST($1 AS DATE) - INTERVAL 59 DAY
    AND transaction_date < CAST($1 AS DATE) + INTERVAL 1 DAY
  GROUP BY ALL
), sessions AS (
  SELECT is_current, count(*) AS sessions, count(*) FILTER (has_bought) AS buying
  FROM (
    SELECT
      "timestamp" >= CAST($1 AS DATE) - INTERVAL 29 DAY AS is_current,
      session_id,
      bool_or(event_type = 'purchase') AS has_bought
    FROM clickstream
    WHERE "timestamp" >= CAST($1 AS DATE) - INTERVAL 59 DAY
      AND "timestamp" < CAST($1 AS DATE) + INTERVAL 1 DAY
    GROUP BY ALL
  )
  GROUP BY is_current
), periods AS (
  SELECT
    is_current,
    coalesce(revenue, 0) AS revenue,
    coalesce(orders, 0) AS orders,
    mean_of(revenue, completed) AS mean_order,
    percent_of(buying, sessions) AS conversion
  FROM (VALUES (true), (false)) AS sides(is_current)
  LEFT JOIN orders USING (is_current)
  LEFT JOIN sessions USING (is_current)
), kpis AS (
  SELECT is_current, unnest([
    {'place': 1, 'kpi': 'total_revenue', 'value': CAST(revenue AS DECIMAL(18, 2))},
    {'place': 2, 'kpi': 'total_orders', 'value': CAST(orders AS DECIMAL(18, 2))},
    {'place': 3, 'kpi': 'avg_order_value', 'value': mean_order},
    {'place': 4, 'kpi': 'conversion_rate_pct', 'value': conversion}
  ], recursive := true)
  FROM periods
)
SELECT
  now.kpi,
  now.value,
  before.value AS previous,
  hundredths(half_up(cents(now.value - before.value) * 10000, cents(nullif(before.value, 0)))) AS change_pct
FROM kpis AS now
JOIN kpis AS before USING (place)
WHERE now.is_current AND NOT before.is_current
ORDER BY place
