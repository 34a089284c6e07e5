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
FROM transactions t
LEFT JOIN products p USING (product_id)
LEFT JOIN categories c ON c.category = p.category
LEFT JOIN firsts f ON f.transaction_id = t.transaction_id
LEFT JOIN scores s ON s.product_id = t.product_id
