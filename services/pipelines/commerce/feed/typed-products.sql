WITH texts AS (
  SELECT line, is_broken, word(raw_product_id) AS product_id, word(raw_name) AS name, word(raw_category) AS category,
    word(raw_brand) AS brand, money(raw_price) AS price, whole(raw_stock) AS stock,
    CASE WHEN plain_number(raw_weight_kg) THEN TRY_CAST(trim(raw_weight_kg) AS DECIMAL(5,2)) END AS weight_kg,
    CASE WHEN plain_number(raw_rating) THEN TRY_CAST(trim(raw_rating) AS DECIMAL(2,1)) END AS given_rating,
    whole(raw_review_count) AS review_count, yes_no(raw_is_active) AS given_active, raw_price, raw_stock
  FROM source
)
SELECT line, product_id, name, category, brand, price, stock, weight_kg,
  CASE WHEN given_rating BETWEEN 0 AND 5 THEN given_rating END AS rating, review_count,
  coalesce(given_active, stock > 0) AS is_active,
  CASE
    WHEN is_broken THEN 'json-unreadable'
    WHEN product_id IS NULL THEN 'product-id-missing'
    WHEN name IS NULL THEN 'name-missing'
    WHEN category IS NULL THEN 'category-missing'
    WHEN brand IS NULL THEN 'brand-missing'
    WHEN price IS NULL OR price <= 0 THEN 'price-invalid'
    WHEN stock IS NULL OR stock < 0 THEN 'stock-invalid'
  END AS rule,
  {product_id: product_id, price: raw_price, stock: raw_stock} AS "values"
FROM texts
