import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pgliteWarehouse } from '../../services/adapters/warehouse/pglite.ts';
import { type Dataset, type DatasetColumn, datasetId } from '../../services/core/dataset.ts';
import { commerceDatabase } from '../../services/pipelines/commerce/answer/database.ts';
import { dartmouthDb } from '../../services/pipelines/fama-french/database.ts';
import { financeDb } from '../../services/pipelines/finance/database.ts';
import { FINANCE_SCHEMA } from '../../services/pipelines/finance/load/migrations.ts';
import { FINANCE_WAREHOUSE } from '../../services/pipelines/finance/warehouse/datasets.ts';
import { MARKET_WAREHOUSE } from '../../services/pipelines/market-data/warehouse/datasets.ts';
import { marketMigrations } from '../../services/pipelines/market-data/warehouse/schema.ts';
import type { Cell } from '../../services/ports/query-engine.ts';
import type { Warehouse } from '../../services/ports/warehouse.ts';
import { offeredOn } from '../../services/stages/serve/ddl/athena.ts';
import { relationalDdl, withoutFilters } from '../../services/stages/serve/ddl/relational.ts';
import { migrate } from '../../services/stages/serve/migrate.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const DEFINED = [...FINANCE_WAREHOUSE, ...MARKET_WAREHOUSE];

/** Every pipeline's: what notes migrations and loads belongs to none. */
const OF_ALL = new Set(['argosy.migration', 'argosy.load_log']);

let folder: TempFolder;
let warehouse: Warehouse;

beforeAll(async () => {
  folder = await tempFolder();
  warehouse = await pgliteWarehouse({ folder: `${folder.path}/warehouse` });
  await migrate(warehouse, FINANCE_SCHEMA);
  await migrate(warehouse, marketMigrations('postgres'));
});

afterAll(async () => {
  await warehouse.close();
  await folder.remove();
});

describe('what the migrations make is what the definitions say', () => {
  it('has these tables and views, and no others', async () => {
    const { rows } = await warehouse.query(
      `SELECT table_schema, table_name, table_type FROM information_schema.tables
       WHERE table_schema IN ('public', 'argosy', 'market_data')`,
    );
    const made = rows
      .map(([schema, name, type]) => `${type === 'VIEW' ? 'view' : 'table'} ${schema}.${name}`)
      .filter((one) => !OF_ALL.has(one.replace(/^\w+ /, '')));
    expect(made.toSorted()).toEqual(DEFINED.map((one) => `${one.kind} ${placeOf(one)}`).toSorted());
  });

  it.each(DEFINED.map((one) => [datasetId(one), one] as const))(
    '%s has these columns in this order, with these types, defaults and NOT NULLs',
    async (_, dataset) => {
      const made = await columnsAt(placeOf(dataset), dataset.kind);
      expect(made).toEqual(dataset.columns.map((column) => expected(column, dataset.kind)));
    },
  );

  it.each(
    DEFINED.filter(({ key }) => key !== undefined).map((one) => [datasetId(one), one] as const),
  )('no two rows of %s have the same key', async (_, dataset) => {
    const { rows } = await warehouse.query(
      `SELECT string_agg(a.attname, ',' ORDER BY k.place)
         FROM pg_index i
         CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(number, place)
         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
         WHERE i.indisunique AND i.indpred IS NULL AND i.indrelid = $1::regclass
         GROUP BY i.indexrelid`,
      [placeOf(dataset)],
    );
    expect(rows.map(([columns]) => columns)).toContain(dataset.key?.join(','));
  });

  it.each(DEFINED.filter(({ kind }) => kind === 'view').map((one) => [one.name, one] as const))(
    '%s is the SELECT of its definition',
    async (name, { sql }) => {
      const { rows: made } = await warehouse.query(`SELECT pg_get_viewdef('${name}'::regclass)`);
      await warehouse.transaction(async (tx) => {
        await tx.run(`CREATE VIEW again AS ${sql}`);
        const { rows: again } = await tx.query(`SELECT pg_get_viewdef('again'::regclass)`);
        expect(again).toEqual(made);
        await tx.run('DROP VIEW again');
      });
    },
  );
});

