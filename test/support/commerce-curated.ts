import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Commit } from '../../services/core/manifest.ts';
import { newestSet } from '../../services/pipelines/commerce/set/commit-set.ts';
import { FEEDS } from '../../services/pipelines/commerce/feed/feeds.ts';
import { DERIVED } from '../../services/pipelines/commerce/merge/derived.ts';
import { CURATED } from '../../services/pipelines/commerce/merge/merge.ts';
import { localFile } from '../../services/pipelines/commerce/set/part-file.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import { openOwnEngine } from './pipeline.ts';

export const TABLES = [...Object.keys(FEEDS), ...DERIVED.map(({ name }) => name)];

/** The newest set of the curated tables; throws before the first. */
export async function curatedSet(store: ObjectStore): Promise<Commit> {
  const set = await newestSet(store, CURATED);
  if (set === null) throw new Error('no curated set');
  return set;
}

/** Every row of a curated table as texts by column, in the order of `order`; '' stands for NULL. */
export async function curatedRows(
  { store, folder }: { store: ObjectStore; folder: string },
  table: string,
  { order = 'ALL', set }: { order?: string; set?: Commit } = {},
): Promise<Record<string, string>[]> {
  const { parts } = set ?? (await curatedSet(store));
  const own = parts.filter(({ attributes }) => attributes['table'] === table);
  if (own.length === 0) return [];
  const scratch = await mkdtemp(join(folder, 'read-'));
  const signal = new AbortController().signal;
  const paths: string[] = [];
  for (const part of own) paths.push(await localFile({ store, scratch, signal }, part));
  const engine = await openOwnEngine([folder]);
  try {
    const list = paths.map((path) => `'${path}'`).join(', ');
    const { columns, rows } = await engine.query(
      `SELECT CAST(COLUMNS(*) AS VARCHAR) FROM read_parquet([${list}], hive_partitioning = false) ORDER BY ${order}`,
    );
    return rows.map((row) =>
      Object.fromEntries(columns.map(({ name }, at) => [name, String(row[at] ?? '')])),
    );
  } finally {
    await engine.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

/** One hash a table over its rows in order: equal digests, equal tables. */
export async function tableDigests(
  bench: { store: ObjectStore; folder: string },
  tables: readonly string[] = TABLES,
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const table of tables) {
    const rows = await curatedRows(bench, table);
    found[table] =
      `${rows.length} ${createHash('sha256').update(JSON.stringify(rows)).digest('hex').slice(0, 16)}`;
  }
  return found;
}
