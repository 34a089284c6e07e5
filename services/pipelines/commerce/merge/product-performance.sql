WITH sold AS (
  SELECT product_id, CAST(sum(total_amount) AS DECIMAL(14,2)) AS revenue, CAST(sum(quantity) AS BIGINT) AS units, count(*) AS orders,
    CAST(coalesce(sum(quantity) FILTER (WHERE is_recent), 0) AS BIGINT) AS units_30d,
    CAST(coalesce(sum(total_amount) FILTER (WHERE is_recent), 0) AS DECIMAL(14,2)) AS revenue_30d
  FROM (SELECT *, transaction_date >= run_end() - INTERVAL 30 DAY AND transaction_date < run_end() AS is_recent FROM transactions)
  WHERE status = 'completed' GROUP BY product_id
), clicked AS (
  SELECT regexp_extract(page, '^/product/([^/]+)', 1) AS product_id, count(*) FILTER (WHERE event_type = 'product_view') AS views,
    count(*) FILTER (WHERE event_type = 'add_to_cart') AS cart_adds
  FROM clickstream WHERE page LIKE '/product/%' GROUP BY 1
), bought AS (
  -- Those of which somebody has written: they are few among all.
  SELECT DISTINCT product_id, customer_id FROM transactions SEMI JOIN reviews USING (product_id, customer_id)
), scores AS (
  SELECT r.product_id, round(sum(rating) / count(*), 2) AS mean_rating, count(*) AS review_count,
    count(*) FILTER (WHERE b.product_id IS NOT NULL) AS verified_review_count
  FROM reviews r LEFT JOIN bought b USING (product_id, customer_id)
  GROUP BY r.product_id
)
SELECT p.product_id, p.name, p.category, p.brand, coalesce(c.department, 'Other') AS department,
  coalesce(c.margin_rate, CAST(0.30 AS DECIMAL(4,2))) AS margin_rate, c.category IS NOT NULL AS is_known_category, p.price, p.stock,
  CAST(p.price * p.stock AS DECIMAL(20,2)) AS inventory_value,
  CASE WHEN stock = 0 THEN 'out_of_stock' WHEN stock < 20 THEN 'low' WHEN stock < 200 THEN 'normal' ELSE 'high' END AS stock_status,
  ['budget', 'standard', 'premium'][ntile(3) OVER (PARTITION BY p.category ORDER BY p.price, p.product_id)] AS price_tier,
  CAST(coalesce(revenue, 0) AS DECIMAL(14,2)) AS revenue, coalesce(units, 0) AS units, coalesce(orders, 0) AS orders,
  coalesce(units_30d, 0) AS units_30d, CAST(coalesce(revenue_30d, 0) AS DECIMAL(14,2)) AS revenue_30d,
  CASE WHEN units_30d > 0 THEN round(stock / (units_30d / 30), 1) END AS days_of_supply,
  coalesce(views, 0) AS views, coalesce(cart_adds, 0) AS cart_adds,
  CASE WHEN views > 0 THEN round(coalesce(orders, 0) / views, 4) END AS view_to_buy_rate,
  mean_rating, coalesce(scores.review_count, 0) AS review_count, coalesce(verified_review_count, 0) AS verified_review_count
FROM products p LEFT JOIN categories c ON c.category = p.category LEFT JOIN sold USING (product_id) LEFT JOIN clicked USING (product_id)
LEFT JOIN scores USING (product_id)
ORDER BY p.product_id
