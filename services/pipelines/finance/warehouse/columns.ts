import type { DatasetColumn } from '../../../core/dataset.ts';

const required = (
  name: string,
  type: DatasetColumn['type'],
  description: string,
  tag = 'none',
): DatasetColumn => ({ name, type, description, tag, isRequired: true });

const optional = (
  name: string,
  type: DatasetColumn['type'],
  description: string,
  tag = 'none',
): DatasetColumn => ({ name, type, description, tag });

const defaulted = (
  name: string,
  type: DatasetColumn['type'],
  { value, description }: { value: string; description: string },
): DatasetColumn => ({ name, type, description, tag: 'none', default: value });

const now = (name: string, description: string): DatasetColumn =>
  defaulted(name, 'TIMESTAMP', { value: 'CURRENT_TIMESTAMP', description });

const WRITTEN = [
  now('created_at', 'When the row was written first'),
  now('updated_at', 'When the row was changed last'),
] as const;

/** The columns of `dim_customers` (requirements 4.8). */
export const CUSTOMERS: readonly DatasetColumn[] = [
  required('customer_id', 'VARCHAR(20)', 'Trimmed, upper case', 'person-id'),
  optional('customer_name', 'VARCHAR(100)', 'As the source has it', 'person-id'),
  optional('registration_date', 'TIMESTAMP', 'When the customer registered'),
  optional('customer_tier', 'VARCHAR(20)', 'bronze, silver, gold or platinum'),
  optional('email', 'VARCHAR(100)', 'As the source has it', 'person-id'),
  defaulted('is_active', 'BOOLEAN', {
    value: 'TRUE',
    description: 'Whether the customer is active',
  }),
  ...WRITTEN,
];

const TRANSACTION: readonly DatasetColumn[] = [
  required('transaction_id', 'VARCHAR(20)', 'Trimmed, upper case'),
  required('customer_id', 'VARCHAR(20)', 'Whose transaction it is', 'person-id'),
  required('transaction_date', 'TIMESTAMP', 'When it took place'),
  required('amount', 'DECIMAL(12,2)', 'Above 0, at most 1,000,000'),
  optional('merchant_id', 'VARCHAR(20)', 'MERCH0000 where the source has none'),
  optional('category', 'VARCHAR(50)', 'unknown where the source has none'),
  required('status', 'VARCHAR(20)', 'completed, pending or failed'),
  optional('payment_method', 'VARCHAR(50)', 'unknown where the source has none'),
  optional('transaction_year', 'INTEGER', 'Of transaction_date'),
  optional('transaction_month', 'INTEGER', 'Of transaction_date'),
  optional('transaction_day', 'INTEGER', 'Of transaction_date'),
  optional('transaction_dayofweek', 'INTEGER', '0 is Monday'),
  optional('transaction_hour', 'INTEGER', 'Of transaction_date'),
  optional('amount_category', 'VARCHAR(20)', 'small, medium, large, very_large or exceptional'),
  defaulted('risk_score', 'DECIMAL(5,2)', { value: '0', description: '0 to 100' }),
  optional('risk_level', 'VARCHAR(20)', 'low, medium, high or critical'),
];

const RISK: readonly DatasetColumn[] = [
  optional('risk_score_raw', 'INTEGER', 'The score before it is capped at 100'),
  optional('risk_version', 'VARCHAR(50)', 'The table of weights and bands that made the score'),
];

/** The columns of `fact_transactions` (requirements 4.8), with the score before the cap and its table. */
export const FACTS: readonly DatasetColumn[] = [
  ...TRANSACTION,
  now('processed_at', 'The beginning of the logical date'),
  ...WRITTEN,
  ...RISK,
];

/** The columns of `held_transactions` (requirements 4.13). */
export const HELD: readonly DatasetColumn[] = [
  ...TRANSACTION,
  optional('processed_at', 'TIMESTAMP', 'The beginning of the logical date'),
  ...RISK,
  { ...now('held_since', 'When it was held first'), isRequired: true },
];

const count = (name: string, description: string): DatasetColumn =>
  defaulted(name, 'INTEGER', { value: '0', description });

/** The columns of `etl_audit_log` (requirements 4.8). */
export const AUDIT: readonly DatasetColumn[] = [
  { ...required('run_id', 'INTEGER', 'Counted up from 1'), default: 'IDENTITY' },
  required('pipeline_name', 'VARCHAR(100)', 'financial_etl_pipeline'),
  required('start_time', 'TIMESTAMP', 'When the run began'),
  optional('end_time', 'TIMESTAMP', 'When it ended; NULL while it runs'),
  optional('status', 'VARCHAR(20)', 'running, success or failed'),
  count('records_extracted', 'Rows that came from the sources'),
  count('records_transformed', 'Rows that were clean'),
  count('records_loaded', 'Rows that were loaded'),
  count('records_rejected', 'Rows that were refused'),
  optional('error_message', 'VARCHAR', 'Why the run failed', 'free-text'),
  optional('quality_report', 'JSON', 'What its checks found'),
  now('created_at', 'When the row was written'),
];
