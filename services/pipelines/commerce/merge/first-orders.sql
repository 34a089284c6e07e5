SELECT min(transaction_id) AS transaction_id, min(CAST(transaction_date AS DATE)) AS day
FROM transactions JOIN (SELECT customer_id, min(transaction_date) AS first_order_at FROM transactions GROUP BY customer_id) USING (customer_id)
WHERE transaction_date = first_order_at GROUP BY customer_id
