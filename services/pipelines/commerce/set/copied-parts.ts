import { readdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { quoteText } from '../../../core/column.ts';
import type { QueryEngine } from '../../../ports/query-engine.ts';
import type { FreshPart } from './part-file.ts';

/** Files of one COPY with their rows, in the order of their names; those without a row are left out. */
export async function partsBelow(
  engine: QueryEngine,
  folder: string,
  describe: (partition: string, path: string) => Omit<FreshPart, 'rows'>,
): Promise<FreshPart[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) =>
    name.endsWith('.parquet'),
  );
  if (names.length === 0) return [];
  const paths = names.toSorted().map((name) => join(folder, name));
  const counted = await engine.query(
    `SELECT file_name, num_rows FROM parquet_file_metadata([${paths.map(quoteText).join(', ')}])`,
  );
  const rows = new Map(counted.rows.map(([path, count]) => [String(path), Number(count)]));
  return paths
    .map((path) => ({ ...describe(partitionOf(folder, path), path), rows: rows.get(path) ?? 0 }))
    .filter((part) => part.rows > 0);
}

function partitionOf(folder: string, path: string): string {
  const found = relative(folder, dirname(path));
  return found === '.' ? '' : found;
}
