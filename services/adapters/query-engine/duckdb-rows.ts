import type { DuckDBResultReader } from '@duckdb/node-api';
import type { Cell, QueryResult } from '../../ports/query-engine.ts';

const WHOLE_NUMBERS = new Set(['BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT']);

/** A DuckDB result as plain cells: whole numbers as numbers while exact, as text beyond; lists and structs as JSON text. */
export function duckdbRows(reader: DuckDBResultReader): QueryResult {
  const types = reader.columnTypes().map((type) => type.toString());
  const columns = reader.columnNames().map((name, i) => ({ name, type: types[i] ?? 'VARCHAR' }));
  const rows = reader
    .getRowsJson()
    .map((row) => row.map((value, i) => cell(value, WHOLE_NUMBERS.has(types[i] ?? ''))));
  return { columns, rows };
}

function cell(value: unknown, isWhole: boolean): Cell {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value !== 'string') return JSON.stringify(value);
  if (!isWhole) return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
