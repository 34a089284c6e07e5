-- Rows are counted in place of their ids; customers and products are counted once a day by groups of their own. Reading the
-- columns three times costs less than keeping all rows at hand once.
WITH orders AS NOT MATERIALIZED (
  SELECT
    CAST(transaction_date AS DATE) AS date,
    customer_id,
    product_id,
    quantity,
    total_amount,
    status,
    is_weekend,
    transaction_hour,
    revenue_category
  FROM transactions
  WHERE transaction_date >= CAST($1 AS DATE) - INTERVAL 89 DAY
    AND transaction_date < CAST($1 AS DATE) + INTERVAL 1 DAY
), days AS (
  SELECT
    date,
    count(*) AS total_orders,
    count(*) FILTER (status = 'completed') AS completed_orders,
    count(*) FILTER (status = 'returned') AS returned_orders,
    count(*) FILTER (status = 'refunded') AS refunded_orders,
    coalesce(sum(total_amount) FILTER (status = 'completed'), 0) AS revenue,
    coalesce(sum(quantity) FILTER (status = 'completed'), 0) AS units_sold,
    count(*) FILTER (is_weekend) AS weekend_orders,
    count(*) FILTER (transaction_hour BETWEEN 9 AND 17) AS business_hours_orders,
    count(*) FILTER (revenue_category = 'high') AS high_value_orders,
    count(*) FILTER (revenue_category = 'medium') AS medium_value_orders,
    count(*) FILTER (revenue_category = 'low') AS low_value_orders
  FROM orders
  GROUP BY date
), customers AS (
  SELECT date, count(*) AS unique_customers, count(*) FILTER (is_paying) AS paying_customers
  FROM (
    SELECT date, customer_id, bool_or(status = 'completed') AS is_paying
    FROM orders
    GROUP BY date, customer_id
  )
  GROUP BY date
), products_of_days AS (
  SELECT date, count(*) AS unique_products_sold
  FROM (SELECT DISTINCT date, product_id FROM orders)
  GROUP BY date
)
SELECT
  date,
  total_orders,
  completed_orders,
  returned_orders,
  refunded_orders,
  unique_customers,
  paying_customers,
  CAST(revenue AS DECIMAL(18, 2)) AS revenue,
  mean_of(revenue, completed_orders) AS avg_order_value,
  CAST(units_sold AS BIGINT) AS units_sold,
  unique_products_sold,
  percent_of(returned_orders, total_orders) AS return_rate_pct,
  weekend_orders,
  business_hours_orders,
  high_value_orders,
  medium_value_orders,
  low_value_orders
FROM days
JOIN customers USING (date)
JOIN products_of_days USING (date)
ORDER BY date DESC
