import { quoteIdentifier } from '../../../core/column.ts';
import { datasetId, type TableObject } from '../../../core/dataset.ts';
import type { Database } from '../database.ts';
import { offeredOn } from './athena.ts';
import { tableStatement, viewStatements } from './views.ts';

/**
 * The statements that make a database of DuckDB's own over the objects as they are now, in order, each without a
 * semicolon: each table is the list of its objects. Later commits are not in it.
 */
export function duckdbDdl(
  database: Database,
  objects: ReadonlyMap<string, readonly TableObject[]>,
  storeUrl: string,
): string[] {
  const { name: home, alias, macroSql } = database;
  const offered = offeredOn(database.datasets);
  if (offered.length === 0) return [];
  const schemas = new Set([home, ...offered.map(({ schema = home }) => schema)]);
  const tables = offered
    .filter(({ kind }) => kind === 'table')
    .map((one) => {
      const urls = (objects.get(datasetId(one)) ?? []).map(({ key }) => addressOf(storeUrl, key));
      return tableStatement(one, urls, null);
    });
  const rest = viewStatements({
    name: home,
    datasets: offered,
    ...(alias === undefined ? {} : { alias }),
  });
  const macros = (macroSql ?? '').split(';').map((one) => one.trim());
  return [
    ...[...schemas].map((schema) => `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`),
    `USE ${quoteIdentifier(home)}`,
    ...tables,
    ...rest,
    ...macros.filter((one) => one !== ''),
  ];
}

/** DuckDB opens local files by their path. */
function addressOf(storeUrl: string, key: string): string {
  const address = `${storeUrl}/${key}`;
  return address.startsWith('file://')
    ? decodeURIComponent(address.slice('file://'.length))
    : address;
}
