import { quoteIdentifier, quoteText } from '../../../core/column.ts';
import { type Dataset, datasetId, type TableObject } from '../../../core/dataset.ts';
import { commitPrefix, type Part } from '../../../core/manifest.ts';
import type { NamedTable } from '../../../ports/query-engine.ts';
import type { Database } from '../../../stages/serve/database.ts';
import type { ServePorts } from '../../../stages/serve/localise.ts';
import { newestSet } from '../set/commit-set.ts';
import { DERIVED } from '../merge/derived.ts';
import { FEEDS } from '../feed/feeds.ts';
import { CURATED } from '../merge/merge.ts';
import { type KeepPartition, partitionOf, partitionsOf } from './partition-filter.ts';
import { FEED_NAMES, type FeedName } from '../door/raw-key.ts';

/** What may be left out of the tables; all of it is there by default. */
export interface DatabaseScope {
  /** Tables that are not wanted are without rows. */
  isWanted?: (table: Pick<Dataset, 'schema' | 'name'>) => boolean;
  /** Partitions that are not kept are left out, by the folders of their keys. */
  keep?: KeepPartition;
}

const DESCRIPTIONS: Readonly<Record<FeedName, string>> = {
  transactions: 'Every sale, each once',
  products: 'Every product, as the newest feed has it',
  clickstream: 'Every event on the site, each once',
  reviews: 'Every review, each once',
};

/** The curated tables: the four feeds, and what merge makes of them (requirements 3.10). */
const CURATED_TABLES: readonly Dataset[] = [
  ...FEED_NAMES.map((name) => ({
    name,
    kind: 'table' as const,
    description: DESCRIPTIONS[name],
    columns: FEEDS[name].columns,
    location: `curated/${name}/`,
    partitionBy: FEEDS[name].partitionBy,
    key: FEEDS[name].key,
    from: [],
  })),
  ...DERIVED.map(({ name, description, columns, partitionBy, key, sql }) => ({
    name,
    kind: 'table' as const,
    description,
    columns,
    location: `curated/${name}/`,
    partitionBy,
    key,
    from: tablesIn(sql),
  })),
];

/** A curated feed is made of its processed files. */
function curatedTables(environment: string): Dataset[] {
  const processed = schemaOf('processed', environment);
  return CURATED_TABLES.map((table) =>
    table.from?.length === 0 ? { ...table, from: [`${processed}.${table.name}`] } : table,
  );
}

/** The tables that the SQL of a derived table reads. */
function tablesIn(sql: string): string[] {
  const found = sql.matchAll(/\b(?:FROM|JOIN)\s+(\w+)/g);
  const names = new Set(Array.from(found, ([, name = '']) => name));
  const tables: string[] = [...FEED_NAMES, ...DERIVED.map(({ name }) => name)];
  return tables.filter((table) => names.has(table));
}

/** The good rows of each file, before repeats are left out and before personal data is protected. */
function processedTables(environment: string): Dataset[] {
  return FEED_NAMES.map((name) => ({
    name,
    schema: schemaOf('processed', environment),
    kind: 'table',
    description: `Good rows of every accepted file of ${name}, with what they tell of persons`,
    columns: FEEDS[name].columns,
    location: `processed/${name}/`,
    from: [`source:raw/${name}`],
  }));
}

/** The name of a zone's schema: `curated_local` (requirements 3.2). */
export function schemaOf(zone: string, environment: string): string {
  return `${zone}_${environment.replaceAll('-', '_')}`;
}

/**
 * The curated tables in `curated_{environment}`, as `curated.…` and without a schema too, and the processed ones in
 * `processed_{environment}` (requirements 3.2, 3.12). They consist of the objects of their newest sets, so that all
 * curated tables are of one run.
 */
export function commerceDatabase(environment: string, scope: DatabaseScope = {}): Database {
  const schema = schemaOf('curated', environment);
  return {
    name: schema,
    datasets: [...curatedTables(environment), ...processedTables(environment)],
    alias: 'curated',
    publishedUnder: (table) =>
      commitPrefix(table.startsWith('processed') ? table.slice(table.indexOf('.') + 1) : CURATED),
    objects: (ports) => objectsOf(ports, environment, scope),
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
        const named = await engine.namedTables(sql);
        return await objectsOf(ports, environment, {
          isWanted: (table) => named.some((one) => mayMean(one, table, environment)),
          keep: await partitionsOf(engine, sql),
        });
      } finally {
        await engine.close();
      }
    },
  };
}

/** False only where a name in SQL is plainly that of another table. */
function mayMean(
  named: NamedTable,
  { schema, name }: Pick<Dataset, 'schema' | 'name'>,
  environment: string,
): boolean {
  if (named.name.toLowerCase() !== name) return false;
  const curated = ['', 'curated', schemaOf('curated', environment)];
  const others = ['processed', 'raw'].map((zone) => schemaOf(zone, environment));
  const own = schema === undefined ? curated : [schema];
  const isOneOf = (schemas: readonly string[]): boolean =>
    schemas.some((one) => one.toLowerCase() === named.schema?.toLowerCase());
  return isOneOf(own) || !isOneOf([...curated, ...others]);
}

async function objectsOf(
  ports: ServePorts,
  environment: string,
  { isWanted = () => true, keep = () => true }: DatabaseScope,
): Promise<Map<string, TableObject[]>> {
  const published = await publishedParts(ports);
  const found = new Map<string, TableObject[]>();
  for (const dataset of CURATED_TABLES.filter(isWanted)) {
    const parts = published.filter(({ attributes }) => attributes['table'] === dataset.name);
    found.set(
      datasetId(dataset),
      parts.filter(({ key }) => keep(partitionOf(key))),
    );
  }
  for (const dataset of processedTables(environment).filter(isWanted)) {
    const set = await newestSet(ports.store, dataset.name);
    const parts = (set?.parts ?? []).filter(({ attributes }) => attributes['zone'] === 'processed');
    found.set(
      datasetId(dataset),
      parts.filter(({ rows }) => rows > 0),
    );
  }
  return found;
}

/** The objects of all curated tables, with the table in their attributes; none before the first run. */
export async function publishedParts({
  store,
}: Pick<ServePorts, 'store'>): Promise<readonly Part[]> {
  return (await newestSet(store, CURATED))?.parts ?? [];
}

/** The moment that a row belongs to, by table. */
const MOMENTS: Readonly<Record<string, string>> = {
  transactions: 'transaction_date',
  sales_enriched: 'transaction_date',
  clickstream: 'timestamp',
  sessions: 'started_at',
  traffic_hourly: 'hour_start',
  traffic_daily: 'day',
  daily_summary: 'day',
  reviews: 'review_date',
};

/** Rows up to the end of a day. What a product or a customer was on it is not kept: those tables are as of now. */
function filterOf(table: string, asOf: string): string | null {
  const name = table.slice(table.lastIndexOf('.') + 1);
  const moment = Object.hasOwn(MOMENTS, name) ? MOMENTS[name] : undefined;
  return moment === undefined
    ? null
    : `${quoteIdentifier(moment)} < DATE ${quoteText(asOf)} + INTERVAL 1 DAY`;
}
