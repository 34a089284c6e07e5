import { quoteIdentifier } from '../../../core/column.ts';
import type { WarehouseTransaction } from '../../../ports/warehouse.ts';
import type { StagedRows } from '../../../stages/serve/stage-rows.ts';
import { upsertRows } from '../../../stages/serve/upsert.ts';
import { COMPARED_COLUMNS, TRANSACTION_COLUMNS } from './columns.ts';
import { noteRedelivered } from './older-day.ts';

const HELD = 'held_transactions';
const COLUMNS = TRANSACTION_COLUMNS.map(quoteIdentifier).join(', ');

/** True for a row `r` whose customer is in the warehouse. */
const HAS_CUSTOMER = 'EXISTS (SELECT 1 FROM dim_customers c WHERE c.customer_id = r.customer_id)';

/**
 * Takes the staged transactions whose customer is not known out of the batch and holds them in `held_transactions`; the
 * other staged ones leave it, for the batch has a newer form of them. Returns how many are held.
 */
export async function holdLate(tx: WarehouseTransaction, staged: StagedRows): Promise<number> {
  const batch = quoteIdentifier(staged.table);
  const isFirst = await isNoneHeld(tx);
  const late = await pickRows(tx, {
    into: 'staged_late',
    sql: `SELECT ${COLUMNS} FROM ${batch} r WHERE NOT ${HAS_CUSTOMER}`,
  });
  if (late.rows > 0) {
    await tx.run(
      `DELETE FROM ${batch} s USING staged_late l WHERE l.transaction_id = s.transaction_id`,
    );
    const { unchanged } = await upsertRows(tx, {
      staged: late,
      table: HELD,
      key: ['transaction_id'],
      compared: COMPARED_COLUMNS,
    });
    if (unchanged > 0) await noteRedelivered(tx, { staged: late.table, table: HELD });
  }
  if (!isFirst) {
    await tx.run(
      `DELETE FROM held_transactions h USING ${batch} s WHERE s.transaction_id = h.transaction_id`,
    );
  }
  return late.rows;
}

/** Whether no transaction is held. */
export async function isNoneHeld(tx: WarehouseTransaction): Promise<boolean> {
  return (await tx.query('SELECT 1 FROM held_transactions LIMIT 1')).rows.length === 0;
}

/**
 * Moves the transactions whose customer is not known from `fact_transactions` to `held_transactions`, which is empty;
 * returns how many.
 */
export function holdLoaded(tx: WarehouseTransaction): Promise<number> {
  return tx.run(
    `WITH late AS (DELETE FROM fact_transactions r WHERE NOT ${HAS_CUSTOMER} RETURNING ${COLUMNS})
     INSERT INTO held_transactions (${COLUMNS}) SELECT ${COLUMNS} FROM late`,
  );
}

/** Moves the held transactions whose customer has come to `fact_transactions`; returns how many. */
export async function releaseHeld(tx: WarehouseTransaction): Promise<number> {
  const released = await pickRows(tx, {
    into: 'staged_released',
    sql: `SELECT ${COLUMNS} FROM held_transactions r WHERE ${HAS_CUSTOMER}`,
  });
  if (released.rows === 0) return 0;
  await upsertRows(tx, {
    staged: released,
    table: 'fact_transactions',
    key: ['transaction_id'],
    compared: COMPARED_COLUMNS,
    changedAt: 'updated_at',
  });
  await tx.run(
    `DELETE FROM held_transactions h USING staged_released r
     WHERE r.transaction_id = h.transaction_id`,
  );
  return released.rows;
}

/** Rows in a temporary table of their own, which goes with the transaction. */
async function pickRows(
  tx: WarehouseTransaction,
  { into, sql }: { into: string; sql: string },
): Promise<StagedRows> {
  await tx.run(`CREATE TEMP TABLE ${into} ON COMMIT DROP AS ${sql}`);
  const { rows } = await tx.query(`SELECT count(*) FROM ${into}`);
  return { table: into, columns: TRANSACTION_COLUMNS, rows: Number(rows[0]?.[0]) };
}
