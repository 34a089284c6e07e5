import { quoteIdentifier } from '../../core/column.ts';
import { type Dataset, datasetId, type TableObject } from '../../core/dataset.ts';
import type { QueryEngine } from '../../ports/query-engine.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { RecordStore } from '../../ports/record-store.ts';
import { tableStatement, viewStatements } from './ddl/views.ts';
import { localise, type ServePorts } from './localise.ts';

/** A pipeline's tables and views, and how to find the objects that its tables consist of. */
export interface Database {
  name: string;
  datasets: readonly Dataset[];
  /** What is known of a table, by its id, without reading a row. Such a table need not be there to be read. */
  known?: ReadonlyMap<string, KnownTable>;
  /** As `known`, where a record in the store has to be looked at first. */
  learn?(ports: ServePorts): Promise<ReadonlyMap<string, KnownTable>>;
  /** What there is besides the datasets that it tells of, and how to see it: `1,950 older files: argosy files`. */
  untold?: string;
  /** The prefix under which something is written whenever what readers see of a table changes. */
  publishedUnder?(table: string): string;
  /** Another name of its schema, in which each of its own tables and views is found too. */
  alias?: string;
  /** What readers may call besides, in the SQL of this engine alone. */
  macroSql?: string;
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
  sizeBytes?: number;
  objects?: number;
  /** When what readers see of it was last changed, ISO 8601. */
  publishedAt?: string;
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
      await engine.run(tableStatement(dataset, paths, filter));
    }
    await attachment?.attach(engine);
    for (const statement of viewStatements(database)) await engine.run(statement);
    if (database.macroSql !== undefined) await engine.run(database.macroSql);
    return engine;
  } catch (error) {
    await engine.close();
    throw error;
  }
}

function schemasOf({ name, datasets }: Database): Set<string> {
  return new Set([name, ...datasets.map(({ schema = name }) => schema)]);
}
