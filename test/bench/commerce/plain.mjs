import { DuckDBInstance } from '@duckdb/node-api';

const STAGES = ['page_view', 'product_view', 'add_to_cart', 'checkout_start', 'purchase'];

/** The named queries as requirements 3.13 words them: ids are counted as such, means are divided as such. */
const QUERIES = {
  top_products: `SELECT p.product_id, p.name AS product_name, p.category, p.brand, sum(t.quantity) AS total_quantity_sold,
      sum(t.total_amount) AS total_revenue, count(DISTINCT t.transaction_id) AS number_of_orders,
      count(DISTINCT t.customer_id) AS unique_customers, round(avg(t.total_amount), 2) AS avg_order_value,
      round(avg(p.rating), 2) AS avg_product_rating
    FROM transactions t JOIN products p USING (product_id)
    WHERE t.transaction_date >= $end - INTERVAL 30 DAY AND t.transaction_date < $end AND t.status = 'completed'
    GROUP BY ALL ORDER BY total_revenue DESC, product_id LIMIT 20`,
  customer_ltv: `WITH customers AS (
      SELECT customer_id, min(transaction_date) AS first_at, max(transaction_date) AS last_at, count(DISTINCT transaction_id) AS orders,
        count(DISTINCT transaction_id) FILTER (status = 'returned') AS returned,
        coalesce(sum(total_amount) FILTER (status = 'completed'), 0) AS ltv, avg(total_amount) FILTER (status = 'completed') AS aov
      FROM transactions WHERE transaction_date < $end GROUP BY customer_id
    ), segments AS (
      SELECT *, CASE WHEN ltv >= 1000 THEN 'VIP' WHEN ltv >= 500 THEN 'High Value' WHEN ltv >= 100 THEN 'Medium Value' ELSE 'Low Value' END AS customer_segment,
        CASE WHEN orders >= 10 THEN 'Frequent' WHEN orders >= 5 THEN 'Regular' WHEN orders >= 2 THEN 'Occasional' ELSE 'One-time' END AS purchase_frequency
      FROM customers
    )
    SELECT customer_segment, purchase_frequency, count(*) AS customer_count, round(avg(ltv), 2) AS avg_ltv, round(avg(orders), 1) AS avg_orders,
      round(avg(aov), 2) AS avg_order_value, round(avg(date_diff('day', first_at, last_at)), 0) AS avg_tenure_days,
      round(avg(round(100 * returned / orders, 2)), 2) AS avg_return_rate_pct, sum(ltv) AS total_segment_revenue
    FROM segments GROUP BY ALL ORDER BY total_segment_revenue DESC, customer_segment, purchase_frequency`,
  conversion_funnel: `SELECT CAST("timestamp" AS DATE) AS date, ${STAGES.map(
    (stage) =>
      `count(DISTINCT session_id) FILTER (event_type = '${stage}') AS ${stage.replace('_start', '')}_sessions`,
  ).join(', ')}
    FROM clickstream WHERE "timestamp" >= $end - INTERVAL 7 DAY AND "timestamp" < $end GROUP BY 1 ORDER BY 1 DESC`,
  daily_kpis: `SELECT CAST(transaction_date AS DATE) AS date, count(DISTINCT transaction_id) AS total_orders,
      ${['completed', 'returned', 'refunded'].map((status) => `count(DISTINCT transaction_id) FILTER (status = '${status}') AS ${status}_orders`).join(', ')},
      count(DISTINCT customer_id) AS unique_customers, count(DISTINCT customer_id) FILTER (status = 'completed') AS paying_customers,
      sum(total_amount) FILTER (status = 'completed') AS revenue, round(avg(total_amount) FILTER (status = 'completed'), 2) AS avg_order_value,
      sum(quantity) FILTER (status = 'completed') AS units_sold, count(DISTINCT product_id) AS unique_products_sold,
      round(100 * count(DISTINCT transaction_id) FILTER (status = 'returned') / count(DISTINCT transaction_id), 2) AS return_rate_pct,
      count(DISTINCT transaction_id) FILTER (is_weekend) AS weekend_orders,
      count(DISTINCT transaction_id) FILTER (transaction_hour BETWEEN 9 AND 17) AS business_hours_orders,
      ${['high', 'medium', 'low'].map((value) => `count(DISTINCT transaction_id) FILTER (revenue_category = '${value}') AS ${value}_value_orders`).join(', ')}
    FROM transactions WHERE transaction_date >= $end - INTERVAL 90 DAY AND transaction_date < $end GROUP BY 1 ORDER BY 1 DESC`,
  revenue_by_category: `SELECT coalesce(category, '(no product)') AS category, sum(total_amount) AS revenue,
      count(DISTINCT transaction_id) AS orders, sum(quantity) AS units, round(100 * sum(total_amount) / sum(sum(total_amount)) OVER (), 2) AS revenue_share_pct
    FROM transactions LEFT JOIN products USING (product_id)
    WHERE status = 'completed' AND transaction_date >= $end - INTERVAL 30 DAY AND transaction_date < $end
    GROUP BY 1 ORDER BY revenue DESC, category`,
};

/** Of named queries those that this program answers. */
export const PLAIN = Object.keys(QUERIES);

/** Answers one by SQL over the curated files and prints rows as JSON, with all that DuckDB takes by itself. */
const [, own, curated, name, end] = process.argv;
if (own === new URL(import.meta.url).pathname) {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  for (const table of ['transactions', 'products', 'clickstream'])
    await connection.run(
      `CREATE VIEW ${table} AS FROM read_parquet('${curated}/${table}/**/*.parquet', hive_partitioning = true)`,
    );
  const sql = QUERIES[name].replaceAll('$end', `TIMESTAMP '${end}'`);
  const found = await connection.runAndReadAll(sql);
  process.stdout.write(JSON.stringify(found.getRowObjectsJson()));
  connection.closeSync();
}
