-- Sessions are counted once a day by a group of their own. A drop-off is negative where sessions skip a stage.
WITH sessions AS (
  SELECT
    CAST("timestamp" AS DATE) AS date,
    session_id,
    bool_or(event_type = 'page_view') AS page_view,
    bool_or(event_type = 'product_view') AS product_view,
    bool_or(event_type = 'add_to_cart') AS add_to_cart,
    bool_or(event_type = 'checkout_start') AS checkout,
    bool_or(event_type = 'purchase') AS purchase
  FROM clickstream
  WHERE "timestamp" >= CAST($1 AS DATE) - INTERVAL '6' DAY
    AND "timestamp" < CAST($1 AS DATE) + INTERVAL '1' DAY
  GROUP BY CAST("timestamp" AS DATE), session_id
), stages AS (
  SELECT
    date,
    count(*) FILTER (WHERE page_view) AS page_view_sessions,
    count(*) FILTER (WHERE product_view) AS product_view_sessions,
    count(*) FILTER (WHERE add_to_cart) AS add_to_cart_sessions,
    count(*) FILTER (WHERE checkout) AS checkout_sessions,
    count(*) FILTER (WHERE purchase) AS purchase_sessions
  FROM sessions
  GROUP BY date
)
SELECT
  *,
  percent_of(product_view_sessions, page_view_sessions) AS page_to_product_rate_pct,
  percent_of(add_to_cart_sessions, product_view_sessions) AS product_to_cart_rate_pct,
  percent_of(checkout_sessions, add_to_cart_sessions) AS cart_to_checkout_rate_pct,
  percent_of(purchase_sessions, checkout_sessions) AS checkout_to_purchase_rate_pct,
  percent_of(purchase_sessions, page_view_sessions) AS overall_conversion_rate_pct,
  page_view_sessions - product_view_sessions AS page_to_product_drop_off,
  product_view_sessions - add_to_cart_sessions AS product_to_cart_drop_off,
  add_to_cart_sessions - checkout_sessions AS cart_to_checkout_drop_off,
  checkout_sessions - purchase_sessions AS checkout_to_purchase_drop_off
FROM stages
ORDER BY date DESC
