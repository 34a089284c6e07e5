WITH texts AS (
  SELECT line, is_broken, word(raw_session_id) AS given_session, word(raw_customer_id) AS customer_id,
    lower(word(raw_event_type)) AS event_type,
    -- What follows ? or # of a page may hold anything, a mail address too.
    word(CASE WHEN contains(raw_page, '?') OR contains(raw_page, '#') THEN regexp_extract(raw_page, '^[^?#]*') ELSE raw_page END) AS path, moment(raw_timestamp) AS "timestamp",
    coalesce(lower(word(raw_device)), 'unknown') AS device, browser_name(raw_browser) AS browser,
    word(raw_ip_address) AS ip_address, word(raw_user_agent) AS user_agent, raw_timestamp
  FROM source
), pages AS (
  SELECT *, clean_page(path) AS page FROM texts
)
SELECT line,
  coalesce(given_session, 'customer:' || customer_id,
    'visitor:' || left(sha256(concat_ws(chr(31), coalesce(ip_address, ''), coalesce(user_agent, ''))), 24)) AS session_id,
  customer_id, event_type, page, "timestamp", device, browser, ip_address, user_agent,
  CAST(year("timestamp") AS INTEGER) AS year, CAST(month("timestamp") AS INTEGER) AS month,
  CAST(day("timestamp") AS INTEGER) AS day, CAST(hour("timestamp") AS INTEGER) AS hour,
  CASE
    WHEN is_broken THEN 'json-unreadable'
    WHEN given_session IS NULL AND customer_id IS NULL AND ip_address IS NULL AND user_agent IS NULL THEN 'session-missing'
    WHEN event_type IS NULL OR event_type NOT IN
      ('page_view', 'product_view', 'add_to_cart', 'remove_from_cart', 'checkout_start', 'purchase', 'search') THEN 'event-type-unknown'
    WHEN page IS NULL THEN 'page-missing'
    WHEN "timestamp" IS NULL THEN 'timestamp-unreadable'
    WHEN "timestamp" >= file_day(line) + INTERVAL 1 DAY THEN 'timestamp-future'
    WHEN device NOT IN ('desktop', 'mobile', 'tablet', 'unknown') THEN 'device-unknown'
  END AS rule,
  {event_type: event_type, "timestamp": raw_timestamp} AS "values"
FROM pages
