WITH scores AS (
  SELECT product_id, round(sum(rating) / count(*), 2) AS review_score, count(*) AS review_count FROM reviews GROUP BY product_id
), known AS (
  SELECT p.product_id, p.name, p.category, p.brand, coalesce(c.department, 'Other') AS department,
    coalesce(c.margin_rate, CAST(0.30 AS DECIMAL(4,2))) AS margin_rate, true AS is_known
  FROM products p LEFT JOIN categories c ON c.category = p.category
)
SELECT * FROM known FULL JOIN scores USING (product_id)
