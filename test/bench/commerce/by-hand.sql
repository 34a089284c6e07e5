-- The same tables as the pipeline's, by one script: no gate, no ledger, no rejects, no hashes, nothing between raw and curated.
-- $raw and $out are folders, $end the moment at which the last day ends.
CREATE TABLE read AS
SELECT row_number() OVER () AS place, trim(transaction_id) AS transaction_id, trim(customer_id) AS customer_id, trim(product_id) AS product_id,
  TRY_CAST(quantity AS INTEGER) AS quantity, TRY_CAST(price AS DECIMAL(10,2)) AS price, TRY_CAST(total_amount AS DECIMAL(10,2)) AS total_amount,
  TRY_CAST(transaction_date AS TIMESTAMP) AS transaction_date, lower(trim(status)) AS status,
  date AS processing_date
FROM read_csv('$raw/transactions/*/*', auto_detect = false, header = true, delim = ',', quote = '"', hive_partitioning = true,
  hive_types = {date: DATE}, columns = {transaction_id: 'VARCHAR', customer_id: 'VARCHAR', product_id: 'VARCHAR', quantity: 'VARCHAR', price: 'VARCHAR',
    total_amount: 'VARCHAR', transaction_date: 'VARCHAR', status: 'VARCHAR'})
WHERE trim(transaction_id) <> '' AND trim(customer_id) <> '' AND trim(product_id) <> '' AND TRY_CAST(quantity AS INTEGER) > 0
  AND TRY_CAST(price AS DECIMAL(10,2)) > 0 AND TRY_CAST(transaction_date AS TIMESTAMP) < date + INTERVAL 1 DAY;
CREATE TABLE repeated AS SELECT transaction_id, min(place) AS first_place FROM read GROUP BY transaction_id HAVING count(*) > 1;
SET preserve_insertion_order = false;
COPY (
  WITH fixed AS (
    SELECT * REPLACE (CASE WHEN total_amount IS NULL OR abs(total_amount - quantity * price) > 0.01
      THEN CAST(quantity * price AS DECIMAL(10,2)) ELSE total_amount END AS total_amount)
    FROM read LEFT JOIN repeated USING (transaction_id) WHERE first_place IS NULL OR first_place = place
  )
  SELECT transaction_id, customer_id, product_id, quantity, price, total_amount, transaction_date, status,
    CAST(processing_date AS TIMESTAMP) AS processing_timestamp, processing_date,
    CASE WHEN total_amount >= 100 THEN 'high' WHEN total_amount >= 50 THEN 'medium' ELSE 'low' END AS revenue_category,
    CAST(hour(transaction_date) AS INTEGER) AS transaction_hour, CAST(dayofweek(transaction_date) + 1 AS INTEGER) AS day_of_week,
    dayofweek(transaction_date) IN (0, 6) AS is_weekend, CAST(year(transaction_date) AS INTEGER) AS year,
    CAST(month(transaction_date) AS INTEGER) AS month, CAST(day(transaction_date) AS INTEGER) AS day
  FROM fixed WHERE total_amount > 0
) TO '$out/transactions' (FORMAT parquet, COMPRESSION snappy, PARTITION_BY (year, month, day), WRITE_PARTITION_COLUMNS true);
DROP TABLE read;
CREATE VIEW transactions AS FROM read_parquet('$out/transactions/**/*.parquet', hive_partitioning = false);
-- End of the transactions alone.

CREATE TABLE products AS
SELECT DISTINCT ON (product_id) trim(product_id) AS product_id, name, category, brand, CAST(price AS DECIMAL(10,2)) AS price, stock,
  weight_kg, rating, review_count, stock > 0 AS is_active
FROM read_json('$raw/products/*/*', format = 'newline_delimited', columns = {product_id: 'VARCHAR', name: 'VARCHAR', category: 'VARCHAR',
  brand: 'VARCHAR', price: 'DECIMAL(10,2)', stock: 'INTEGER', weight_kg: 'DECIMAL(5,2)', rating: 'DECIMAL(2,1)', review_count: 'INTEGER'},
  filename = true)
