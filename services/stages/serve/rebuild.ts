import { quoteIdentifier, quoteTable } from '../../core/column.ts';
import { PipelineError } from '../../core/error.ts';
import type { WarehouseTransaction } from '../../ports/warehouse.ts';

/** A smaller batch gains nothing from rebuilt indexes. */
const ROWS_LEAST = 5_000;
/** A table counts as tiny when the batch has this many times its rows. */
const BATCH_TO_TABLE = 20;

/**
 * Does the work, which puts so many rows into the table. Where the table is empty or tiny beside them, its secondary
 * indexes and foreign keys are dropped before and made again after, in the same transaction: building an index at once
 * costs a fraction of keeping it row by row, and a foreign key is checked by one join. Readers of the table wait
 * meanwhile, so that is done only where there is next to nothing to read, and not at all when somebody is reading.
 */
export async function rebuilding<T>(
  tx: WarehouseTransaction,
  { table, rows }: { table: string; rows: number },
  work: () => Promise<T>,
): Promise<T> {
  const rowsMax = Math.floor(rows / BATCH_TO_TABLE);
  return (await takeForRebuild(tx, { table, rows, rowsMax })) ? rebuild(tx, table, work) : work();
}

/** Takes the table where so many new rows are worth it, it has at most `rowsMax` rows, and nobody is using it. */
export async function takeForRebuild(
  tx: WarehouseTransaction,
  { table, rows, rowsMax }: { table: string; rows: number; rowsMax: number },
): Promise<boolean> {
  return rows >= ROWS_LEAST && (await hasAtMost(tx, table, rowsMax)) && lockNow(tx, table);
}

/** Does the work while the table, which has been taken, has no secondary indexes and no foreign keys. */
export async function rebuild<T>(
  tx: WarehouseTransaction,
  table: string,
  work: () => Promise<T>,
): Promise<T> {
  const parts = await partsOf(tx, table);
  await tx.run(`SET LOCAL maintenance_work_mem = '256MB'`);
  for (const { drop } of parts.toReversed()) await tx.run(drop);
  const answer = await work();
  for (const { make } of parts) await tx.run(make);
  await tx.run(`ANALYZE ${quoteTable(table)}`);
  return answer;
}

async function hasAtMost(
  tx: WarehouseTransaction,
  table: string,
  rowsMax: number,
): Promise<boolean> {
  const { rows: counted } = await tx.query(
    `SELECT count(*) FROM (SELECT FROM ${quoteTable(table)} LIMIT ${rowsMax + 1}) t`,
  );
  return Number(counted[0]?.[0]) <= rowsMax;
}

/** Takes the table for this transaction when nobody is using it; waits for nobody, so that nobody queues behind. */
async function lockNow(tx: WarehouseTransaction, table: string): Promise<boolean> {
  await tx.run('SAVEPOINT before_lock');
  try {
    await tx.run(`LOCK TABLE ${quoteTable(table)} IN ACCESS EXCLUSIVE MODE NOWAIT`);
  } catch (error) {
    if (!(error instanceof PipelineError) || error.kind !== 'conflict') throw error;
    await tx.run('ROLLBACK TO SAVEPOINT before_lock');
    return false;
  }
  return true;
}

/** Every index without a constraint behind it, then every foreign key of the table: how to drop and how to make it. */
async function partsOf(
  tx: WarehouseTransaction,
  table: string,
): Promise<{ drop: string; make: string }[]> {
  const { rows: indexes } = await tx.query(
    `SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
     FROM pg_index i
     WHERE i.indrelid = $1::text::regclass AND NOT i.indisunique
       AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
     ORDER BY 1`,
    [quoteTable(table)],
  );
  const { rows: keys } = await tx.query(
    `SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
     WHERE conrelid = $1::text::regclass AND contype = 'f' ORDER BY 1`,
    [quoteTable(table)],
  );
  return [
    ...indexes.map(([name, definition]) => ({
      drop: `DROP INDEX ${name}`,
      make: String(definition),
    })),
    ...keys.map(([name, definition]) => {
      const key = quoteIdentifier(String(name));
      return {
        drop: `ALTER TABLE ${quoteTable(table)} DROP CONSTRAINT ${key}`,
        make: `ALTER TABLE ${quoteTable(table)} ADD CONSTRAINT ${key} ${String(definition)}`,
      };
    }),
  ];
}
