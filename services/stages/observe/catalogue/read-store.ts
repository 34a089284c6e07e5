import { quoteIdentifier, quoteTable } from '../../../core/column.ts';
import { type Dataset, datasetId, type TableObject } from '../../../core/dataset.ts';
import { type Database, type KnownTable, openDatabase } from '../../serve/database.ts';
import type { ServePorts } from '../../serve/localise.ts';
import { bytesOf, type DatasetFacts, dayColumnOf, newestOf, partitionsOf } from './facts.ts';

/** Rows that no record tells are counted where all objects of the database together are no larger. */
const COUNT_BYTES_MAX = 64 * 1024 * 1024;
/** The newest day that no record tells is looked for in tables up to this size. */
const NEWEST_BYTES_MAX = 4 * 1024 * 1024;

/**
 * What is there of a database's datasets, by their ids: from its maps, commits and records. Rows are read only of a
 * view of which no record tells, and only where that is quick.
 */
export async function readStoreFacts(
  ports: ServePorts,
  database: Database,
  isWanted: (dataset: Dataset) => boolean,
): Promise<Map<string, DatasetFacts>> {
  const wanted = database.datasets.filter(isWanted);
  if (wanted.length === 0) return new Map();
  const objects = await sized(ports, database, await database.objects(ports, null));
  const known = new Map([...(database.known ?? []), ...((await database.learn?.(ports)) ?? [])]);
  const published = await publications(ports, database, wanted);
  const facts = new Map<string, DatasetFacts>();
  for (const dataset of wanted) {
    const id = datasetId(dataset);
    facts.set(id, {
      ...factsOf(dataset, objects.get(id), known.get(id)),
      publishedAt: known.get(id)?.publishedAt ?? published.get(prefixOf(database, id)) ?? null,
    });
  }
  await countUnknown(ports, database, { facts, objects });
  return facts;
}

function factsOf(
  { kind }: Dataset,
  objects: readonly TableObject[] = [],
  known?: KnownTable,
): Omit<DatasetFacts, 'publishedAt'> {
  const partitions = partitionsOf(objects);
  const isTable = kind === 'table';
  const sum = objects.reduce((rows, object) => rows + object.rows, 0);
  return {
    rows: known?.rows ?? (isTable ? sum : null),
    sizeBytes: known?.sizeBytes ?? (isTable ? bytesOf(objects) : null),
    objects: known?.objects ?? (isTable ? objects.length : null),
    newest: known?.newest ?? newestOf(partitions),
    partitions,
  };
}

/** Objects whose size no record tells get that of the listing of their table. */
async function sized(
  ports: ServePorts,
  { datasets }: Database,
  found: Map<string, TableObject[]>,
): Promise<Map<string, TableObject[]>> {
  const sizes = new Map<string, number>();
  const asked = new Set<string>();
  for (const dataset of datasets) {
    const objects = found.get(datasetId(dataset)) ?? [];
    const { location } = dataset;
    const isTold = objects.every(({ sizeBytes }) => sizeBytes !== undefined);
    if (isTold || location === undefined || asked.has(location)) continue;
    asked.add(location);
    for await (const { key, sizeBytes } of ports.store.list(location, { signal: ports.signal }))
      sizes.set(key, sizeBytes);
  }
  if (asked.size === 0) return found;
  const whole = (object: TableObject): TableObject => {
    const sizeBytes = object.sizeBytes ?? sizes.get(object.key);
    return sizeBytes === undefined ? object : { ...object, sizeBytes };
  };
  return new Map([...found].map(([id, objects]) => [id, objects.map(whole)]));
}

function prefixOf(database: Database, id: string): string {
  return database.publishedUnder?.(id) ?? '';
}

/** When something was last written below each prefix under which these datasets are published. */
async function publications(
  { store, signal }: ServePorts,
  database: Database,
  datasets: readonly Dataset[],
): Promise<Map<string, string>> {
  const prefixes = new Set(datasets.map((dataset) => prefixOf(database, datasetId(dataset))));
  prefixes.delete('');
  const newest = new Map<string, string>();
  for (const prefix of prefixes) {
    for await (const { lastModified } of store.list(prefix, { signal })) {
      const moment = lastModified.toISOString();
      if (moment > (newest.get(prefix) ?? '')) newest.set(prefix, moment);
    }
  }
  return newest;
}

/** Asks the engine for what no record tells: rows of views, and the newest day of small tables. */
async function countUnknown(
  ports: ServePorts,
  database: Database,
  of: { facts: Map<string, DatasetFacts>; objects: Map<string, TableObject[]> },
): Promise<void> {
  const asked = database.datasets.filter((dataset) => {
    const facts = of.facts.get(datasetId(dataset));
    if (facts === undefined || facts.rows === 0) return false;
    const sizeBytes = facts.sizeBytes ?? Infinity;
    const isDated = facts.newest !== null || dayColumnOf(dataset) === null;
    return facts.rows === null || (!isDated && sizeBytes <= NEWEST_BYTES_MAX);
  });
  // A view may be over any of the tables.
  const isWhole = asked.some(({ kind }) => kind === 'view');
  const ids = new Set(asked.map(datasetId));
  const objects = new Map([...of.objects].filter(([id]) => isWhole || ids.has(id)));
  const sizeBytes = bytesOf([...objects.values()].flat());
  if (asked.length === 0 || sizeBytes === null || sizeBytes > COUNT_BYTES_MAX) return;
  const datasets = isWhole ? database.datasets : asked;
  const engine = await openDatabase(ports, { ...database, datasets, objects: async () => objects });
  try {
    for (const dataset of asked) {
      const id = datasetId(dataset);
      const { rows } = await engine.query(countSql(dataset));
      const [count, day] = rows[0] ?? [0, null];
      const facts = of.facts.get(id);
      if (facts === undefined) continue;
      const newest = typeof day === 'string' ? day.slice(0, 10) : facts.newest;
      of.facts.set(id, { ...facts, rows: Number(count), newest });
    }
  } finally {
    await engine.close();
  }
}

function countSql(dataset: Dataset): string {
  const day = dayColumnOf(dataset);
  const newest = day === null ? 'NULL' : `CAST(max(${quoteIdentifier(day)}) AS VARCHAR)`;
  return `SELECT count(*), ${newest} FROM ${quoteTable(datasetId(dataset))}`;
}
