-- Thirty days, and the thirty before them.
WITH orders AS (
  SELECT
    transaction_date >= CAST($1 AS DATE) - INTERVAL '29' DAY AS is_current,
    count(*) AS orders,
    count(*) FILTER (WHERE status = 'completed') AS completed,
    coalesce(sum(total_amount) FILTER (WHERE status = 'completed'), 0) AS revenue
  FROM transactions
  WHERE transaction_date >= CAST($1 AS DATE) - INTERVAL '59' DAY
    AND transaction_date < CAST($1 AS DATE) + INTERVAL '1' DAY
  GROUP BY transaction_date >= CAST($1 AS DATE) - INTERVAL '29' DAY
), sessions AS (
  SELECT is_current, count(*) AS sessions, count(*) FILTER (WHERE has_bought) AS buying
  FROM (
    SELECT
      "timestamp" >= CAST($1 AS DATE) - INTERVAL '29' DAY AS is_current,
      session_id,
      bool_or(event_type = 'purchase') AS has_bought
    FROM clickstream
    WHERE "timestamp" >= CAST($1 AS DATE) - INTERVAL '59' DAY
      AND "timestamp" < CAST($1 AS DATE) + INTERVAL '1' DAY
    GROUP BY "timestamp" >= CAST($1 AS DATE) - INTERVAL '29' DAY, session_id
  ) AS visits
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
  SELECT
    is_current,
    place,
    kpi,
    CASE place
      WHEN 1 THEN CAST(revenue AS DECIMAL(18, 2))
      WHEN 2 THEN CAST(orders AS DECIMAL(18, 2))
      WHEN 3 THEN mean_order
      ELSE conversion
    END AS value
  FROM periods
  CROSS JOIN (VALUES
    (1, 'total_revenue'),
    (2, 'total_orders'),
    (3, 'avg_order_value'),
    (4, 'conversion_rate_pct')
  ) AS places(place, kpi)
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
