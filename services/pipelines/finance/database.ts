import type { Dataset, DatasetColumn, TableObject } from '../../core/dataset.ts';
import { viewsIn } from '../../core/views-in.ts';
import type { Database } from '../../stages/serve/database.ts';
import type { ServePorts } from '../../stages/serve/localise.ts';
import { readCleanManifest } from './clean/clean-manifest.ts';
import views from './tables.sql';

const CLEAN = 'clean/';
const MANIFEST = /^clean\/(\d{4}-\d{2}-\d{2})\/manifest\.json$/;

const CUSTOMERS: readonly DatasetColumn[] = [
  column('customer_id', 'VARCHAR', 'Trimmed, upper case', 'person-id'),
  column('customer_name', 'VARCHAR', 'As the source has it', 'person-id'),
  column('registration_date', 'TIMESTAMP', 'When the customer registered'),
  column('customer_tier', 'VARCHAR', 'bronze, silver, gold or platinum'),
  column('email', 'VARCHAR', 'As the source has it', 'person-id'),
  column('is_active', 'BOOLEAN', 'Whether the customer is active'),
];

const TRANSACTIONS: readonly DatasetColumn[] = [
  column('transaction_id', 'VARCHAR', 'Trimmed, upper case; once a day'),
  column('customer_id', 'VARCHAR', 'Whose transaction it is', 'person-id'),
  column('transaction_date', 'TIMESTAMP', 'When it took place'),
  column('amount', 'DECIMAL(12,2)', 'Above 0, at most 1,000,000'),
  column('merchant_id', 'VARCHAR', 'MERCH0000 where the source has none'),
  column('category', 'VARCHAR', 'unknown where the source has none'),
  column('status', 'VARCHAR', 'completed, pending or failed'),
  column('payment_method', 'VARCHAR', 'unknown where the source has none'),
  column('transaction_year', 'INTEGER', 'Of transaction_date'),
  column('transaction_month', 'INTEGER', 'Of transaction_date'),
  column('transaction_day', 'INTEGER', 'Of transaction_date'),
  column('transaction_dayofweek', 'INTEGER', '0 is Monday'),
  column('transaction_hour', 'INTEGER', 'Of transaction_date'),
  column('amount_category', 'VARCHAR', 'small, medium, large, very_large or exceptional'),
  column('risk_score', 'DECIMAL(5,2)', '0 to 100'),
  column('risk_level', 'VARCHAR', 'low, medium, high or critical'),
  column('processed_at', 'TIMESTAMP', 'The beginning of the logical date'),
  column('risk_score_raw', 'INTEGER', 'The score before it is capped at 100'),
  column('risk_version', 'VARCHAR', 'The table of weights and bands that made the score'),
];

function column(
  name: string,
  type: DatasetColumn['type'],
  description: string,
  tag = 'none',
): DatasetColumn {
  return { name, type, description, tag };
}

const CURRENT = viewsIn(views).get('current_transactions');

const DATASETS: readonly Dataset[] = [
  {
    name: 'transactions',
    kind: 'table',
    description: 'Clean transactions of every day, held ones too',
    columns: TRANSACTIONS,
    location: CLEAN,
    key: ['transaction_id', 'processed_at'],
    from: ['source:transactions'],
  },
  {
    name: 'customers',
    kind: 'table',
    description: 'Clean customers of the newest day that brought any',
    columns: CUSTOMERS,
    location: CLEAN,
    key: ['customer_id'],
    from: ['source:customers'],
  },
  {
    name: 'current_transactions',
    kind: 'view',
    description: 'The newest form of each transaction',
    columns: TRANSACTIONS,
    key: ['transaction_id'],
    from: ['transactions'],
    ...(CURRENT === undefined ? {} : { sql: CURRENT }),
  },
];

/** `finance`: the clean rows of each day as its newest manifest names them; no warehouse is asked. */
export const financeDb: Database = {
  name: 'finance',
  datasets: DATASETS,
  publishedUnder: () => CLEAN,
  async objects(ports, asOf) {
    const transactions: TableObject[] = [];
    let customers: TableObject[] = [];
    for (const key of await manifestKeys(ports, asOf)) {
      const { manifest } = await readCleanManifest(ports.store, key, ports.signal);
      // A day without rows has nothing to read.
      if (manifest.transactions.rows > 0) transactions.push(manifest.transactions);
      if (manifest.customers.rows > 0) customers = [manifest.customers];
    }
    return new Map([
      ['transactions', transactions],
      ['customers', customers],
    ]);
  },
};

/** In the order of days. */
async function manifestKeys(
  { store, signal }: ServePorts,
  asOf: string | null,
): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(CLEAN, { signal })) {
    const day = MANIFEST.exec(key)?.[1];
    if (day !== undefined && (asOf === null || day <= asOf)) keys.push(key);
  }
  return keys;
}