WHERE price > 0 AND stock >= 0 ORDER BY product_id, filename DESC;
COPY products TO '$out/products.parquet' (FORMAT parquet, COMPRESSION snappy);

CREATE TABLE reviews AS
WITH read AS (
  SELECT *, row_number() OVER () AS place FROM read_csv('$raw/reviews/*/*', auto_detect = false, header = true, delim = ',', quote = '"',
    columns = {review_id: 'VARCHAR', product_id: 'VARCHAR', customer_id: 'VARCHAR', rating: 'INTEGER', review_text: 'VARCHAR',
      review_date: 'DATE', verified_purchase: 'BOOLEAN', helpful_votes: 'INTEGER'}, filename = true)
  WHERE rating BETWEEN 1 AND 5 AND helpful_votes >= 0
)
SELECT review_id, product_id, customer_id, rating,
  regexp_replace(regexp_replace(review_text, '\S+@\S+\.\S+', '***', 'g'), '\+?\d[\d ()./-]{7,}\d', '***', 'g') AS review_text, review_date,
  verified_purchase, helpful_votes, CAST(year(review_date) AS INTEGER) AS year, CAST(month(review_date) AS INTEGER) AS month
FROM read QUALIFY row_number() OVER (PARTITION BY review_id ORDER BY place) = 1;
COPY reviews TO '$out/reviews' (FORMAT parquet, COMPRESSION snappy, PARTITION_BY (year, month), WRITE_PARTITION_COLUMNS true);

CREATE TABLE clickstream AS
SELECT DISTINCT ON (session_id, "timestamp", event_type, page)
  coalesce(session_id, 'customer:' || customer_id) AS session_id,
  customer_id, lower(event_type) AS event_type, regexp_extract(page, '^[^?#]*') AS page, "timestamp", lower(device) AS device, browser,
  regexp_replace(ip_address, '\d+$', '0') AS ip_address, CAST(NULL AS VARCHAR) AS user_agent, CAST(year("timestamp") AS INTEGER) AS year,
  CAST(month("timestamp") AS INTEGER) AS month, CAST(day("timestamp") AS INTEGER) AS day, CAST(hour("timestamp") AS INTEGER) AS hour
FROM read_json('$raw/clickstream/*/*', format = 'newline_delimited', columns = {session_id: 'VARCHAR', customer_id: 'VARCHAR',
  event_type: 'VARCHAR', page: 'VARCHAR', "timestamp": 'TIMESTAMP', device: 'VARCHAR', browser: 'VARCHAR', ip_address: 'VARCHAR',
  user_agent: 'VARCHAR'})
WHERE event_type IN ('page_view', 'product_view', 'add_to_cart', 'remove_from_cart', 'checkout_start', 'purchase', 'search');
COPY (FROM clickstream ORDER BY year, month, day, hour) TO '$out/clickstream' (FORMAT parquet, COMPRESSION snappy,
  PARTITION_BY (year, month, day, hour), WRITE_PARTITION_COLUMNS true);

