SELECT t.transaction_id, t.customer_id, t.product_id, t.quantity, t.price, t.total_amount, t.transaction_date, t.status, t.revenue_category,
  f.transaction_id IS NOT NULL AS is_first_order, p.is_known IS NOT TRUE AS is_orphan, p.name AS product_name, p.category, p.brand,
  p.department, p.margin_rate, p.review_score, coalesce(p.review_count, 0) AS review_count, t.year, t.month, t.day
FROM transactions t
LEFT JOIN product_facts p USING (product_id)
LEFT JOIN (
  SELECT transaction_id FROM first_orders WHERE day IN (SELECT DISTINCT CAST(transaction_date AS DATE) FROM transactions)
) f ON f.transaction_id = t.transaction_id
