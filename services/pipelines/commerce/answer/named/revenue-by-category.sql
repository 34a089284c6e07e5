-- Orders of products that no products feed has brought are there under (no product), so that the shares are of all revenue.
WITH by_product AS (
  SELECT product_id, sum(total_amount) AS revenue, count(*) AS orders, sum(quantity) AS units
  FROM transactions
  WHERE status = 'completed'
    AND transaction_date >= CAST($1 AS DATE) - INTERVAL '29' DAY
    AND transaction_date < CAST($1 AS DATE) + INTERVAL '1' DAY
  GROUP BY product_id
), by_category AS (
  SELECT
    coalesce(category, '(no product)') AS category,
    sum(revenue) AS revenue,
    sum(orders) AS orders,
    sum(units) AS units
  FROM by_product
  LEFT JOIN products USING (product_id)
  GROUP BY coalesce(category, '(no product)')
)
SELECT
  category,
  CAST(revenue AS DECIMAL(18, 2)) AS revenue,
  CAST(orders AS BIGINT) AS orders,
  CAST(units AS BIGINT) AS units,
  hundredths(half_up(cents(revenue) * 10000, cents(sum(revenue) OVER ()))) AS revenue_share_pct
FROM by_category
ORDER BY revenue DESC, category
