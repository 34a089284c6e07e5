-- A pause of 30 minutes begins a new session; what is longer than 24 hours is cut every 24 hours from its beginning.
WITH paused AS (
  SELECT *, row_number() OVER walk AS place,
    CASE WHEN "timestamp" - lag("timestamp") OVER walk >= INTERVAL 30 MINUTE THEN 1 ELSE 0 END AS is_new
  FROM clickstream WINDOW walk AS (PARTITION BY session_id ORDER BY "timestamp", event_type, page)
), visits AS (
  SELECT *, sum(is_new) OVER (PARTITION BY session_id ORDER BY place) AS visit FROM paused
), long_visits AS (
  SELECT session_id, visit, min("timestamp") AS began_at FROM visits GROUP BY session_id, visit
  HAVING date_sub('second', min("timestamp"), max("timestamp")) >= 86400
), cut AS (
  SELECT visits.*, coalesce(date_sub('second', began_at, "timestamp") // 86400, 0) AS cut
  FROM visits LEFT JOIN long_visits USING (session_id, visit)
), grouped AS (
  SELECT session_id, visit, cut, count(*) AS event_count, min("timestamp") AS started_at, max("timestamp") AS ended_at,
    arg_min(customer_id, place) FILTER (WHERE customer_id IS NOT NULL) AS customer_id,
    arg_min(device, place) AS device, arg_min(browser, place) AS browser,
    arg_min(page, place) AS entry_page, arg_max(page, place) AS exit_page,
    count(*) FILTER (WHERE event_type = 'page_view') AS page_views,
    count(*) FILTER (WHERE event_type = 'product_view') AS product_views,
    count(*) FILTER (WHERE event_type = 'add_to_cart') AS add_to_carts,
    count(*) FILTER (WHERE event_type = 'remove_from_cart') AS removes,
    count(*) FILTER (WHERE event_type = 'checkout_start') AS checkouts,
    count(*) FILTER (WHERE event_type = 'purchase') AS purchases
  FROM cut GROUP BY session_id, visit, cut
), numbered AS (
  SELECT *, CAST(row_number() OVER (PARTITION BY session_id ORDER BY visit, cut) AS INTEGER) AS session_seq FROM grouped
)
SELECT session_id || '#' || session_seq AS session_key, session_id, session_seq, customer_id, device, browser, started_at, ended_at,
  date_sub('second', started_at, ended_at) AS duration_s, CAST(event_count AS INTEGER) AS event_count,
  CAST(page_views AS INTEGER) AS page_views, CAST(product_views AS INTEGER) AS product_views,
  CAST(add_to_carts AS INTEGER) AS add_to_carts, CAST(removes AS INTEGER) AS removes,
  CAST(checkouts AS INTEGER) AS checkouts, CAST(purchases AS INTEGER) AS purchases, entry_page, exit_page,
  event_count = 1 AS bounced, purchases > 0 AS converted,
  CASE WHEN purchases > 0 THEN 'purchase' WHEN checkouts > 0 THEN 'checkout_start' WHEN add_to_carts > 0 THEN 'add_to_cart'
    WHEN product_views > 0 THEN 'product_view' WHEN page_views > 0 THEN 'page_view' ELSE 'none' END AS furthest_stage,
  CAST(year(started_at) AS INTEGER) AS year, CAST(month(started_at) AS INTEGER) AS month, CAST(day(started_at) AS INTEGER) AS day
FROM numbered ORDER BY started_at, session_key
