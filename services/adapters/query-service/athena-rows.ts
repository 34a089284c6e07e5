import type { ColumnInfo } from '@aws-sdk/client-athena';
import type { Cell, Column } from '../../ports/query-engine.ts';

/** A value as Athena writes it, in its replies and in the object of a result alike: text, or none for NULL. */
export type AthenaValue = string | null;

/** Columns with DuckDB's type names, so that the answer looks the same whichever engine gave it. */
export function columnsOf(infos: readonly ColumnInfo[]): Column[] {
  return infos.map((info) => ({ name: info.Label ?? info.Name ?? '', type: typeOf(info) }));
}

const TYPES: Readonly<Record<string, string>> = {
  char: 'VARCHAR',
  varchar: 'VARCHAR',
  string: 'VARCHAR',
  int: 'INTEGER',
  real: 'FLOAT',
  varbinary: 'BLOB',
};

function typeOf({
  Type: type = 'varchar',
  Precision: precision,
  Scale: scale,
}: ColumnInfo): string {
  const name = type.toLowerCase();
  if (name === 'decimal') return `DECIMAL(${precision ?? 38},${scale ?? 0})`;
  return TYPES[name] ?? type.toUpperCase();
}

/** Makes a row of Athena's texts into cells, column by column. */
export function cellReader(columns: readonly Column[]): (row: readonly AthenaValue[]) => Cell[] {
  const readers = columns.map(({ type }) => READERS[type] ?? asText);
  return (row) =>
    readers.map((read, at) => {
      const value = row[at] ?? null;
      return value === null ? null : read(value);
    });
}

const asText = (text: string): Cell => text;

/** Whole numbers beyond 2^53 stay texts. */
function whole(text: string): Cell {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : text;
}

/** JSON has no such numbers, so they are texts with DuckDB's names. */
function real(text: string): Cell {
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}

/** Athena writes three digits or more of a second, DuckDB none that say nothing. */
function moment(text: string): Cell {
  return text.replace(/\.(\d*?)0*(?=\D|$)/, (_, digits: string) =>
    digits === '' ? '' : `.${digits}`,
  );
}

const READERS: Readonly<Record<string, (text: string) => Cell>> = {
  TINYINT: whole,
  SMALLINT: whole,
  INTEGER: whole,
  BIGINT: whole,
  FLOAT: real,
  DOUBLE: real,
  BOOLEAN: (text) => text === 'true',
  TIMESTAMP: moment,
  TIME: moment,
};
