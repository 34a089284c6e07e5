import { quoteIdentifier } from '../../../core/column.ts';
import type { RunIdentity } from '../../../ports/step.ts';
import type { WarehouseTransaction } from '../../../ports/warehouse.ts';
import type { StagedRows } from '../../../stages/serve/stage-rows.ts';

/*
 * A day that is loaded again after later ones adds what is missing and corrects what is still its own. What a later day
 * has put in place stays as it is.
 */

/** True when a later day has been loaded before this one. */
export async function isOlderDay(tx: WarehouseTransaction, run: RunIdentity): Promise<boolean> {
  const { rows } = await tx.query(
    'SELECT 1 FROM argosy.load_log WHERE pipeline = $1 AND logical_date > $2::date LIMIT 1',
    [run.pipeline, run.logicalDate],
  );
  return rows.length > 0;
}

/**
 * Takes the customers that are known already out of the batch, for nothing tells which day they are of; returns how
 * many.
 */
export function keepCustomers(tx: WarehouseTransaction, staged: StagedRows): Promise<number> {
  return tx.run(
    `DELETE FROM ${quoteIdentifier(staged.table)} s USING dim_customers t
     WHERE t.customer_id = s.customer_id`,
  );
}

/**
 * Remembers which of the staged transactions were in the table already, as they are, with an earlier day: the last day
 * that delivers a transaction decides what it is, also where it has changed nothing.
 */
export async function noteRedelivered(
  tx: WarehouseTransaction,
  { staged, table }: { staged: string; table: 'fact_transactions' | 'held_transactions' },
): Promise<void> {
  await tx.run(
    `INSERT INTO argosy.redelivered AS r (transaction_id, processed_at)
     SELECT s.transaction_id, s.processed_at FROM ${quoteIdentifier(staged)} s
     JOIN ${table} t ON t.transaction_id = s.transaction_id AND t.processed_at < s.processed_at
     ON CONFLICT (transaction_id) DO UPDATE SET processed_at = excluded.processed_at
     WHERE r.processed_at < excluded.processed_at`,
  );
}

/** Takes the transactions that a later day has delivered out of the batch; returns how many are loaded, and held. */
export async function keepLaterForms(
  tx: WarehouseTransaction,
  staged: StagedRows,
): Promise<{ loaded: number; held: number }> {
  const without = (table: string): Promise<number> =>
    tx.run(
      `DELETE FROM ${quoteIdentifier(staged.table)} s
       USING ${table} t LEFT JOIN argosy.redelivered r ON r.transaction_id = t.transaction_id
       WHERE t.transaction_id = s.transaction_id
         AND greatest(t.processed_at, r.processed_at) > s.processed_at`,
    );
  const held = await without('held_transactions');
  return { held, loaded: await without('fact_transactions') };
}
