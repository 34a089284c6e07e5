import { datasetId } from '../../../core/dataset.ts';
import { sha256 } from '../../../core/manifest.ts';
import type { CallOptions, ObjectStore } from '../../../ports/object-store.ts';
import type { Database } from '../database.ts';

/**
 * What the tables of a database are at this moment, in one word: another one after each publish, and the same one
 * until then. Null where nothing is published yet, or where the database does not say what is written when. Only names
 * and tags of records are read.
 */
export async function versionOf(
  store: ObjectStore,
  { datasets, publishedUnder }: Pick<Database, 'datasets' | 'publishedUnder'>,
  options?: CallOptions,
): Promise<string | null> {
  if (publishedUnder === undefined) return null;
  const tables = datasets.filter(({ kind }) => kind === 'table');
  const prefixes = new Set(tables.map((table) => publishedUnder(datasetId(table))));
  const seen: string[] = [];
  for (const prefix of [...prefixes].toSorted())
    for await (const { key, etag } of store.list(prefix, options)) seen.push(`${key}\0${etag}`);
  return seen.length === 0 ? null : sha256(seen.join('\0'));
}
