import type { WarehouseDialect } from '../../../ports/warehouse.ts';
import type { Migration, MigrationSet } from '../../../stages/serve/migrate.ts';
import { createTable, type TableColumn, type WarehouseTable } from './table.ts';

/** The warehouse's schema of market-data (requirements 2.5). */
export const SCHEMA = 'market_data';
/** Who may read it, and no more. */
export const ANALYST = 'market_data_analyst';

const text = (name: string, length: number): TableColumn => ({
  name,
  type: `VARCHAR(${length})`,
  isNullable: true,
});
const amount = (name: string): TableColumn => ({ name, type: 'DECIMAL(18,4)', isNullable: true });

/** Rows of replies as they were written: all text, so that no value is refused; emptied by each good transform. */
export const STAGING: WarehouseTable = {
  name: `${SCHEMA}.stg_stock_prices`,
  columns: [
    text('symbol', 10),
    text('refresh_date', 20),
    text('open_price', 20),
    text('high_price', 20),
    text('low_price', 20),
    text('close_price', 20),
    text('volume_cnt', 20),
    { name: 'extraction_date', type: 'TIMESTAMP', default: 'CURRENT_TIMESTAMP', isNullable: true },
    // Where it stands in its reply, for the quarantine.
    { name: 'source_row', type: 'INTEGER', isNullable: true },
    // True when whoever staged the row has seen that it can be cast; else the transform looks.
    { name: 'is_plain', type: 'BOOLEAN', default: 'FALSE' },
  ],
  distKey: 'symbol',
  isUnlogged: true,
};

/** One row for each symbol and session. */
export const FACT: WarehouseTable = {
  name: `${SCHEMA}.fct_stock_prices`,
  columns: [
    { name: 'stock_id', type: 'INTEGER', isIdentity: true },
    { name: 'symbol', type: 'VARCHAR(10)' },
    { name: 'price_date', type: 'DATE' },
    amount('open_amt'),
    amount('high_amt'),
    amount('low_amt'),
    amount('close_amt'),
    { name: 'volume_cnt', type: 'BIGINT', isNullable: true },
    { name: 'created_at', type: 'TIMESTAMP', default: 'CURRENT_TIMESTAMP', isNullable: true },
    // False for a session that was not over when it was extracted; a later extraction replaces the row.
    { name: 'is_final', type: 'BOOLEAN', default: 'TRUE' },
  ],
  key: ['symbol', 'price_date'],
  distKey: 'symbol',
  sortKey: 'price_date',
};

/** The replies whose rows are in the staging table. */
export const STAGED_REPLIES: WarehouseTable = {
  name: `${SCHEMA}.stg_replies`,
  columns: replyColumns(),
  isUnlogged: true,
};

/** The replies whose rows are in the fact table: what was loaded is not loaded again. */
export const LOADED_REPLIES: WarehouseTable = {
  name: `${SCHEMA}.loaded_replies`,
  columns: replyColumns(),
  key: ['symbol', 'extraction_date'],
};

/** Every price that was replaced by another, with both. */
export const REVISIONS: WarehouseTable = {
  name: `${SCHEMA}.price_revisions`,
  columns: [
    { name: 'symbol', type: 'VARCHAR(10)' },
    { name: 'price_date', type: 'DATE' },
    ...['open_amt', 'high_amt', 'low_amt', 'close_amt'].flatMap((name) => [
      amount(`old_${name}`),
      amount(`new_${name}`),
    ]),
    { name: 'old_volume_cnt', type: 'BIGINT', isNullable: true },
    { name: 'new_volume_cnt', type: 'BIGINT', isNullable: true },
    // False when the old price was that of a session that was not over, so that nothing was revised in earnest.
    { name: 'was_final', type: 'BOOLEAN' },
    { name: 'extraction_date', type: 'TIMESTAMP' },
    { name: 'run_id', type: 'VARCHAR(200)' },
    { name: 'revised_at', type: 'TIMESTAMP', default: 'CURRENT_TIMESTAMP', isNullable: true },
  ],
  distKey: 'symbol',
};

/** The reference table of symbols. */
export const SYMBOL_TABLE: WarehouseTable = {
  name: `${SCHEMA}.dim_symbols`,
  columns: [
    { name: 'symbol', type: 'VARCHAR(10)' },
    { name: 'first_price_date', type: 'DATE' },
    { name: 'last_price_date', type: 'DATE' },
    { name: 'last_extraction_date', type: 'TIMESTAMP' },
    // The last session of a symbol that has had no price for ten sessions though it was asked for.
    { name: 'delisted_on', type: 'DATE', isNullable: true },
  ],
  key: ['symbol'],
};

/** Every session of the exchanges from 1990 to 2035, for joins by trading day. */
export const SESSIONS: WarehouseTable = {
  name: `${SCHEMA}.dim_sessions`,
  columns: [
    { name: 'session_date', type: 'DATE' },
    { name: 'is_half_day', type: 'BOOLEAN' },
  ],
  key: ['session_date'],
};

const TABLES = [
  STAGING,
  FACT,
  STAGED_REPLIES,
  LOADED_REPLIES,
  REVISIONS,
  SYMBOL_TABLE,
  SESSIONS,
] as const;

/** What readers may see; staging is nobody's. */
const PUBLISHED = [FACT, REVISIONS, SYMBOL_TABLE, SESSIONS] as const;

/** The migrations of market-data in a dialect. */
export function marketMigrations(dialect: WarehouseDialect): MigrationSet {
  const tables = TABLES.map((table) => createTable(table, dialect)).join('\n');
  const migrations: Migration[] = [
    { id: '0001-tables', sql: `CREATE SCHEMA IF NOT EXISTS ${SCHEMA};\n${tables}` },
    { id: '0002-analyst', sql: analystSql(dialect) },
  ];
  return { owner: 'market-data', migrations };
}

/**
 * A role that may read and nothing else. Where the account may make no roles, PostgreSQL goes on without; an owner can
 * make it and grant the same by hand.
 */
function analystSql(dialect: WarehouseDialect): string {
  const names = PUBLISHED.map(({ name }) => name).join(', ');
  const grants = `GRANT USAGE ON SCHEMA ${SCHEMA} TO ROLE_NAME;\nGRANT SELECT ON ${names} TO ROLE_NAME;`;
  if (dialect === 'redshift') {
    return `CREATE ROLE ${ANALYST};\n${grants.replaceAll('ROLE_NAME', `ROLE ${ANALYST}`)}`;
  }
  return `DO $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '${ANALYST}') THEN
    CREATE ROLE ${ANALYST} NOLOGIN;
  END IF;
  ${grants.replaceAll('ROLE_NAME', ANALYST).replaceAll('\n', '\n  ')}
EXCEPTION WHEN insufficient_privilege THEN
  RAISE NOTICE 'role ${ANALYST} is not there, and this account may not make it';
END $$;`;
}

function replyColumns(): readonly TableColumn[] {
  return [
    { name: 'symbol', type: 'VARCHAR(10)' },
    { name: 'extraction_date', type: 'TIMESTAMP' },
    { name: 'object_key', type: 'VARCHAR(200)' },
    { name: 'etag', type: 'VARCHAR(200)' },
    { name: 'row_count', type: 'INTEGER' },
  ];
}
