import { PipelineError } from '../../core/error.ts';
import type { Cell, Column, QueryResult } from '../../ports/query-engine.ts';

/** Every cell as the server prints it; nothing has passed through a float or a Date. */
export interface TextResult {
  fields: readonly { name: string; dataTypeID: number }[];
  rows: readonly (readonly (string | null)[])[];
}

/** The types that columns of ours have, by PostgreSQL's number of them (`pg_type.oid`). */
const TYPE_NAMES: Readonly<Record<number, string>> = {
  16: 'BOOLEAN',
  20: 'BIGINT',
  21: 'SMALLINT',
  23: 'INTEGER',
  25: 'TEXT',
  26: 'BIGINT',
  114: 'JSON',
  700: 'REAL',
  701: 'DOUBLE',
  1042: 'CHAR',
  1043: 'VARCHAR',
  1082: 'DATE',
  1083: 'TIME',
  1114: 'TIMESTAMP',
  1184: 'TIMESTAMP WITH TIME ZONE',
  1186: 'INTERVAL',
  1700: 'NUMERIC',
  2950: 'UUID',
  3802: 'JSONB',
};

const NUMBERS = new Set(['BIGINT', 'SMALLINT', 'INTEGER', 'REAL', 'DOUBLE']);

/**
 * A result as plain cells: whole numbers and floats as numbers while exact, booleans, all else as the server's text.
 * `too-large` for more rows than may be.
 */
export function plainResult({ fields, rows }: TextResult, rowsMax: number): QueryResult {
  if (rows.length > rowsMax) {
    throw new PipelineError('too-large', `query returns more than ${rowsMax} rows`, {
      hint: 'add LIMIT, aggregate, or filter further',
    });
  }
  const columns: Column[] = fields.map(({ name, dataTypeID }) => ({
    name,
    type: TYPE_NAMES[dataTypeID] ?? 'TEXT',
  }));
  return {
    columns,
    rows: rows.map((row) => row.map((text, at) => plainCell(text, columns[at]?.type ?? 'TEXT'))),
  };
}

function plainCell(text: string | null, type: string): Cell {
  if (text === null) return null;
  if (type === 'BOOLEAN') return text === 't';
  if (!NUMBERS.has(type)) return text;
  const number = Number(text);
  const isExact = type === 'BIGINT' ? Number.isSafeInteger(number) : Number.isFinite(number);
  return isExact ? number : text;
}

/** A value as the text that the server reads it from. */
export function textOf(value: Cell): string | null {
  return value === null ? null : String(value);
}
