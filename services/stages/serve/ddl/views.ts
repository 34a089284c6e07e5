import { quoteIdentifier, quoteTable, quoteText } from '../../../core/column.ts';
import { type Dataset, datasetId } from '../../../core/dataset.ts';

/**
 * A table as a view of DuckDB's over Parquet files: the columns of its definition, in their order, whatever more the
 * files have; without files a table without rows. `filter` is a condition, or null for all rows.
 */
export function tableStatement(
  dataset: Dataset,
  paths: readonly string[],
  filter: string | null,
): string {
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

/** The views of a database by their definitions, then all that is in its schema under its other name too. */
export function viewStatements({
  name: home,
  datasets,
  alias,
}: {
  name: string;
  datasets: readonly Dataset[];
  alias?: string;
}): string[] {
  const views = datasets
    .filter(({ kind, sql }) => kind === 'view' && sql !== undefined)
    .map((view) => `CREATE VIEW ${quoteTable(datasetId(view))} AS ${view.sql}`);
  if (alias === undefined) return views;
  const own = datasets.filter(({ schema }) => schema === undefined);
  return [
    ...views,
    `CREATE SCHEMA ${quoteIdentifier(alias)}`,
    ...own.map(
      ({ name }) =>
        `CREATE VIEW ${quoteTable(`${alias}.${name}`)} AS FROM ${quoteTable(`${home}.${name}`)}`,
    ),
  ];
}
