import { insertSql, updateSql, type UpsertRequest } from '../../../stages/serve/upsert.ts';
import { COMPARED_COLUMNS, CUSTOMER_COLUMNS, TRANSACTION_COLUMNS } from './columns.ts';

const staged = (table: string, columns: readonly string[]) => ({
  staged: { table: `staged_${table}`, columns, rows: 0 },
  table,
});

/** How staged customers come into their table. */
export const CUSTOMER_UPSERT: Omit<UpsertRequest, 'staged'> = {
  table: 'dim_customers',
  key: ['customer_id'],
  changedAt: 'updated_at',
};

/** How staged transactions come into theirs. */
export const FACT_UPSERT: Omit<UpsertRequest, 'staged'> = {
  table: 'fact_transactions',
  key: ['transaction_id'],
  compared: COMPARED_COLUMNS,
  changedAt: 'updated_at',
  inOrderOf: 'transaction_date',
};

/** The statements that bring a day into tables which hold rows already, for people to read before they are sent. */
export function loadSql(): string[] {
  const requests: UpsertRequest[] = [
    { ...CUSTOMER_UPSERT, ...staged('dim_customers', CUSTOMER_COLUMNS) },
    { ...FACT_UPSERT, ...staged('fact_transactions', TRANSACTION_COLUMNS) },
  ];
  return requests.flatMap((request) => [insertSql(request), updateSql(request) ?? []].flat());
}
