/** What a column holds, whatever the engine calls its type. */
export type ColumnFamily = 'text' | 'integer' | 'decimal' | 'float' | 'date' | 'moment' | 'boolean';

/** Type names of DuckDB, PostgreSQL and Redshift, upper case. */
const FAMILIES: readonly (readonly [pattern: RegExp, family: ColumnFamily])[] = [
  [/^(?:VARCHAR|TEXT|STRING|BPCHAR|CHAR|CHARACTER|NAME|UUID|ENUM)\b/, 'text'],
  [/^U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER|[248])?$/, 'integer'],
  [/^(?:DECIMAL|NUMERIC)\b/, 'decimal'],
  [/^(?:DOUBLE|FLOAT[48]?|REAL)\b/, 'float'],
  [/^DATE$/, 'date'],
  [/^(?:TIMESTAMP|DATETIME)/, 'moment'],
  [/^BOOL(?:EAN)?$/, 'boolean'],
];

const NUMBERS: ReadonlySet<ColumnFamily> = new Set(['integer', 'decimal', 'float']);

/** The family of a type by the engine's own name of it; null when it is none of these. */
export function familyOf(type: string): ColumnFamily | null {
  const name = type.toUpperCase();
  // A list of texts is no text.
  if (name.endsWith(']')) return null;
  return FAMILIES.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

/** True for what can be compared with a number; also for a type that is not known. */
export function mayBeNumber(type: string): boolean {
  const family = familyOf(type);
  return family === null || NUMBERS.has(family);
}

/** True for what can be compared with a moment; also for a type that is not known. */
export function mayBeMoment(type: string): boolean {
  const family = familyOf(type);
  return family === null || family === 'date' || family === 'moment';
}

/** True for a type in which a value can be "not a number": floats, and PostgreSQL's NUMERIC, which DuckDB does not have. */
export function mayBeNaN(type: string): boolean {
  return familyOf(type) === 'float' || /^NUMERIC\b/i.test(type);
}
