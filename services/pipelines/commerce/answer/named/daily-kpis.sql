-- Rows are counted in place of their ids, and by the few kinds that there are of them first; customers and products are counted
-- once a day by groups of their own. Reading the columns three times costs less than keeping all rows at hand once.
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
  WHERE transaction_date >= CAST($1 AS DATE) - INTERVAL '89' DAY
    AND transaction_date < CAST($1 AS DATE) + INTERVAL '1' DAY
), kinds AS (
  SELECT
    date,
    status,
    revenue_category,
    is_weekend,
    transaction_hour BETWEEN 9 AND 17 AS is_business_hour,
    count(*) AS orders,
    sum(total_amount) AS amount,
    sum(quantity) AS units
  FROM orders
  GROUP BY date, status, revenue_category, is_weekend, transaction_hour BETWEEN 9 AND 17
), days AS (
  SELECT
    date,
    sum(orders) AS total_orders,
    coalesce(sum(orders) FILTER (WHERE status = 'completed'), 0) AS completed_orders,
    coalesce(sum(orders) FILTER (WHERE status = 'returned'), 0) AS returned_orders,
    coalesce(sum(orders) FILTER (WHERE status = 'refunded'), 0) AS refunded_orders,
    coalesce(sum(amount) FILTER (WHERE status = 'completed'), 0) AS revenue,
    coalesce(sum(units) FILTER (WHERE status = 'completed'), 0) AS units_sold,
    coalesce(sum(orders) FILTER (WHERE is_weekend), 0) AS weekend_orders,
    coalesce(sum(orders) FILTER (WHERE is_business_hour), 0) AS business_hours_orders,
    coalesce(sum(orders) FILTER (WHERE revenue_category = 'high'), 0) AS high_value_orders,
    coalesce(sum(orders) FILTER (WHERE revenue_category = 'medium'), 0) AS medium_value_orders,
    coalesce(sum(orders) FILTER (WHERE revenue_category = 'low'), 0) AS low_value_orders
  FROM kinds
  GROUP BY date
), customers AS (
  SELECT date, count(*) AS unique_customers, count(*) FILTER (WHERE is_paying) AS paying_customers
  FROM (
    SELECT date, customer_id, bool_or(status = 'completed') AS is_paying
    FROM orders
    GROUP BY date, customer_id
  ) AS buyers
  GROUP BY date
), products_of_days AS (
  SELECT date, count(*) AS unique_products_sold
  FROM (SELECT DISTINCT date, product_id FROM orders) AS sold
  GROUP BY date
)
SELECT
  date,
  CAST(total_orders AS BIGINT) AS total_orders,
  CAST(completed_orders AS BIGINT) AS completed_orders,
  CAST(returned_orders AS BIGINT) AS returned_orders,
  CAST(refunded_orders AS BIGINT) AS refunded_orders,
  unique_customers,
  paying_customers,
  CAST(revenue AS DECIMAL(18, 2)) AS revenue,
  mean_of(revenue, completed_orders) AS avg_order_value,
  CAST(units_sold AS BIGINT) AS units_sold,
  unique_products_sold,
  percent_of(returned_orders, total_orders) AS return_rate_pct,
  CAST(weekend_orders AS BIGINT) AS weekend_orders,
  CAST(business_hours_orders AS BIGINT) AS business_hours_orders,
  CAST(high_value_orders AS BIGINT) AS high_value_orders,
  CAST(medium_value_orders AS BIGINT) AS medium_value_orders,
  CAST(low_value_orders AS BIGINT) AS low_value_orders
FROM days
JOIN customers USING (date)
JOIN products_of_days USING (date)
ORDER BY date DESC
