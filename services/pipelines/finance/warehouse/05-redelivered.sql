-- Transactions that came again, as they were, with a later day than the one that their row is of. Rows are touched only
-- by changes, so the row cannot say it, and it decides what an earlier day that is loaded again may still correct.
CREATE TABLE IF NOT EXISTS argosy.redelivered (
  transaction_id VARCHAR(20) PRIMARY KEY,
  -- The last such day, as processed_at would have it.
  processed_at TIMESTAMP NOT NULL
);
