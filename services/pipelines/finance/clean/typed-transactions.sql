-- The rows of one source with their types, each with the first thing that is wrong with it by itself. A cell that is
-- empty or cannot be read is NULL. `written` keeps the cells as the source has them where the values alone would not
-- give them back; e-mail addresses in it are masked.
CREATE OR REPLACE VIEW transactions_typed AS
WITH
  -- A cast is quick and lenient: what it makes is right where it gives the very text back.
  quickly AS (
    SELECT
      *,
      TRY_CAST(raw_amount AS DECIMAL(18, 2)) AS quick_amount,
      TRY_CAST(raw_transaction_date AS TIMESTAMP) AS quick_date
    FROM transactions_source
  ),
  compared AS (
    SELECT
      *,
      coalesce(CAST(quick_amount AS VARCHAR) = raw_amount, false) AS is_plain_amount,
      coalesce(strlen(raw_transaction_date) = 19 AND CAST(quick_date AS VARCHAR) = raw_transaction_date, false)
        AS is_plain_date
    FROM quickly
  ),
  valued AS (
    SELECT
      *,
      upper_of(raw_transaction_id) AS transaction_id,
      upper_of(raw_customer_id) AS customer_id,
      CASE WHEN is_plain_date THEN quick_date ELSE coalesce(moment_of(raw_transaction_date), day_of(raw_transaction_date)) END AS transaction_date,
      CASE WHEN is_plain_amount THEN quick_amount ELSE amount_of(raw_amount) END AS amount,
      upper_of(raw_merchant_id) AS merchant_id,
      lower_of(raw_category) AS category,
      CASE WHEN raw_status IN ('completed', 'pending', 'failed') THEN raw_status ELSE ascii_lower_of(raw_status) END AS status,
      lower_of(raw_payment_method) AS payment_method
    FROM compared
  ),
  judged AS (
    SELECT
      *,
      CASE
        WHEN transaction_id IS NULL THEN 'null-transaction-id'
        WHEN customer_id IS NULL THEN 'null-customer-id'
        WHEN amount IS NULL AND trimmed(raw_amount) IS NULL THEN 'null-amount'
        WHEN transaction_date IS NULL AND trimmed(raw_transaction_date) IS NULL THEN 'null-date'
        WHEN status IS NULL THEN 'null-status'
        WHEN amount IS NULL OR amount <= 0 OR amount > 1000000 THEN amount_fault(raw_amount, amount)
        WHEN transaction_date IS NULL THEN 'date-unreadable'
        WHEN transaction_date >= day_end() THEN 'date-in-future'
        WHEN transaction_date < day_end() - INTERVAL 730 DAY THEN 'date-too-old'
        WHEN status NOT IN ('completed', 'pending', 'failed') THEN 'status-unknown'
        WHEN is_longer(transaction_id, 20) OR is_longer(customer_id, 20) OR is_longer(merchant_id, 20)
          OR is_longer(category, 50) OR is_longer(payment_method, 50) THEN 'text-too-long'
        WHEN holds_nul(transaction_id) OR holds_nul(customer_id) OR holds_nul(merchant_id)
          OR holds_nul(category) OR holds_nul(payment_method) THEN 'text-not-storable'
      END AS reason,
      raw_transaction_id = transaction_id AND raw_customer_id = customer_id
        AND is_plain_date AND is_plain_amount AND raw_merchant_id = merchant_id AND raw_category = category AND raw_status = status
        AND raw_payment_method = payment_method AS is_as_written
    FROM valued
  )
SELECT
  place, line, transaction_id, customer_id, transaction_date, amount, merchant_id, category, status, payment_method, reason,
  CASE
    WHEN is_as_written THEN NULL
    ELSE json_object(
      'transaction_id', masked(raw_transaction_id),
      'customer_id', masked(raw_customer_id),
      'transaction_date', masked(raw_transaction_date),
      'amount', masked(raw_amount),
      'merchant_id', masked(raw_merchant_id),
      'category', masked(raw_category),
      'status', masked(raw_status),
      'payment_method', masked(raw_payment_method)
    )
  END AS written
FROM judged;
