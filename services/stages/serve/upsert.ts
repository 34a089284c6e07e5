import { quoteIdentifier, quoteTable } from '../../core/column.ts';
import { PipelineError } from '../../core/error.ts';
import type { WarehouseTransaction } from '../../ports/warehouse.ts';
import { rebuilding } from './rebuild.ts';
import type { StagedRows } from './stage-rows.ts';

export interface UpsertRequest {
  staged: StagedRows;
  table: string;
  /** The columns that tell one row from another; no two staged rows have the same. */
  key: readonly string[];
  /** The columns whose difference makes a row a changed one; all but the key when absent. */
  compared?: readonly string[];
  /** The column that a change sets to the time of the transaction: `updated_at`. At an insert its default holds. */
  changedAt?: string;
  /**
   * The staged column in whose order new rows are put in: the one that most indexes begin with, so that neighbours in
   * the batch are neighbours in them too. A batch of many days into a large table takes two thirds of the time by it.
   */
  inOrderOf?: string;
}

/** inserted + updated + unchanged = the rows that were staged. */
export interface UpsertCounts {
  inserted: number;
  updated: number;
  unchanged: number;
}

/**
 * Brings staged rows into their table and touches only those that are new or differ: columns that are not staged
 * (`created_at`) keep what they had. Two staged rows with one key, and a row that breaks a constraint, are
 * `input-invalid`. Into a table that is empty or tiny beside the batch, indexes are rebuilt after the rows are in.
 */
export async function upsertRows(
  tx: WarehouseTransaction,
  request: UpsertRequest,
): Promise<UpsertCounts> {
  // A join over the batch fits into this, in place of going through files.
  await tx.run(`SET LOCAL work_mem = '64MB'`);
  await refuseTwins(tx, request);
  const staged = await countOf(tx, request.staged.table);
  return rebuilding(tx, { table: request.table, rows: staged }, async () => {
    const inserted = await insertNew(tx, request);
    // Where every row was new, none is left to compare. A row that was just put in is the same as its staged one.
    const updated = inserted === staged ? 0 : await updateChanged(tx, request);
    return { inserted, updated, unchanged: staged - inserted - updated };
  });
}

async function updateChanged(tx: WarehouseTransaction, request: UpsertRequest): Promise<number> {
  const sql = updateSql(request);
  return sql === null ? 0 : tx.run(sql);
}

/** The statement that changes rows which differ; null where a row is its key. */
export function updateSql(request: UpsertRequest): string | null {
  const { staged, table, key, compared, changedAt } = request;
  const written = staged.columns.filter((column) => !key.includes(column));
  if (written.length === 0) return null;
  const set = written.map((column) => `${quoteIdentifier(column)} = s.${quoteIdentifier(column)}`);
  if (changedAt !== undefined) set.push(`${quoteIdentifier(changedAt)} = now()`);
  const isChanged = (compared ?? written)
    .map((column) => `t.${quoteIdentifier(column)} IS DISTINCT FROM s.${quoteIdentifier(column)}`)
    .join(' OR ');
  return `UPDATE ${quoteTable(table)} t SET ${set.join(', ')} FROM ${quoteIdentifier(staged.table)} s
     WHERE ${sameKey(key)} AND (${isChanged})`;
}

async function insertNew(tx: WarehouseTransaction, request: UpsertRequest): Promise<number> {
  return tx.run(insertSql(request));
}

/** The statement that puts in the rows which are new. */
export function insertSql({ staged, table, key, inOrderOf }: UpsertRequest): string {
  const list = staged.columns.map(quoteIdentifier).join(', ');
  const order = inOrderOf === undefined ? '' : `ORDER BY s.${quoteIdentifier(inOrderOf)}`;
  return `INSERT INTO ${quoteTable(table)} (${list})
     SELECT ${list} FROM ${quoteIdentifier(staged.table)} s
     WHERE NOT EXISTS (SELECT FROM ${quoteTable(table)} t WHERE ${sameKey(key)}) ${order}`;
}

async function refuseTwins(
  tx: WarehouseTransaction,
  { staged, table, key }: UpsertRequest,
): Promise<void> {
  const list = key.map(quoteIdentifier).join(', ');
  const { rows } = await tx.query(
    `SELECT ${list} FROM ${quoteIdentifier(staged.table)} GROUP BY ${list} HAVING count(*) > 1 LIMIT 1`,
  );
  if (rows[0] === undefined) return;
  throw new PipelineError(
    'input-invalid',
    `${table}: ${key.join(', ')} ${rows[0].join(', ')} is in more than one row of the load`,
    { hint: 'remove repeated keys before the load' },
  );
}

async function countOf(tx: WarehouseTransaction, table: string): Promise<number> {
  const { rows } = await tx.query(`SELECT count(*) FROM ${quoteIdentifier(table)}`);
  return Number(rows[0]?.[0]);
}

function sameKey(key: readonly string[]): string {
  return key
    .map((column) => `t.${quoteIdentifier(column)} = s.${quoteIdentifier(column)}`)
    .join(' AND ');
}
