SELECT date_trunc('hour', started_at) AS hour_start, coalesce(device, 'all') AS device, count(*) AS sessions,
  count(DISTINCT coalesce(customer_id, session_id)) AS users,
  round(count(*) FILTER (WHERE bounced) / count(*), 4) AS bounce_rate,
  round(count(*) FILTER (WHERE converted) / count(*), 4) AS conversion_rate,
  CASE WHEN count(*) FILTER (WHERE add_to_carts > 0) > 0 THEN
    round(1 - count(*) FILTER (WHERE converted AND add_to_carts > 0) / count(*) FILTER (WHERE add_to_carts > 0), 4) END AS cart_abandonment,
  round(sum(duration_s) / count(*), 2) AS mean_duration_s
FROM sessions GROUP BY GROUPING SETS ((1), (1, sessions.device)) ORDER BY 1, 2
