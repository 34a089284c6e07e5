import { quoteIdentifier, quoteTable, quoteText } from '../../core/column.ts';
import { type Dataset, datasetId, type TableObject } from '../../core/dataset.ts';
import type { QueryEngine } from '../../ports/query-engine.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { RecordStore } from '../../ports/record-store.ts';
import { localise, type ServePorts } from './localise.ts';

/** A pipeline's tables and views, and how to find the objects that its tables consist of. */
export interface Database {
  name: string;
  datasets: readonly Dataset[];
  /** What is known of a table, by its id, without reading a row. Such a table need not be there to be read. */
  known?: ReadonlyMap<string, KnownTable>;
  /** The views, as SQL over the tables. */
  viewSql: string;
  /** The visible objects of each table, by its id; with `asOf` (`YYYY-MM-DD`) only what was known on that day. */
  objects(ports: ServePorts, asOf: string | null): Promise<Map<string, TableObject[]>>;
  /** A condition that the rows of a table meet as of a day; for tables whose objects hold several days. */
  rowFilter?(table: string, asOf: string): string | null;
  /** What is no Parquet: the local folders that the engine must read for it, and how it becomes tables there. */
  attachment?(ports: ServePorts): Promise<Attachment>;
}

export interface KnownTable {
  rows: number;
  /** The newest day of its first column of days; null where there is none. */
  newest: string | null;
}

/** What a pipeline whose tables depend on what is in the store needs to tell them. */
export interface DatabaseRequest {
  store: ObjectStore;
  records: RecordStore;
  signal: AbortSignal;
  /** The query that the tables are for: those that it does not name may be left out. Null to be told of all. */
  sql: string | null;
  /** `ARGOSY_ENVIRONMENT`. */
  environment: string;
}

export interface Attachment {
  folders: readonly string[];
  attach(engine: QueryEngine): Promise<void>;
}

/** The database open in an engine that can read its objects and nothing else. The caller closes the engine. */
export async function openDatabase(
  ports: ServePorts,
  database: Database,
  asOf: string | null = null,
): Promise<QueryEngine> {
  const objects = await database.objects(ports, asOf);
  const local = await localise(ports, [...objects.values()].flat());
  const attachment = await database.attachment?.(ports);
  const folders = [...local.folders, ...(attachment?.folders ?? [])];
  const engine = await ports.openEngine([...new Set(folders)]);
  try {
    for (const schema of schemasOf(database))
      await engine.run(`CREATE SCHEMA ${quoteIdentifier(schema)}`);
    await engine.run(`USE ${quoteIdentifier(database.name)}`);
    for (const dataset of database.datasets) {
      if (dataset.kind !== 'table') continue;
      const paths = (objects.get(datasetId(dataset)) ?? []).map(
        ({ key }) => local.paths.get(key) ?? key,
      );
      const filter =
        asOf === null ? null : (database.rowFilter?.(datasetId(dataset), asOf) ?? null);
      await engine.run(tableSql(dataset, paths, filter));
    }
    await attachment?.attach(engine);
    if (database.viewSql !== '') await engine.run(database.viewSql);
    return engine;
  } catch (error) {
    await engine.close();
    throw error;
  }
}

function schemasOf({ name, datasets }: Database): Set<string> {
  return new Set([name, ...datasets.map(({ schema = name }) => schema)]);
}

function tableSql(dataset: Dataset, paths: readonly string[], filter: string | null): string {
  const { columns } = dataset;
  const table = quoteTable(datasetId(dataset));
  if (paths.length === 0) {
    const empty = columns.map(
      (column) => `CAST(NULL AS ${column.type}) AS ${quoteIdentifier(column.name)}`,
    );
    return `CREATE VIEW ${table} AS SELECT ${empty.join(', ')} LIMIT 0`;
  }
  const names = columns.map((column) => quoteIdentifier(column.name)).join(', ');
  const where = filter === null ? '' : ` WHERE ${filter}`;
  const from = `read_parquet([${paths.map(quoteText).join(', ')}], hive_partitioning = false)`;
  return `CREATE VIEW ${table} AS SELECT ${names} FROM ${from}${where}`;
}
