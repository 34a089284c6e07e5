-- The rows of one source of customers with their types; as in typed-transactions.sql.
CREATE OR REPLACE VIEW customers_typed AS
WITH
  valued AS (
    SELECT
      *,
      upper_of(raw_customer_id) AS customer_id,
      trimmed(raw_customer_name) AS customer_name,
      coalesce(moment_of(raw_registration_date), day_of(raw_registration_date)) AS registration_date,
      lower_of(raw_customer_tier) AS customer_tier,
      trimmed(raw_email) AS email,
      CASE
        WHEN lower_of(raw_is_active) IS NULL THEN true
        WHEN lower_of(raw_is_active) IN ('true', 't', 'yes', 'y', '1') THEN true
        WHEN lower_of(raw_is_active) IN ('false', 'f', 'no', 'n', '0') THEN false
      END AS is_active
    FROM customers_source
  )
SELECT
  place, line, customer_id, customer_name, registration_date, customer_tier, email, is_active,
  CASE
    WHEN customer_id IS NULL THEN 'null-customer-id'
    WHEN registration_date IS NULL AND trimmed(raw_registration_date) IS NOT NULL THEN 'date-unreadable'
    WHEN is_active IS NULL THEN 'flag-unreadable'
    WHEN is_longer(customer_id, 20) OR is_longer(customer_name, 100) OR is_longer(customer_tier, 20)
      OR is_longer(email, 100) THEN 'text-too-long'
    WHEN holds_nul(customer_id) OR holds_nul(customer_name) OR holds_nul(customer_tier)
      OR holds_nul(email) THEN 'text-not-storable'
  END AS reason,
  json_object(
    'customer_id', masked(raw_customer_id),
    'customer_name', masked(raw_customer_name),
    'registration_date', masked(raw_registration_date),
    'customer_tier', masked(raw_customer_tier),
    'email', masked_email(raw_email),
    'is_active', masked(raw_is_active)
  ) AS written
FROM valued;
