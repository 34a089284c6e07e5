-- requirements 4.8: those of the schema, then those that the seed promises beyond them (settled in 7, number 19).
CREATE INDEX IF NOT EXISTS idx_fact_transactions_customer ON fact_transactions (customer_id);
CREATE INDEX IF NOT EXISTS idx_fact_transactions_date ON fact_transactions (transaction_date DESC);
CREATE INDEX IF NOT EXISTS idx_fact_transactions_amount ON fact_transactions (amount);
CREATE INDEX IF NOT EXISTS idx_fact_transactions_status ON fact_transactions (status);
CREATE INDEX IF NOT EXISTS idx_fact_transactions_risk_level ON fact_transactions (risk_level);
CREATE INDEX IF NOT EXISTS idx_fact_transactions_category ON fact_transactions (category);
CREATE INDEX IF NOT EXISTS idx_fact_transactions_customer_date ON fact_transactions (customer_id, transaction_date DESC);
CREATE INDEX IF NOT EXISTS idx_fact_transactions_date_status ON fact_transactions (transaction_date DESC, status);
CREATE INDEX IF NOT EXISTS idx_fact_transactions_merchant ON fact_transactions (merchant_id);
CREATE INDEX IF NOT EXISTS idx_fact_transactions_payment ON fact_transactions (payment_method);
CREATE INDEX IF NOT EXISTS idx_fact_transactions_amount_category ON fact_transactions (amount_category);
CREATE INDEX IF NOT EXISTS idx_fact_transactions_risk_score ON fact_transactions (risk_score DESC);
CREATE INDEX IF NOT EXISTS idx_fact_transactions_processed ON fact_transactions (processed_at);
CREATE INDEX IF NOT EXISTS idx_fact_transactions_month ON fact_transactions (transaction_year, transaction_month);
CREATE INDEX IF NOT EXISTS idx_fact_transactions_risk_date ON fact_transactions (risk_level, transaction_date);

CREATE INDEX IF NOT EXISTS idx_dim_customers_tier ON dim_customers (customer_tier);
CREATE INDEX IF NOT EXISTS idx_dim_customers_active ON dim_customers (is_active);
CREATE INDEX IF NOT EXISTS idx_dim_customers_registration ON dim_customers (registration_date);
CREATE INDEX IF NOT EXISTS idx_dim_customers_email ON dim_customers (email);
CREATE INDEX IF NOT EXISTS idx_dim_customers_name ON dim_customers (customer_name);

CREATE INDEX IF NOT EXISTS idx_etl_audit_log_pipeline ON etl_audit_log (pipeline_name);
CREATE INDEX IF NOT EXISTS idx_etl_audit_log_start ON etl_audit_log (start_time DESC);
CREATE INDEX IF NOT EXISTS idx_etl_audit_log_status ON etl_audit_log (status);
