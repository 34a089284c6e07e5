CREATE VIEW current_transactions AS
SELECT * FROM transactions
QUALIFY row_number() OVER (PARTITION BY transaction_id ORDER BY processed_at DESC) = 1;
