import { quoteTable } from '../../core/column.ts';
import type { WarehouseDialect, WarehouseTransaction } from '../../ports/warehouse.ts';

/** How long one process waits for another that holds the same lock. A load of a million rows takes less than a minute. */
const LOCK_MS_MAX = 15 * 60_000;

/** What is locked: a table of ours, or the part of it that belongs to one owner. */
export interface LockTarget {
  table: string;
  owner?: string;
}

/**
 * Lets one transaction at a time past this line, among all that name the same; released at its end. Readers are not held
 * up. PostgreSQL locks the name; Redshift, which has no advisory locks and enforces no keys, the whole table.
 * `conflict` after 15 minutes.
 */
export async function lockFor(
  tx: WarehouseTransaction,
  dialect: WarehouseDialect,
  { table, owner = '' }: LockTarget,
): Promise<void> {
  if (dialect === 'redshift') {
    await tx.run(`LOCK ${quoteTable(table)}`);
    return;
  }
  const before = await tx.query(`SELECT current_setting('lock_timeout')`);
  await tx.query(`SELECT set_config('lock_timeout', $1, true)`, [`${LOCK_MS_MAX}ms`]);
  // Two keys: the first keeps clear of the locks of other programs in the same database.
  const name = `${table}/${owner}`;
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext('argosy'), hashtext($1))`, [name]);
  await tx.query(`SELECT set_config('lock_timeout', $1, true)`, [String(before.rows[0]?.[0])]);
}
