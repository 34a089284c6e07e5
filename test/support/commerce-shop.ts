import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Part, sha256 } from '../../services/core/manifest.ts';
import { commitSet, newestSet } from '../../services/pipelines/commerce/commit-set.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import type { QueryEngine } from '../../services/ports/query-engine.ts';
import type { ShopRows } from './commerce-rows.ts';
import { makeTables } from './commerce-tables.ts';
import { openOwnEngine } from './pipeline.ts';

const PARTITIONS: Readonly<Record<string, string>> = {
  transactions: 'year, month, day',
  products: '',
  clickstream: 'year, month, day, hour',
  reviews: 'year, month',
};

/** Publishes the rows as curated tables, as the pipeline lays them out (requirements 3.2), without running it. */
export async function publishShop(
  store: ObjectStore,
  folder: string,
  rows: ShopRows,
): Promise<void> {
  const engine = await openOwnEngine([folder]);
  try {
    await makeTables(engine, folder, rows);
    for (const table of Object.keys(PARTITIONS)) await publishTable(engine, store, folder, table);
  } finally {
    await engine.close();
  }
}

/** Publishes a table of the engine. */
export async function publishTable(
  engine: QueryEngine,
  store: ObjectStore,
  folder: string,
  table: string,
): Promise<void> {
  const by = PARTITIONS[table];
  const root = join(folder, `${table}-parts`);
  const into = by ? `, PARTITION_BY (${by}), WRITE_PARTITION_COLUMNS true` : '';
  const path = by ? root : `${root}.parquet`;
  await engine.run(
    `COPY (FROM ${table} ORDER BY ALL) TO '${path}' (FORMAT parquet, COMPRESSION snappy${into}, OVERWRITE_OR_IGNORE true)`,
  );
  const files = by
    ? (await readdir(root, { recursive: true })).filter((name) => name.endsWith('.parquet'))
    : [''];
  const parts: Part[] = [];
  for (const file of files.toSorted()) {
    const bytes = await readFile(by ? join(root, file) : path);
    const hash = sha256(bytes);
    const place = file.slice(0, file.lastIndexOf('/') + 1);
    const key = `curated/${table}/${place}part-${hash.slice(0, 16)}.parquet`;
    await store.put(key, bytes);
    parts.push({
      key,
      sizeBytes: bytes.length,
      rows: 0,
      sha256: hash,
      attributes: { zone: 'curated', table },
    });
  }
  const { signal } = new AbortController();
  const base = await newestSet(store, table);
  await commitSet(store, { dataset: table, attributes: {}, parts, base, signal });
}
