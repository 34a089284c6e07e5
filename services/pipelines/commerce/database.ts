import { quoteIdentifier } from '../../core/column.ts';
import { type Dataset, datasetId, type TableObject } from '../../core/dataset.ts';
import type { Part } from '../../core/manifest.ts';
import type { Database } from '../../stages/serve/database.ts';
import type { ServePorts } from '../../stages/serve/localise.ts';
import { newestSet } from './commit-set.ts';
import { CLICKSTREAM, PRODUCTS, REVIEWS, TRANSACTIONS } from './columns.ts';
import { type KeepPartition, partitionOf, partitionsOf } from './partition-filter.ts';

/** What may be left out of the tables; all of it is there by default. */
export interface DatabaseScope {
  /** Tables that are not named here are without rows. */
  tables?: ReadonlySet<string>;
  /** Partitions that are not kept are left out, by the folders of their keys. */
  keep?: KeepPartition;
}

/** Tables of which a zone has one each (requirements 3.2, 3.10). */
const TABLES: readonly Omit<Dataset, 'schema'>[] = [
  {
    name: 'transactions',
    kind: 'table',
    description: 'Every sale, each once',
    columns: TRANSACTIONS,
    location: 'curated/transactions/',
  },
  {
    name: 'products',
    kind: 'table',
    description: 'Every product, as the newest feed has it',
    columns: PRODUCTS,
    location: 'curated/products/',
  },
  {
    name: 'clickstream',
    kind: 'table',
    description: 'Every event on the site, each once',
    columns: CLICKSTREAM,
    location: 'curated/clickstream/',
  },
  {
    name: 'reviews',
    kind: 'table',
    description: 'Every review, each once',
    columns: REVIEWS,
    location: 'curated/reviews/',
  },
];

/** The name of a zone's schema: `curated_local` (requirements 3.2). */
export function schemaOf(zone: string, environment: string): string {
  return `${zone}_${environment.replaceAll('-', '_')}`;
}

/**
 * The curated tables in `curated_{environment}`, and as `curated.…` too (requirements 3.2, 3.12). They consist of the
 * objects of their newest sets.
 */
export function commerceDatabase(environment: string, scope: DatabaseScope = {}): Database {
  const schema = schemaOf('curated', environment);
  return {
    name: schema,
    datasets: TABLES,
    viewSql: aliasSql('curated', schema),
    objects: (ports) => curatedObjects(ports, scope),
    rowFilter: (table, asOf) => filterOf(table, asOf),
  };
}

/** The same, with no more objects than this query needs. */
export function databaseFor(environment: string, sql: string | null): Database {
  const whole = commerceDatabase(environment);
  if (sql === null) return whole;
  return {
    ...whole,
    async objects(ports) {
      const engine = await ports.openEngine([]);
      try {
        const tables = new Set(await engine.tableNames(sql));
        return await curatedObjects(ports, { tables, keep: await partitionsOf(engine, sql) });
      } finally {
        await engine.close();
      }
    },
  };
}

function aliasSql(alias: string, schema: string): string {
  const views = TABLES.map(({ name }) => {
    const table = quoteIdentifier(name);
    return `CREATE VIEW ${alias}.${table} AS FROM ${quoteIdentifier(schema)}.${table};`;
  });
  return [`CREATE SCHEMA ${alias};`, ...views].join('\n');
}

async function curatedObjects(
  ports: ServePorts,
  { tables, keep = () => true }: DatabaseScope,
): Promise<Map<string, TableObject[]>> {
  const wanted = TABLES.filter(({ name }) => tables === undefined || tables.has(name));
  const found = await Promise.all(
    wanted.map(async (dataset) => {
      const all = await publishedParts(ports, dataset.name);
      const parts = all.filter(({ key }) => keep(partitionOf(key)));
      return [datasetId(dataset), parts] as const;
    }),
  );
  return new Map(found);
}

/** The objects of a curated table; none before the first run. */
export async function publishedParts(
  { store }: Pick<ServePorts, 'store'>,
  table: string,
): Promise<Part[]> {
  const set = await newestSet(store, table);
  return (set?.parts ?? []).filter(
    ({ attributes }) => attributes['zone'] === 'curated' && attributes['table'] === table,
  );
}

/** The moment that a row belongs to, by table. */
const MOMENTS: Readonly<Record<string, string>> = {
  transactions: 'transaction_date',
  clickstream: 'timestamp',
  reviews: 'review_date',
};

/** Rows up to the end of a day; what a product was on it is not kept. */
function filterOf(table: string, asOf: string): string | null {
  const moment = Object.hasOwn(MOMENTS, table) ? MOMENTS[table] : undefined;
  return moment === undefined
    ? null
    : `${quoteIdentifier(moment)} < DATE '${asOf}' + INTERVAL 1 DAY`;
}
