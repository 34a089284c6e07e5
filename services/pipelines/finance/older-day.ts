import { quoteIdentifier } from '../../core/column.ts';
import type { RunIdentity } from '../../ports/step.ts';
import type { WarehouseTransaction } from '../../ports/warehouse.ts';
import type { StagedRows } from '../../stages/serve/stage-rows.ts';

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

/** Takes the transactions that a later day has loaded or held out of the batch; returns how many of each. */
export async function keepLaterForms(
  tx: WarehouseTransaction,
  staged: StagedRows,
): Promise<{ loaded: number; held: number }> {
  const without = (table: string): Promise<number> =>
    tx.run(
      `DELETE FROM ${quoteIdentifier(staged.table)} s USING ${table} t
       WHERE t.transaction_id = s.transaction_id AND t.processed_at > s.processed_at`,
    );
  const held = await without('held_transactions');
  return { held, loaded: await without('fact_transactions') };
}
