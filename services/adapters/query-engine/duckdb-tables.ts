import type { DuckDBConnection } from '@duckdb/node-api';
import type { NamedTable } from '../../ports/query-engine.ts';

/** Spaces and notes, then the word, with what may stand between it and the statement that it explains. */
const EXPLAIN =
  /^(?:\s|--[^\n\r]*(?:[\n\r]|$)|\/\*[\s\S]*?\*\/)*explain\b(?:\s*\([^)]*\)|\s+analyze\b)?/i;
/** Functions that take a table's name, or SQL, as a text; and PIVOT, of which the parser gives no tree. */
const TAKES_NAME = /\b(?:query|query_table|pragma_\w+)\s*\(|\bpivot(?:_wider)?\b/i;
/** A quoted name, a text, a bare name. */
const NAME = /"((?:[^"]|"")*)"|'((?:[^']|'')*)'|([\p{L}_][\p{L}\p{N}_$]*)/gu;

/**
 * The tables that a SELECT names. They are read from the tree of DuckDB's parser: what the client offers for it,
 * `getTableNames`, also looks for the columns and tells nothing of joins by USING.
 */
export async function duckdbTables(
  connection: DuckDBConnection,
  sql: string,
): Promise<NamedTable[]> {
  const asked = 'SELECT CAST(json_serialize_sql($1::VARCHAR) AS VARCHAR)';
  const reader = await connection.runAndReadAll(asked, [sql.replace(EXPLAIN, '')]);
  const [[text] = []] = reader.getRows();
  const tables = [...tablesIn(JSON.parse(String(text)), new Set())];
  if (TAKES_NAME.test(sql)) for (const name of everyName(sql)) tables.push({ schema: null, name });
  return [...new Map(tables.map((one) => [`${one.schema}\0${one.name}`, one])).values()];
}

/** The tables of a part of the tree, but for those that a WITH around it makes, `own`. */
function* tablesIn(value: unknown, own: ReadonlySet<string>): Generator<NamedTable> {
  if (typeof value !== 'object' || value === null) return;
  let known = own;
  for (const entry of listIn(value, 'cte_map', 'map')) {
    const name = textIn(entry, 'key').toLowerCase();
    const named = new Set([...known, name]);
    // Within itself, the name is that of another table, unless it is recursive.
    const isRecursive = textIn(entry, 'value', 'query', 'node', 'type') === 'RECURSIVE_CTE_NODE';
    yield* tablesIn(entry, isRecursive ? named : known);
    known = named;
  }
  if (textIn(value, 'type') === 'BASE_TABLE') {
    const name = textIn(value, 'table_name');
    const schema = textIn(value, 'schema_name');
    if (schema !== '' || !known.has(name.toLowerCase())) yield { schema, name };
  }
  for (const [field, inner] of Object.entries(value)) {
    if (field !== 'cte_map') yield* tablesIn(inner, known);
  }
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, field) =>
      typeof inner === 'object' && inner !== null ? Reflect.get(inner, field) : undefined,
    value,
  );
}

function textIn(value: unknown, ...path: readonly string[]): string {
  const found = at(value, path);
  return typeof found === 'string' ? found : '';
}

function listIn(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = at(value, path);
  return Array.isArray(found) ? found : [];
}

function everyName(sql: string): string[] {
  return [...sql.matchAll(NAME)].flatMap(([, quoted, text, bare]) => {
    if (text === undefined) return quoted?.replaceAll('""', '"') ?? bare ?? [];
    // As an argument, a name stands with its schema in one text.
    return [text, ...everyName(text)];
  });
}