describe('the definitions as statements', () => {
  it('make on PostgreSQL the tables and views that they say', async () => {
    const again = DEFINED.map((one) => ({ ...one, schema: 'again' }));
    await runIn('again', relationalDdl(again, { dialect: 'postgres' }));
    for (const dataset of again) {
      const made = await columnsAt(placeOf(dataset), dataset.kind);
      expect(made).toEqual(
        dataset.columns.map((column) => expected(keyed(column, dataset), dataset.kind)),
      );
    }
  });

  it.each([dartmouthDb, financeDb, commerceDatabase('local')])(
    'of $name, whose tables are objects, can be made on PostgreSQL, and again',
    async ({ name, datasets }) => {
      const offered = offeredOn(datasets);
      const statements = relationalDdl(offered, { dialect: 'postgres', schema: name });
      await runIn(name, statements);
      await runIn(name, statements);
      for (const { schema = name, name: table, columns } of offered) {
        const made = await columnsAt(`${schema}.${table}`, 'table');
        expect(made.map((one) => one.name)).toEqual(columns.map((one) => one.name));
      }
    },
  );

  it('a view counts the same on Redshift, which has no FILTER', async () => {
    await warehouse.transaction(async (tx) => {
      await tx.run(`INSERT INTO dim_customers (customer_id) VALUES ('A'), ('B')`);
      await tx.run(`
        INSERT INTO fact_transactions (transaction_id, customer_id, transaction_date, amount, status, risk_level)
        SELECT 'T' || n, CASE WHEN n % 3 = 0 THEN 'A' ELSE 'B' END, DATE '2026-01-01' + n % 4, n,
          (ARRAY['completed', 'failed', 'pending'])[1 + n % 3], (ARRAY['low', 'high', 'critical'])[1 + n % 3]
        FROM generate_series(1, 50) AS n`);
      for (const { sql = '' } of FINANCE_WAREHOUSE.filter(({ kind }) => kind === 'view')) {
        const there = withoutFilters(sql);
        expect(there).not.toContain('FILTER');
        const { rows } = await tx.query(sql);
        expect(rows.length).toBeGreaterThan(0);
        const { rows: same } = await tx.query(there);
        expect(same.map(String).toSorted()).toEqual(rows.map(String).toSorted());
      }
    });
  });

  it('say to Redshift how rows are kept, and what counts up', () => {
    const text = relationalDdl(MARKET_WAREHOUSE, { dialect: 'redshift' }).join(';');
    expect(text).toContain('"stock_id" INTEGER IDENTITY(1,1) ENCODE ZSTD NOT NULL');
    expect(text).toContain('DISTSTYLE KEY DISTKEY ("symbol")\nCOMPOUND SORTKEY ("price_date")');
    expect(text).toContain('"created_at" TIMESTAMP DEFAULT SYSDATE ENCODE ZSTD');
  });
});

/** Runs statements with a schema as the one of names without. */
async function runIn(schema: string, statements: readonly string[]): Promise<void> {
  await warehouse.transaction(async (tx) => {
    await tx.run(`CREATE SCHEMA IF NOT EXISTS ${schema}; SET LOCAL search_path TO ${schema}`);
    for (const statement of statements) await tx.run(statement);
  });
}

async function columnsAt(place: string, kind: Dataset['kind']) {
  const { rows } = await warehouse.query(
    `SELECT column_name, data_type, character_maximum_length, numeric_precision, numeric_scale,
       is_nullable, column_default, is_identity
     FROM information_schema.columns WHERE table_schema || '.' || table_name = $1
     ORDER BY ordinal_position`,
    [place],
  );
  return rows.map(([name, type, length, precision, scale, isNullable, value, isIdentity]) => ({
    name,
    type: typeIn(String(type), type === 'numeric' ? [precision, scale] : [length], kind),
    isRequired: isNullable === 'NO',
    default: defaultIn(value, isIdentity === 'YES'),
  }));
}

/** The columns of a key are never NULL. */
function keyed(column: DatasetColumn, { key }: Dataset): DatasetColumn {
  return key?.includes(column.name) === true ? { ...column, isRequired: true } : column;
}

function placeOf({ schema = 'public', name }: Dataset): string {
  return `${schema}.${name}`;
}

const TYPES: Readonly<Record<string, string>> = {
  'timestamp without time zone': 'TIMESTAMP',
  'character varying': 'VARCHAR',
  numeric: 'DECIMAL',
  text: 'VARCHAR',
  jsonb: 'JSON',
};

/** A sum has no precision to PostgreSQL, so a view's decimals are compared without. */
function typeIn(type: string, size: readonly unknown[], kind: Dataset['kind']): string {
  const name = TYPES[type] ?? type.toUpperCase();
  const isSized = size[0] !== null && !(kind === 'view' && name === 'DECIMAL');
  return isSized && ['VARCHAR', 'DECIMAL'].includes(name) ? `${name}(${size.join(',')})` : name;
}

function defaultIn(value: Cell | undefined, isIdentity: boolean): string | null {
  const text = String(value ?? '');
  if (isIdentity || text.startsWith('nextval(')) return 'IDENTITY';
  if (text === '') return null;
  return text === 'now()' ? 'CURRENT_TIMESTAMP' : text.toUpperCase();
}

function expected(
  { name, type, isRequired, default: value }: DatasetColumn,
  kind: Dataset['kind'],
) {
  const bare = kind === 'view' ? type.replace(/^DECIMAL.*/, 'DECIMAL') : type;
  return { name, type: bare, isRequired: isRequired ?? false, default: value ?? null };
}
