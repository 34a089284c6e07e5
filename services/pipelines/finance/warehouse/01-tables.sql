-- requirements 4.8. Tables that are there already are kept, so that a warehouse made by hand can be taken over.
CREATE TABLE IF NOT EXISTS dim_customers (
  customer_id VARCHAR(20) PRIMARY KEY,
  customer_name VARCHAR(100),
  registration_date TIMESTAMP,
  customer_tier VARCHAR(20),
  email VARCHAR(100),
  is_active BOOLEAN DEFAULT true,
  created_at TIMESTAMP DEFAULT now(),
  updated_at TIMESTAMP DEFAULT now()
);

CREATE TABLE IF NOT EXISTS fact_transactions (
  transaction_id VARCHAR(20) PRIMARY KEY,
  customer_id VARCHAR(20) NOT NULL REFERENCES dim_customers (customer_id),
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
  processed_at TIMESTAMP DEFAULT now(),
  created_at TIMESTAMP DEFAULT now(),
  updated_at TIMESTAMP DEFAULT now()
);

-- The score before the cap, and the table of weights and bands that it was made with.
ALTER TABLE fact_transactions ADD COLUMN IF NOT EXISTS risk_score_raw INTEGER;
ALTER TABLE fact_transactions ADD COLUMN IF NOT EXISTS risk_version VARCHAR(50);

CREATE TABLE IF NOT EXISTS etl_audit_log (
  run_id SERIAL PRIMARY KEY,
  pipeline_name VARCHAR(100) NOT NULL,
  start_time TIMESTAMP NOT NULL,
  end_time TIMESTAMP,
  status VARCHAR(20) CHECK (status IN ('running', 'success', 'failed')),
  records_extracted INTEGER DEFAULT 0,
  records_transformed INTEGER DEFAULT 0,
  records_loaded INTEGER DEFAULT 0,
  records_rejected INTEGER DEFAULT 0,
  error_message TEXT,
  quality_report JSONB,
  created_at TIMESTAMP DEFAULT now()
);
