import { createHash } from 'node:crypto';
import { PipelineError } from '../../core/error.ts';
import type { CallOptions } from '../../ports/object-store.ts';
import type { Warehouse, WarehouseDialect, WarehouseTransaction } from '../../ports/warehouse.ts';
import { lockFor } from './warehouse-lock.ts';

/** One step from a schema to the next. What has been published is never edited again: another migration follows it. */
export interface Migration {
  /** Sorts the migrations and names them in messages: `0001-tables`. */
  id: string;
  /** Any number of statements. One that drops a table, a column or a schema is a `bug`: what was loaded stays. */
  sql: string;
}

/** All migrations of one owner of tables, in order. */
export interface MigrationSet {
  /** Whose tables they are, such as `finance`; an id is unique within it. */
  owner: string;
  migrations: readonly Migration[];
}

/** Our own bookkeeping, in the schema `argosy` (design A7.6). */
const bookkeeping = (dialect: WarehouseDialect): MigrationSet => ({
  owner: 'argosy',
  migrations: [
    {
      id: '0001-load-log',
      sql: spelled(
        dialect,
        `
        CREATE TABLE argosy.load_log (
          pipeline VARCHAR(50) NOT NULL,
          digest VARCHAR(64) NOT NULL,
          logical_date DATE NOT NULL,
          run_id VARCHAR(200) NOT NULL,
          counts JSONB NOT NULL,
          loaded_at TIMESTAMP NOT NULL DEFAULT now(),
          PRIMARY KEY (pipeline, digest)
        )`,
      ),
    },
  ],
});

/** Our own tables as Redshift writes them: it has no JSONB, and SYSDATE where PostgreSQL has now(). */
function spelled(dialect: WarehouseDialect, sql: string): string {
  if (dialect === 'postgres') return sql;
  return sql.replaceAll('JSONB', 'VARCHAR(65535)').replaceAll('now()', 'SYSDATE');
}

/**
 * Brings the warehouse to the newest schema: our bookkeeping first, then what the set asks for, each migration in a
 * transaction of its own with its row in `argosy.migration`. Of two processes at once one migrates and the other finds
 * it done. Returns the ids that were applied now; twice equals once. A migration that was applied with other text is
 * `config-invalid`, and so is one that the warehouse has and the set has not, for the warehouse is ahead of us.
 */
export async function migrate(
  warehouse: Warehouse,
  set: MigrationSet,
  options: CallOptions = {},
): Promise<string[]> {
  set.migrations.forEach(refuseDrop);
  const wanted = [bookkeeping(warehouse.dialect), set];
  const known = await appliedBefore(warehouse, options);
  if (known !== null && wanted.every((one) => pending(one, known).length === 0)) return [];
  await warehouse.transaction(makeHome(warehouse), options);
  const applied: string[] = [];
  for (const { owner, migrations } of wanted) {
    for (const migration of migrations) {
      const isNew = await warehouse.transaction(
        (tx) => applyOnce(tx, { warehouse, owner, migration }),
        options,
      );
      if (isNew && owner === set.owner) applied.push(migration.id);
    }
  }
  return applied;
}

function refuseDrop({ id, sql }: Migration): void {
  const drop = /\bdrop\s+(?:table|column|schema|database)\b/i.exec(sql);
  if (drop === null) return;
  throw new PipelineError('bug', `migration ${id} would ${drop[0]}: a migration only adds`);
}

/** What was applied with which sha256, by owner and id. */
type Applied = ReadonlyMap<string, string>;

/** Null when the warehouse has never been migrated. */
async function appliedBefore(warehouse: Warehouse, options: CallOptions): Promise<Applied | null> {
  const tables = await warehouse.query(
    `SELECT 1 FROM information_schema.tables WHERE table_schema = 'argosy' AND table_name = 'migration'`,
    [],
    options,
  );
  if (tables.rows.length === 0) return null;
  const { rows } = await warehouse.query(
    'SELECT owner, id, sha256 FROM argosy.migration',
    [],
    options,
  );
  return new Map(rows.map(([owner, id, sha256]) => [`${owner}/${id}`, String(sha256)]));
}

/** The migrations of a set that are not there yet; `config-invalid` when what is there is not what the set says. */
function pending({ owner, migrations }: MigrationSet, applied: Applied): Migration[] {
  const ids = new Set(migrations.map(({ id }) => `${owner}/${id}`));
  const strange = [...applied.keys()].find((id) => id.startsWith(`${owner}/`) && !ids.has(id));
  if (strange !== undefined) {
    throw new PipelineError('config-invalid', `warehouse: migration ${strange} is not known here`, {
      hint: 'a newer argosy has migrated this warehouse: use that version, or another warehouse',
    });
  }
  return migrations.filter((migration) => {
    const before = applied.get(`${owner}/${migration.id}`);
    if (before !== undefined) checkSame(owner, migration, before);
    return before === undefined;
  });
}

function checkSame(owner: string, migration: Migration, before: string): void {
  if (before === digestOf(migration)) return;
  throw new PipelineError(
    'config-invalid',
    `warehouse: migration ${owner}/${migration.id} was applied with other text`,
    { hint: 'put its old text back, and write what is to change as a migration of its own' },
  );
}

const MIGRATION_LOCK = { table: 'argosy.migration' };

/** The schema and the table that migrations are noted in; under the lock, for CREATE … IF NOT EXISTS may race. */
function makeHome({ dialect }: Warehouse): (tx: WarehouseTransaction) => Promise<void> {
  return async (tx) => {
    if (dialect === 'postgres') await lockFor(tx, dialect, MIGRATION_LOCK);
    const home = `
      CREATE SCHEMA IF NOT EXISTS argosy;
      CREATE TABLE IF NOT EXISTS argosy.migration (
        owner VARCHAR(50) NOT NULL,
        id VARCHAR(100) NOT NULL,
        sha256 VARCHAR(64) NOT NULL,
        applied_at TIMESTAMP NOT NULL DEFAULT now(),
        PRIMARY KEY (owner, id)
      )`;
    await tx.run(spelled(dialect, home));
  };
}

/** Applies a migration unless another process was quicker; true when it was done here. */
async function applyOnce(
  tx: WarehouseTransaction,
  { warehouse, owner, migration }: { warehouse: Warehouse; owner: string; migration: Migration },
): Promise<boolean> {
  await lockFor(tx, warehouse.dialect, MIGRATION_LOCK);
  const { rows } = await tx.query(
    'SELECT sha256 FROM argosy.migration WHERE owner = $1 AND id = $2',
    [owner, migration.id],
  );
  const before = rows[0]?.[0];
  if (before !== undefined) {
    checkSame(owner, migration, String(before));
    return false;
  }
  await tx.run(migration.sql);
  await tx.run('INSERT INTO argosy.migration (owner, id, sha256) VALUES ($1, $2, $3)', [
    owner,
    migration.id,
    digestOf(migration),
  ]);
  return true;
}

function digestOf({ sql }: Migration): string {
  return createHash('sha256').update(sql).digest('hex');
}
