import { quoteIdentifier, quoteText } from '../../../core/column.ts';
import { type Dataset, datasetId } from '../../../core/dataset.ts';
import type { Warehouse } from '../../../ports/warehouse.ts';
import { type DatasetFacts, dayColumnOf } from './facts.ts';

/** A table up to this size is counted; of a larger one the warehouse's own estimate is taken. */
const COUNT_BYTES_MAX = 256 * 1024 * 1024;

type Asked = Pick<Warehouse, 'dialect' | 'query'>;

/** A table or view that the warehouse has. */
interface Relation {
  rows: number | null;
  sizeBytes: number;
}

/**
 * What is there of these datasets in the warehouse, by their ids. A dataset that it lacks, since no load has made it
 * yet, is left out.
 */
export async function readWarehouseFacts(
  warehouse: Asked,
  datasets: readonly Dataset[],
  signal: AbortSignal,
): Promise<Map<string, DatasetFacts>> {
  const relations = await readRelations(warehouse, datasets, signal);
  const facts = new Map<string, DatasetFacts>();
  const sum = [...relations.values()].reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);
  for (const dataset of datasets) {
    const id = datasetId(dataset);
    const relation = relations.get(warehouseId(dataset));
    if (relation === undefined) continue;
    const isView = dataset.kind === 'view';
    const isCounted = (isView ? sum : relation.sizeBytes) <= COUNT_BYTES_MAX;
    const counted = isCounted ? await countRows(warehouse, dataset, signal) : null;
    facts.set(id, {
      rows: counted?.rows ?? relation.rows,
      ...(counted === null && relation.rows !== null ? { isEstimate: true } : {}),
      sizeBytes: isView ? null : relation.sizeBytes,
      objects: null,
      newest: counted?.newest ?? null,
      partitions: [],
      publishedAt: null,
    });
  }
  return facts;
}

function warehouseId({ schema = 'public', name }: Dataset): string {
  return `${schema}.${name}`;
}

async function readRelations(
  warehouse: Asked,
  datasets: readonly Dataset[],
  signal: AbortSignal,
): Promise<Map<string, Relation>> {
  if (datasets.length === 0) return new Map();
  const names = datasets.map((dataset) => quoteText(warehouseId(dataset))).join(', ');
  const sql =
    warehouse.dialect === 'redshift'
      ? `SELECT schemaname || '.' || name, rows, bytes FROM (
           SELECT "schema" AS schemaname, "table" AS name, CAST(tbl_rows AS BIGINT) AS rows,
                  size * 1048576 AS bytes FROM svv_table_info
           UNION ALL SELECT schemaname, viewname, NULL, 0 FROM pg_views) AS known
         WHERE schemaname || '.' || name IN (${names})`
      : `SELECT n.nspname || '.' || c.relname, NULLIF(c.reltuples, -1)::bigint,
                pg_total_relation_size(c.oid)
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname || '.' || c.relname IN (${names})`;
  const { rows } = await warehouse.query(sql, [], { signal });
  return new Map(
    rows.map(([name, count, bytes]) => [
      String(name),
      {
        rows: count === null || count === undefined ? null : Number(count),
        sizeBytes: Number(bytes),
      },
    ]),
  );
}

async function countRows(
  warehouse: Asked,
  dataset: Dataset,
  signal: AbortSignal,
): Promise<{ rows: number; newest: string | null }> {
  const day = dayColumnOf(dataset);
  const newest = day === null ? 'NULL' : `CAST(max(${quoteIdentifier(day)}) AS VARCHAR(10))`;
  const { schema = 'public', name } = dataset;
  const table = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
  const { rows } = await warehouse.query(`SELECT count(*), ${newest} FROM ${table}`, [], {
    signal,
  });
  const [found, last] = rows[0] ?? [0, null];
  return { rows: Number(found), newest: typeof last === 'string' ? last : null };
}
