import { quoteText } from '../../../core/column.ts';
import type { QueryEngine } from '../../../ports/query-engine.ts';

/** The folders `name=number` of a key: `{ year: 2025, month: 1 }`. */
export type PartitionValues = Readonly<Record<string, number>>;

/** True for every partition in which a query may find rows, and for others that it does not exclude plainly. */
export type KeepPartition = (values: PartitionValues) => boolean;

const KEEP_ALL: KeepPartition = () => true;

/** The Hive folders of a key, unpadded whole numbers (requirements 3.2). */
export function partitionOf(key: string): PartitionValues {
  const folders = key.matchAll(/(?:^|\/)([a-z]+)=(\d{1,9})(?=\/)/g);
  return Object.fromEntries(Array.from(folders, ([, name = '', text]) => [name, Number(text)]));
}

/**
 * Which partitions a query asks for, by what its WHERE compares with whole numbers: `year = 2025 AND month IN (1, 2)`.
 * Objects of other partitions need not be fetched or opened. A query with more than one table keeps all.
 */
export async function partitionsOf(engine: QueryEngine, sql: string): Promise<KeepPartition> {
  const { rows } = await engine.query(
    `SELECT CAST(json_serialize_sql(${quoteText(sql)}) AS VARCHAR)`,
  );
  const tree: unknown = JSON.parse(String(rows[0]?.[0] ?? 'null'));
  if (countTables(tree) !== 1) return KEEP_ALL;
  const [statement, ...more] = listOf(fieldOf(tree, 'statements'));
  const node = fieldOf(statement, 'node');
  const isPlain =
    more.length === 0 &&
    fieldOf(node, 'type') === 'SELECT_NODE' &&
    fieldOf(fieldOf(node, 'from_table'), 'type') === 'BASE_TABLE';
  const where = fieldOf(node, 'where_clause');
  return isPlain ? (values) => mayHold(where, values) : KEEP_ALL;
}

/** False only where the condition is false for every row of the partition. What is not understood may hold. */
function mayHold(node: unknown, values: PartitionValues): boolean {
  const type = fieldOf(node, 'type');
  const children = listOf(fieldOf(node, 'children'));
  if (type === 'CONJUNCTION_AND') return children.every((one) => mayHold(one, values));
  if (type === 'CONJUNCTION_OR') return children.some((one) => mayHold(one, values));
  if (type === 'COMPARE_IN') {
    const [subject, ...among] = children.map((one) => numberOf(one, values));
    return subject === null || among.some((one) => one === null || one === subject);
  }
  if (type === 'COMPARE_BETWEEN') {
    const [input, lower, upper] = ['input', 'lower', 'upper'].map((name) =>
      numberOf(fieldOf(node, name), values),
    );
    return !isBelow(input, lower) && !isBelow(upper, input);
  }
  const left = numberOf(fieldOf(node, 'left'), values);
  const right = numberOf(fieldOf(node, 'right'), values);
  if (left === null || right === null) return true;
  return typeof type === 'string' ? (COMPARE[type]?.(left, right) ?? true) : true;
}

const COMPARE: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  COMPARE_EQUAL: (left, right) => left === right,
  COMPARE_NOTEQUAL: (left, right) => left !== right,
  COMPARE_LESSTHAN: (left, right) => left < right,
  COMPARE_LESSTHANOREQUALTO: (left, right) => left <= right,
  COMPARE_GREATERTHAN: (left, right) => left > right,
  COMPARE_GREATERTHANOREQUALTO: (left, right) => left >= right,
};

function isBelow(left: number | null | undefined, right: number | null | undefined): boolean {
  return typeof left === 'number' && typeof right === 'number' && left < right;
}

/** A whole number of the text, or a column that the key's folders have; null for anything else. */
function numberOf(node: unknown, values: PartitionValues): number | null {
  if (fieldOf(node, 'type') === 'VALUE_CONSTANT') {
    const constant = fieldOf(node, 'value');
    const value = fieldOf(constant, 'value');
    const isWhole = fieldOf(fieldOf(constant, 'type'), 'id') === 'INTEGER';
    return isWhole && typeof value === 'number' ? value : null;
  }
  if (fieldOf(node, 'type') !== 'COLUMN_REF') return null;
  const name = String(listOf(fieldOf(node, 'column_names')).at(-1)).toLowerCase();
  return Object.hasOwn(values, name) ? (values[name] ?? null) : null;
}

function countTables(tree: unknown): number {
  if (typeof tree !== 'object' || tree === null) return 0;
  const own = fieldOf(tree, 'type') === 'BASE_TABLE' ? 1 : 0;
  return Object.values(tree).reduce<number>((sum, one) => sum + countTables(one), own);
}

function fieldOf(node: unknown, name: string): unknown {
  if (typeof node !== 'object' || node === null) return undefined;
  return (node as Readonly<Record<string, unknown>>)[name];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
