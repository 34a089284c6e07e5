-- Rows are counted in place of their ids: an id is there once in the curated table. Customers are told apart for the products
-- of the answer alone.
WITH sold AS (
  SELECT product_id, count(*) AS orders, sum(quantity) AS units, sum(total_amount) AS revenue
  FROM transactions
  WHERE status = 'completed'
    AND transaction_date >= CAST($1 AS DATE) - INTERVAL '29' DAY
    AND transaction_date < CAST($1 AS DATE) + INTERVAL '1' DAY
  GROUP BY product_id
), best AS (
  SELECT product_id, name, category, brand, rating, orders, units, revenue
  FROM sold
  JOIN products USING (product_id)
  ORDER BY revenue DESC, product_id
  LIMIT 20
), buyers AS (
  SELECT product_id, count(DISTINCT customer_id) AS customers
  FROM transactions
  WHERE status = 'completed'
    AND transaction_date >= CAST($1 AS DATE) - INTERVAL '29' DAY
    AND transaction_date < CAST($1 AS DATE) + INTERVAL '1' DAY
    AND product_id IN (SELECT product_id FROM best)
  GROUP BY product_id
)
SELECT
  product_id,
  name AS product_name,
  category,
  brand,
  CAST(units AS BIGINT) AS total_quantity_sold,
  CAST(revenue AS DECIMAL(18, 2)) AS total_revenue,
  CAST(orders AS BIGINT) AS number_of_orders,
  customers AS unique_customers,
  mean_of(revenue, orders) AS avg_order_value,
  CAST(rating AS DECIMAL(4, 2)) AS avg_product_rating
FROM best
JOIN buyers USING (product_id)
ORDER BY total_revenue DESC, product_id