CREATE TABLE sessions AS
WITH paused AS (
  SELECT *, CASE WHEN "timestamp" - lag("timestamp") OVER walk >= INTERVAL 30 MINUTE THEN 1 ELSE 0 END AS is_new
  FROM clickstream WINDOW walk AS (PARTITION BY session_id ORDER BY "timestamp", event_type, page)
), visits AS (
  SELECT *, sum(is_new) OVER (PARTITION BY session_id ORDER BY "timestamp", event_type, page) AS visit FROM paused
), cut AS (
  SELECT *, CAST(date_sub('second', min("timestamp") OVER (PARTITION BY session_id, visit), "timestamp") // 86400 AS INTEGER) AS cut FROM visits
), grouped AS (
  SELECT session_id, visit, cut, count(*) AS event_count, min("timestamp") AS started_at, max("timestamp") AS ended_at,
    arg_min(customer_id, ("timestamp", event_type, page)) FILTER (WHERE customer_id IS NOT NULL) AS customer_id,
    arg_min(device, ("timestamp", event_type, page)) AS device, arg_min(browser, ("timestamp", event_type, page)) AS browser,
    arg_min(page, ("timestamp", event_type, page)) AS entry_page, arg_max(page, ("timestamp", event_type, page)) AS exit_page,
    count(*) FILTER (WHERE event_type = 'page_view') AS page_views, count(*) FILTER (WHERE event_type = 'product_view') AS product_views,
    count(*) FILTER (WHERE event_type = 'add_to_cart') AS add_to_carts, count(*) FILTER (WHERE event_type = 'remove_from_cart') AS removes,
    count(*) FILTER (WHERE event_type = 'checkout_start') AS checkouts, count(*) FILTER (WHERE event_type = 'purchase') AS purchases
  FROM cut GROUP BY ALL
), numbered AS (
  SELECT *, CAST(row_number() OVER (PARTITION BY session_id ORDER BY visit, cut) AS INTEGER) AS session_seq FROM grouped
)
SELECT session_id || '#' || session_seq AS session_key, session_id, session_seq, customer_id, device, browser, started_at, ended_at,
  date_sub('second', started_at, ended_at) AS duration_s, CAST(event_count AS INTEGER) AS event_count,
  CAST(page_views AS INTEGER) AS page_views, CAST(product_views AS INTEGER) AS product_views, CAST(add_to_carts AS INTEGER) AS add_to_carts,
  CAST(removes AS INTEGER) AS removes, CAST(checkouts AS INTEGER) AS checkouts, CAST(purchases AS INTEGER) AS purchases, entry_page, exit_page,
  event_count = 1 AS bounced, purchases > 0 AS converted,
  CASE WHEN purchases > 0 THEN 'purchase' WHEN checkouts > 0 THEN 'checkout_start' WHEN add_to_carts > 0 THEN 'add_to_cart'
    WHEN product_views > 0 THEN 'product_view' WHEN page_views > 0 THEN 'page_view' ELSE 'none' END AS furthest_stage,
  CAST(year(started_at) AS INTEGER) AS year, CAST(month(started_at) AS INTEGER) AS month, CAST(day(started_at) AS INTEGER) AS day
FROM numbered;
COPY sessions TO '$out/sessions' (FORMAT parquet, COMPRESSION snappy, PARTITION_BY (year, month, day), WRITE_PARTITION_COLUMNS true);

CREATE MACRO traffic(moment) AS TABLE
SELECT moment AS moment, coalesce(device, 'all') AS device, count(*) AS sessions, count(DISTINCT coalesce(customer_id, session_id)) AS users,
  round(count(*) FILTER (WHERE bounced) / count(*), 4) AS bounce_rate, round(count(*) FILTER (WHERE converted) / count(*), 4) AS conversion_rate,
  CASE WHEN count(*) FILTER (WHERE add_to_carts > 0) > 0 THEN round(1 - count(*) FILTER (WHERE converted AND add_to_carts > 0)
    / count(*) FILTER (WHERE add_to_carts > 0), 4) END AS cart_abandonment, round(sum(duration_s) / count(*), 2) AS mean_duration_s
FROM sessions GROUP BY GROUPING SETS ((1), (1, sessions.device));
COPY (SELECT moment AS hour_start, * EXCLUDE moment FROM traffic(date_trunc('hour', started_at))) TO '$out/traffic_hourly.parquet' (FORMAT parquet, COMPRESSION snappy);
COPY (SELECT moment AS day, * EXCLUDE moment FROM traffic(CAST(started_at AS DATE))) TO '$out/traffic_daily.parquet' (FORMAT parquet, COMPRESSION snappy);

CREATE TABLE categories AS SELECT * FROM (VALUES
  ('Electronics', 'Technology', CAST(0.18 AS DECIMAL(4,2))), ('Clothing', 'Fashion', 0.45), ('Home & Garden', 'Home', 0.35),
  ('Sports & Outdoors', 'Leisure', 0.32), ('Books', 'Media', 0.25), ('Toys & Games', 'Leisure', 0.38), ('Health & Beauty', 'Care', 0.42),
  ('Automotive', 'Technology', 0.28), ('Office Supplies', 'Home', 0.30), ('Pet Supplies', 'Care', 0.33)) known(category, department, margin_rate);

COPY (
  WITH firsts AS (
    SELECT arg_min(transaction_id, (transaction_date, transaction_id)) AS transaction_id FROM transactions GROUP BY customer_id
  ), scores AS (
    SELECT product_id, round(sum(rating) / count(*), 2) AS review_score, count(*) AS review_count FROM reviews GROUP BY product_id
  )
  SELECT t.transaction_id, t.customer_id, t.product_id, t.quantity, t.price, t.total_amount, t.transaction_date, t.status, t.revenue_category,
    f.transaction_id IS NOT NULL AS is_first_order, p.product_id IS NULL AS is_orphan, p.name AS product_name, p.category, p.brand,
    CASE WHEN p.product_id IS NOT NULL THEN coalesce(c.department, 'Other') END AS department,
    CASE WHEN p.product_id IS NOT NULL THEN coalesce(c.margin_rate, CAST(0.30 AS DECIMAL(4,2))) END AS margin_rate,
    s.review_score, coalesce(s.review_count, 0) AS review_count, t.year, t.month, t.day
  FROM transactions t LEFT JOIN products p USING (product_id) LEFT JOIN categories c ON c.category = p.category
  LEFT JOIN firsts f ON f.transaction_id = t.transaction_id LEFT JOIN scores s ON s.product_id = t.product_id
) TO '$out/sales_enriched' (FORMAT parquet, COMPRESSION snappy, PARTITION_BY (year, month, day), WRITE_PARTITION_COLUMNS true);

COPY (
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
  )
  SELECT customer_id, coalesce(orders, 0) AS orders, coalesce(completed_orders, 0) AS completed_orders,
    coalesce(returned_orders, 0) AS returned_orders, coalesce(refunded_orders, 0) AS refunded_orders,
    CAST(coalesce(lifetime_value, 0) AS DECIMAL(14,2)) AS lifetime_value, coalesce(units, 0) AS units, first_order_at, last_order_at,
    CASE WHEN orders > 0 THEN round(100 * returned_orders / orders, 2) END AS return_rate_pct, coalesce(sessions, 0) AS sessions,
    greatest(last_order_at, last_session_at) AS last_seen_at, coalesce(reviews, 0) AS reviews,
    CASE WHEN lifetime_value >= 1000 THEN 'VIP' WHEN lifetime_value >= 500 THEN 'High Value' WHEN lifetime_value >= 100 THEN 'Medium Value'
      ELSE 'Low Value' END AS ltv_segment
  FROM spent FULL JOIN seen USING (customer_id) FULL JOIN wrote USING (customer_id)
) TO '$out/customer_360.parquet' (FORMAT parquet, COMPRESSION snappy);

