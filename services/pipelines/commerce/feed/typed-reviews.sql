WITH texts AS (
  SELECT line, word(raw_review_id) AS review_id, word(raw_product_id) AS product_id, word(raw_customer_id) AS customer_id,
    whole(raw_rating) AS rating, word(raw_review_text) AS review_text, CAST(moment(raw_review_date) AS DATE) AS review_date,
    CASE WHEN word(raw_verified_purchase) IS NULL THEN false ELSE yes_no(raw_verified_purchase) END AS verified_purchase,
    CASE WHEN word(raw_helpful_votes) IS NULL THEN 0 ELSE whole(raw_helpful_votes) END AS helpful_votes,
    raw_rating, raw_review_date, raw_verified_purchase, raw_helpful_votes
  FROM source
)
SELECT line, review_id, product_id, customer_id, rating, review_text, review_date, verified_purchase, helpful_votes,
  CAST(year(review_date) AS INTEGER) AS year, CAST(month(review_date) AS INTEGER) AS month,
  CASE
    WHEN review_id IS NULL THEN 'review-id-missing'
    WHEN product_id IS NULL THEN 'product-id-missing'
    WHEN customer_id IS NULL THEN 'customer-id-missing'
    WHEN rating IS NULL OR rating NOT BETWEEN 1 AND 5 THEN 'rating-invalid'
    WHEN review_date IS NULL THEN 'date-unreadable'
    WHEN review_date > CAST(file_day(line) AS DATE) THEN 'date-future'
    WHEN verified_purchase IS NULL THEN 'verified-purchase-unreadable'
    WHEN helpful_votes IS NULL OR helpful_votes < 0 THEN 'helpful-votes-invalid'
  END AS rule,
  {review_id: review_id, product_id: product_id, rating: raw_rating, review_date: raw_review_date,
    verified_purchase: raw_verified_purchase, helpful_votes: raw_helpful_votes} AS "values"
FROM texts
