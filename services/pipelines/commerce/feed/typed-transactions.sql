WITH texts AS (
  SELECT line, word(raw_transaction_id) AS transaction_id, word(raw_customer_id) AS customer_id, word(raw_product_id) AS product_id,
    whole(raw_quantity) AS quantity, money(raw_price) AS price, money(raw_total_amount) AS given_total,
    moment(raw_transaction_date) AS transaction_date,
    CASE WHEN raw_status IN ('completed', 'returned', 'refunded') THEN raw_status ELSE mask_text(lower(trim(coalesce(raw_status, '')))) END AS status,
    raw_quantity, raw_price, raw_total_amount, raw_transaction_date
  FROM source
), amounts AS (
  SELECT *, CASE WHEN quantity > 0 AND price > 0 THEN TRY_CAST(CAST(quantity AS BIGINT) * price AS DECIMAL(10,2)) END AS product_amount
  FROM texts
), totals AS (
  -- Beyond what the column holds there is no product, and no total that could be right.
  SELECT *, CASE WHEN given_total IS NULL OR product_amount IS NULL OR abs(given_total - product_amount) > 0.01 THEN product_amount ELSE given_total END AS total_amount
  FROM amounts
)
SELECT line, transaction_id, customer_id, product_id, quantity, price, total_amount, transaction_date, status,
  file_day(line) AS processing_timestamp, CAST(file_day(line) AS DATE) AS processing_date,
  CASE WHEN total_amount >= 100 THEN 'high' WHEN total_amount >= 50 THEN 'medium' ELSE 'low' END AS revenue_category,
  CAST(hour(transaction_date) AS INTEGER) AS transaction_hour,
  CAST(dayofweek(transaction_date) + 1 AS INTEGER) AS day_of_week,
  dayofweek(transaction_date) IN (0, 6) AS is_weekend,
  CAST(year(transaction_date) AS INTEGER) AS year, CAST(month(transaction_date) AS INTEGER) AS month,
  CAST(day(transaction_date) AS INTEGER) AS day,
  CASE
    WHEN transaction_id IS NULL THEN 'transaction-id-missing'
    WHEN customer_id IS NULL THEN 'customer-id-missing'
    WHEN product_id IS NULL THEN 'product-id-missing'
    WHEN quantity IS NULL OR quantity <= 0 THEN 'quantity-invalid'
    WHEN price IS NULL OR price <= 0 THEN 'price-invalid'
    WHEN total_amount IS NULL OR total_amount <= 0 THEN 'total-invalid'
    WHEN transaction_date IS NULL THEN 'date-unreadable'
    WHEN transaction_date >= file_day(line) + INTERVAL 1 DAY THEN 'date-future'
  END AS rule,
  {transaction_id: transaction_id, product_id: product_id, quantity: raw_quantity, price: raw_price,
    total_amount: raw_total_amount, transaction_date: raw_transaction_date, status: status} AS "values"
FROM totals