COPY (
  WITH sold AS (
    SELECT product_id, CAST(sum(total_amount) AS DECIMAL(14,2)) AS revenue, CAST(sum(quantity) AS BIGINT) AS units, count(*) AS orders,
      CAST(coalesce(sum(quantity) FILTER (WHERE is_recent), 0) AS BIGINT) AS units_30d,
      CAST(coalesce(sum(total_amount) FILTER (WHERE is_recent), 0) AS DECIMAL(14,2)) AS revenue_30d
    FROM (SELECT *, transaction_date >= $end - INTERVAL 30 DAY AND transaction_date < $end AS is_recent FROM transactions)
    WHERE status = 'completed' GROUP BY product_id
  ), clicked AS (
    SELECT regexp_extract(page, '^/product/([^/]+)', 1) AS product_id, count(*) FILTER (WHERE event_type = 'product_view') AS views,
      count(*) FILTER (WHERE event_type = 'add_to_cart') AS cart_adds
    FROM clickstream WHERE page LIKE '/product/%' GROUP BY 1
  ), scores AS (
    SELECT r.product_id, round(sum(rating) / count(*), 2) AS mean_rating, count(*) AS review_count,
      count(*) FILTER (WHERE b.product_id IS NOT NULL) AS verified_review_count
    FROM reviews r LEFT JOIN (SELECT DISTINCT product_id, customer_id FROM transactions) b USING (product_id, customer_id) GROUP BY r.product_id
  )
  SELECT p.product_id, p.name, p.category, p.brand, coalesce(c.department, 'Other') AS department,
    coalesce(c.margin_rate, CAST(0.30 AS DECIMAL(4,2))) AS margin_rate, c.category IS NOT NULL AS is_known_category, p.price, p.stock,
    CAST(p.price * p.stock AS DECIMAL(20,2)) AS inventory_value,
    CASE WHEN stock = 0 THEN 'out_of_stock' WHEN stock < 20 THEN 'low' WHEN stock < 200 THEN 'normal' ELSE 'high' END AS stock_status,
    ['budget', 'standard', 'premium'][ntile(3) OVER (PARTITION BY p.category ORDER BY p.price, p.product_id)] AS price_tier,
    CAST(coalesce(revenue, 0) AS DECIMAL(14,2)) AS revenue, coalesce(units, 0) AS units, coalesce(orders, 0) AS orders,
    coalesce(units_30d, 0) AS units_30d, CAST(coalesce(revenue_30d, 0) AS DECIMAL(14,2)) AS revenue_30d,
    CASE WHEN units_30d > 0 THEN round(stock / (units_30d / 30), 1) END AS days_of_supply, coalesce(views, 0) AS views,
    coalesce(cart_adds, 0) AS cart_adds, CASE WHEN views > 0 THEN round(coalesce(orders, 0) / views, 4) END AS view_to_buy_rate,
    mean_rating, coalesce(scores.review_count, 0) AS review_count, coalesce(verified_review_count, 0) AS verified_review_count
  FROM products p LEFT JOIN categories c ON c.category = p.category LEFT JOIN sold USING (product_id) LEFT JOIN clicked USING (product_id)
  LEFT JOIN scores USING (product_id)
) TO '$out/product_performance.parquet' (FORMAT parquet, COMPRESSION snappy);

