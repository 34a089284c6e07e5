import { quoteIdentifier, quoteTable } from '../../core/column.ts';
import { PipelineError } from '../../core/error.ts';
import type { WarehouseTransaction } from '../../ports/warehouse.ts';

export interface StageRequest {
  /** The table that the rows are for; staged columns have its types, and none of its constraints. */
  table: string;
  /** The columns in the order of the CSV. */
  columns: readonly string[];
  /** As `WarehouseTransaction.copyIn` takes it. */
  csv: AsyncIterable<Uint8Array>;
  /** How many rows the manifest says there are. */
  rows: number;
}

/** Rows in a temporary table of this transaction. */
export interface StagedRows {
  /** The temporary table: `staged_fact_transactions`. Statements of the caller's may read it, and delete from it. */
  table: string;
  columns: readonly string[];
  rows: number;
}

/**
 * Copies rows into a temporary table that goes with the transaction, and compares their number with the manifest's:
 * another one is `input-invalid`. One call for each table of a transaction.
 */
export async function stageRows(
  tx: WarehouseTransaction,
  { table, columns, csv, rows }: StageRequest,
): Promise<StagedRows> {
  const staged = `staged_${table.split('.').at(-1) ?? table}`;
  const list = columns.map(quoteIdentifier).join(', ');
  await tx.run(
    `CREATE TEMP TABLE ${quoteIdentifier(staged)} ON COMMIT DROP AS
     SELECT ${list} FROM ${quoteTable(table)} WITH NO DATA`,
  );
  refuseOtherCount(table, { copied: await tx.copyIn({ table: staged, columns }, csv), rows });
  // Nothing else looks at a temporary table for its statistics, and joins are planned by them.
  await tx.run(`ANALYZE ${quoteIdentifier(staged)}`);
  return { table: staged, columns, rows };
}

/** `input-invalid` when as many rows as were copied are not what the manifest says. */
export function refuseOtherCount(
  table: string,
  { copied, rows }: { copied: number; rows: number },
): void {
  if (copied === rows) return;
  throw new PipelineError(
    'input-invalid',
    `${table}: ${copied} rows arrived where the manifest says ${rows}`,
    { hint: 'the object is not the one that the manifest names: run the step before again' },
  );
}
