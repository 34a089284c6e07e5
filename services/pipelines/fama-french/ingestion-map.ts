import type { Commit } from '../../core/manifest.ts';
import type { ObjectInfo } from '../../ports/object-store.ts';

export const MAP_KEY = 'ingestion_map/ingestion_map.parquet';

/** One row of `data_ingestion_map` (requirements 1.9): one Parquet object of `raw_data`. */
export interface MapRow {
  src_filename: string;
  ingestion_date: string;
  /** When the object was stored, ISO 8601, UTC. */
  upload_timestamp: string;
  file_path: string;
  record_count: number;
  metric_type: string;
  status: 'success' | 'failed' | 'metadata_extraction_failed';
  unit: string;
  content_sha256: string;
}

/** The map's columns and their types, in order; the first seven are the contract, the last two are ours. */
export const MAP_COLUMNS = {
  src_filename: 'VARCHAR',
  ingestion_date: 'DATE',
  upload_timestamp: 'TIMESTAMP',
  file_path: 'VARCHAR',
  record_count: 'INTEGER',
  metric_type: 'VARCHAR',
  status: 'VARCHAR',
  unit: 'VARCHAR',
  content_sha256: 'VARCHAR',
} as const satisfies Record<keyof MapRow, string>;

/** True when every part of the commit is there in its full size. */
export function isWhole(commit: Commit, stored: ReadonlyMap<string, ObjectInfo>): boolean {
  return commit.parts.every(({ key, sizeBytes }) => stored.get(key)?.sizeBytes === sizeBytes);
}

/**
 * What the map says of one commit: a row a part. When one is gone or cut short all are `failed`, for readers see a
 * vintage as a whole or not at all.
 */
export function mapRows(
  commit: Commit,
  stored: ReadonlyMap<string, ObjectInfo>,
  storeUrl: string,
): MapRow[] {
  const isShown = isWhole(commit, stored);
  return commit.parts.map((part) => {
    const info = stored.get(part.key);
    return {
      src_filename: part.attributes['src_filename'] ?? '',
      ingestion_date: part.attributes['ingestion_date'] ?? '',
      upload_timestamp: timestamp(info?.lastModified ?? new Date(0)),
      file_path: `${storeUrl}/${part.key}`,
      record_count: isShown ? part.rows : 0,
      metric_type: part.attributes['metric_type'] ?? 'unknown',
      status: isShown ? 'success' : 'failed',
      unit: part.attributes['unit'] ?? 'unknown',
      content_sha256: part.sha256,
    };
  });
}

/** A moment as the map keeps it: UTC, whole seconds, which every store can tell. */
export function timestamp(moment: Date): string {
  return moment.toISOString().slice(0, 19).replace('T', ' ');
}