COPY (
  WITH sold AS (
    SELECT CAST(transaction_date AS DATE) AS day, count(*) AS orders, count(*) FILTER (WHERE status = 'completed') AS completed_orders,
      CAST(coalesce(sum(total_amount) FILTER (WHERE status = 'completed'), 0) AS DECIMAL(14,2)) AS revenue,
      CAST(coalesce(sum(quantity) FILTER (WHERE status = 'completed'), 0) AS BIGINT) AS units, count(DISTINCT customer_id) AS customers,
      count(*) FILTER (WHERE product_id NOT IN (SELECT product_id FROM products)) AS orphan_orders
    FROM transactions GROUP BY 1
  ), visited AS (
    SELECT CAST(started_at AS DATE) AS day, count(*) AS sessions, count(*) FILTER (WHERE converted) AS converted_sessions FROM sessions GROUP BY 1
  ), reviewed AS (
    SELECT review_date AS day, count(*) AS reviews FROM reviews GROUP BY 1
  )
  SELECT day, coalesce(orders, 0) AS orders, coalesce(completed_orders, 0) AS completed_orders,
    CAST(coalesce(revenue, 0) AS DECIMAL(14,2)) AS revenue, coalesce(units, 0) AS units, coalesce(customers, 0) AS customers,
    coalesce(orphan_orders, 0) AS orphan_orders, coalesce(sessions, 0) AS sessions, coalesce(converted_sessions, 0) AS converted_sessions,
    coalesce(reviews, 0) AS reviews
  FROM sold FULL JOIN visited USING (day) FULL JOIN reviewed USING (day)
) TO '$out/daily_summary.parquet' (FORMAT parquet, COMPRESSION snappy);
