-- Transactions whose customer has not come yet: every load tries them again (requirements 4.13, late-arriving customers).
CREATE TABLE IF NOT EXISTS held_transactions (
  transaction_id VARCHAR(20) PRIMARY KEY,
  customer_id VARCHAR(20) NOT NULL,
  transaction_date TIMESTAMP NOT NULL,
  amount NUMERIC(12, 2) NOT NULL CHECK (amount > 0),
  merchant_id VARCHAR(20),
  category VARCHAR(50),
  status VARCHAR(20) NOT NULL CHECK (status IN ('completed', 'pending', 'failed')),
  payment_method VARCHAR(50),
  transaction_year INTEGER,
  transaction_month INTEGER,
  transaction_day INTEGER,
  transaction_dayofweek INTEGER,
  transaction_hour INTEGER,
  amount_category VARCHAR(20),
  risk_score NUMERIC(5, 2) DEFAULT 0,
  risk_level VARCHAR(20),
  processed_at TIMESTAMP,
  risk_score_raw INTEGER,
  risk_version VARCHAR(50),
  held_since TIMESTAMP NOT NULL DEFAULT now()
);

-- Which row of the audit log is which run's; the columns of the log itself are a contract.
CREATE TABLE IF NOT EXISTS argosy.audit_run (
  pipeline VARCHAR(100) NOT NULL,
  run VARCHAR(253) NOT NULL,
  audit_id INTEGER NOT NULL REFERENCES etl_audit_log (run_id),
  PRIMARY KEY (pipeline, run)
);
