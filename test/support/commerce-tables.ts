import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { QueryEngine } from '../../services/ports/query-engine.ts';
import type { ShopRows } from './commerce-rows.ts';

/** Makes the curated tables (requirements 3.10) of these rows in an engine that may read the folder. */
export async function makeTables(
  engine: QueryEngine,
  folder: string,
  rows: ShopRows,
): Promise<void> {
  for (const [name, sql] of Object.entries(TABLES)) {
    const path = join(folder, `${name}.jsonl`);
    const lines = rows[name === 'clickstream' ? 'clicks' : (name as 'transactions')];
    await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    await engine.run(`CREATE OR REPLACE TABLE ${name} AS ${sql.replace('@', `'${path}'`)}`);
  }
}

const MONEY = (column: string) => `CAST(${column} * 0.01 AS DECIMAL(10,2)) AS ${column}`;

const TABLES: Readonly<Record<string, string>> = {
  transactions: `
    SELECT transaction_id, customer_id, product_id, quantity, ${MONEY('price')}, ${MONEY('total_amount')},
      transaction_date, status, transaction_date AS processing_timestamp, CAST(transaction_date AS DATE) AS processing_date,
      CASE WHEN total_amount >= 10000 THEN 'high' WHEN total_amount >= 5000 THEN 'medium' ELSE 'low' END AS revenue_category,
      CAST(hour(transaction_date) AS INTEGER) AS transaction_hour,
      CAST(dayofweek(transaction_date) + 1 AS INTEGER) AS day_of_week,
      dayofweek(transaction_date) IN (0, 6) AS is_weekend,
      CAST(year(transaction_date) AS INTEGER) AS year, CAST(month(transaction_date) AS INTEGER) AS month,
      CAST(day(transaction_date) AS INTEGER) AS day
    FROM read_json(@, columns = {transaction_id: 'VARCHAR', customer_id: 'VARCHAR', product_id: 'VARCHAR', quantity: 'INTEGER',
      price: 'INTEGER', total_amount: 'INTEGER', transaction_date: 'TIMESTAMP', status: 'VARCHAR'})`,
  products: `
    SELECT product_id, name, category, brand, ${MONEY('price')}, stock, is_active,
      CAST(NULL AS DECIMAL(5,2)) AS weight_kg, rating, CAST(NULL AS INTEGER) AS review_count
    FROM read_json(@, columns = {product_id: 'VARCHAR', name: 'VARCHAR', category: 'VARCHAR', brand: 'VARCHAR',
      price: 'INTEGER', stock: 'INTEGER', is_active: 'BOOLEAN', rating: 'DECIMAL(2,1)'})`,
  clickstream: `
    SELECT *, CAST(NULL AS VARCHAR) AS ip_address, CAST(NULL AS VARCHAR) AS user_agent,
      CAST(year("timestamp") AS INTEGER) AS year, CAST(month("timestamp") AS INTEGER) AS month,
      CAST(day("timestamp") AS INTEGER) AS day, CAST(hour("timestamp") AS INTEGER) AS hour
    FROM read_json(@, columns = {session_id: 'VARCHAR', customer_id: 'VARCHAR', event_type: 'VARCHAR', page: 'VARCHAR',
      timestamp: 'TIMESTAMP', device: 'VARCHAR', browser: 'VARCHAR'})`,
  reviews: `
    SELECT *, CAST(year(review_date) AS INTEGER) AS year, CAST(month(review_date) AS INTEGER) AS month
    FROM read_json(@, columns = {review_id: 'VARCHAR', product_id: 'VARCHAR', customer_id: 'VARCHAR', rating: 'INTEGER',
      review_text: 'VARCHAR', review_date: 'DATE', verified_purchase: 'BOOLEAN', helpful_votes: 'INTEGER'})`,
};
