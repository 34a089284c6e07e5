import type { Dataset, DatasetColumn } from '../../../core/dataset.ts';
import { viewsIn } from '../../../core/views-in.ts';
import { AUDIT, CUSTOMERS, FACTS, HELD } from './columns.ts';
import views from './03-views.sql';

const VIEWS = viewsIn(views);

/** The tables and views of finance in the warehouse (requirements 4.8): what its migrations make. */
export const FINANCE_WAREHOUSE: readonly Dataset[] = [
  {
    name: 'dim_customers',
    kind: 'table',
    description: 'Every customer, as the newest day has it',
    columns: CUSTOMERS,
    key: ['customer_id'],
    from: ['customers'],
  },
  {
    name: 'fact_transactions',
    kind: 'table',
    description: 'Every transaction whose customer is known, in its newest form',
    columns: FACTS,
    key: ['transaction_id'],
    from: ['transactions', 'held_transactions'],
    distKey: 'customer_id',
    sortKey: 'transaction_date',
  },
  {
    name: 'held_transactions',
    kind: 'table',
    description: 'Transactions whose customer has not come yet; every load tries them again',
    columns: HELD,
    key: ['transaction_id'],
    from: ['transactions'],
  },
  {
    name: 'etl_audit_log',
    kind: 'table',
    description: 'A row a run, from its first step on',
    columns: AUDIT,
    key: ['run_id'],
  },
  ...bookkeeping(),
  view('vw_customer_transaction_summary', 'Each customer: transactions, amounts, risks', [
    column('customer_id', 'VARCHAR(20)', 'Trimmed, upper case', 'person-id'),
    column('customer_name', 'VARCHAR(100)', 'As the source has it', 'person-id'),
    column('customer_tier', 'VARCHAR(20)', 'bronze, silver, gold or platinum'),
    column('total_transactions', 'BIGINT', '0 for a customer without any'),
    column('total_amount', 'DECIMAL(38,2)', 'NULL without transactions'),
    column('avg_amount', 'DECIMAL(38,16)', 'NULL without transactions'),
    column('last_transaction_date', 'TIMESTAMP', 'NULL without transactions'),
    column('critical_risk_count', 'BIGINT', 'Transactions of the level critical'),
    column('high_risk_count', 'BIGINT', 'Transactions of the level high'),
  ]),
  view('vw_daily_transaction_summary', 'Each day: transactions, amounts, customers, risks', [
    column('transaction_day', 'DATE', 'Of transaction_date'),
    column('total_transactions', 'BIGINT', 'All of the day'),
    column('total_amount', 'DECIMAL(38,2)', 'All of the day'),
    column('avg_amount', 'DECIMAL(38,16)', 'All of the day'),
    column('unique_customers', 'BIGINT', 'Each counted once'),
    column('completed_count', 'BIGINT', 'Of status completed'),
    column('failed_count', 'BIGINT', 'Of status failed'),
    column('high_risk_count', 'BIGINT', 'Of the levels high and critical'),
  ]),
  view('vw_high_risk_transactions', 'Transactions of the levels high and critical', [
    column('transaction_id', 'VARCHAR(20)', 'Trimmed, upper case'),
    column('customer_id', 'VARCHAR(20)', 'Whose transaction it is', 'person-id'),
    column('customer_name', 'VARCHAR(100)', 'As the source has it', 'person-id'),
    column('customer_tier', 'VARCHAR(20)', 'bronze, silver, gold or platinum'),
    column('transaction_date', 'TIMESTAMP', 'When it took place'),
    column('amount', 'DECIMAL(12,2)', 'Above 0'),
    column('merchant_id', 'VARCHAR(20)', 'MERCH0000 where the source has none'),
    column('category', 'VARCHAR(50)', 'unknown where the source has none'),
    column('status', 'VARCHAR(20)', 'completed, pending or failed'),
    column('payment_method', 'VARCHAR(50)', 'unknown where the source has none'),
    column('risk_score', 'DECIMAL(5,2)', '0 to 100'),
    column('risk_level', 'VARCHAR(20)', 'high or critical'),
  ]),
];

function bookkeeping(): Dataset[] {
  return [
    {
      schema: 'argosy',
      name: 'audit_run',
      kind: 'table',
      description: 'Which row of the audit log is which run’s',
      columns: [
        { ...column('pipeline', 'VARCHAR(100)', 'As the audit log has it'), isRequired: true },
        { ...column('run', 'VARCHAR(253)', 'Id of the run'), isRequired: true },
        { ...column('audit_id', 'INTEGER', 'run_id of the audit log'), isRequired: true },
      ],
      key: ['pipeline', 'run'],
    },
    {
      schema: 'argosy',
      name: 'redelivered',
      kind: 'table',
      description: 'Transactions that came again, unchanged, with a later day than their row is of',
      columns: [
        { ...column('transaction_id', 'VARCHAR(20)', 'Which one'), isRequired: true },
        { ...column('processed_at', 'TIMESTAMP', 'The last such day'), isRequired: true },
      ],
      key: ['transaction_id'],
    },
  ];
}

function view(name: string, description: string, columns: readonly DatasetColumn[]): Dataset {
  const sql = VIEWS.get(name);
  const from = ['fact_transactions', 'dim_customers'].filter(
    (table) => sql?.includes(` ${table}`) === true,
  );
  return { name, kind: 'view', description, columns, from, ...(sql === undefined ? {} : { sql }) };
}

function column(
  name: string,
  type: DatasetColumn['type'],
  description: string,
  tag = 'none',
): DatasetColumn {
  return { name, type, description, tag };
}
