import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Part, sha256 } from '../../services/core/manifest.ts';
import { commitSet, newestSet } from '../../services/pipelines/commerce/set/commit-set.ts';
import { CURATED } from '../../services/pipelines/commerce/merge/merge.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import type { QueryEngine } from '../../services/ports/query-engine.ts';
import type { ShopRows } from './commerce-rows.ts';
import { makeTables } from './commerce-tables.ts';
import { openOwnEngine } from './pipeline.ts';

const PARTITIONS: Readonly<Record<string, string>> = {
  transactions: 'year, month, day',
  products: '',
  // Hours would be files of a few events each, of which a test has no need.
  clickstream: 'year, month, day',
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
    const parts: Part[] = [];
    for (const table of Object.keys(PARTITIONS))
      parts.push(...(await storeTable(engine, store, folder, table)));
    const { signal } = new AbortController();
    const base = await newestSet(store, CURATED);
    await commitSet(store, { dataset: CURATED, attributes: {}, parts, base, signal });
  } finally {
    await engine.close();
  }
}

/** Puts a table of the engine into the store, as its parts. */
async function storeTable(
  engine: QueryEngine,
  store: ObjectStore,
  folder: string,
  table: string,
): Promise<Part[]> {
  const by = PARTITIONS[table];
  const root = join(folder, `${table}-parts`);
  const into = by ? `, PARTITION_BY (${by}), WRITE_PARTITION_COLUMNS true` : '';
  const path = by ? root : `${root}.parquet`;
  await rm(root, { recursive: true, force: true });
  await engine.run(
    `COPY (FROM ${table} ORDER BY ${by ? `${by}, ` : ''}1) TO '${path}' (FORMAT parquet, COMPRESSION snappy${into}, OVERWRITE_OR_IGNORE true)`,
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
  return parts;
}
