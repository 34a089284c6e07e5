import type { Dataset, DatasetColumn, TableObject } from '../../core/dataset.ts';
import { quoteText } from '../../core/column.ts';
import { sha256 } from '../../core/manifest.ts';
import type { Database } from '../../stages/serve/database.ts';
import { keepInCache, type ServePorts } from '../../stages/serve/localise.ts';
import { MAP_COLUMNS, MAP_KEY } from './ingestion-map.ts';
import viewSql from './tables.sql';

const FIVE: readonly DatasetColumn[] = [
  {
    name: 'date_format',
    type: 'VARCHAR',
    description: 'YYYY, YYYYMM or YYYYMMDD, as the file has it',
  },
  {
    name: 'portfolio',
    type: 'VARCHAR',
    description: 'Column of the block, for example small_lobm',
  },
  {
    name: 'metric_type',
    type: 'VARCHAR',
    description: 'What the number is, from the title of its block',
  },
  { name: 'value', type: 'DOUBLE', description: 'NULL where the file has none (-99.99, -999)' },
  { name: 'ingestion_date', type: 'DATE', description: 'Last day of the month of the vintage' },
];

const MAP_DESCRIPTIONS: Record<keyof typeof MAP_COLUMNS, string> = {
  src_filename: 'CSV that the rows come from',
  ingestion_date: 'Last day of the month of the vintage',
  upload_timestamp: 'When the object was stored, UTC',
  file_path: 'Where the Parquet object is',
  record_count: 'Rows in the object',
  metric_type: 'The metric that the object holds',
  status: 'success, failed or metadata_extraction_failed',
  unit: 'percent, count, usd_millions, ratio or unknown',
  content_sha256: 'Hash of the bytes of the object',
};

const DATASETS: readonly Dataset[] = [
  {
    name: 'raw_data',
    kind: 'table',
    description: 'Every row of every vintage',
    columns: [
      ...FIVE,
      { name: 'src_filename', type: 'VARCHAR', description: 'CSV that the row comes from' },
    ],
    location: 'transformed_data/',
  },
  {
    name: 'data_ingestion_map',
    kind: 'table',
    description: 'Lineage: one row a Parquet object',
    columns: (Object.keys(MAP_COLUMNS) as (keyof typeof MAP_COLUMNS)[]).map((name) => ({
      name,
      type: MAP_COLUMNS[name],
      description: MAP_DESCRIPTIONS[name],
    })),
    location: 'ingestion_map/',
  },
  {
    name: 'pit_data',
    kind: 'view',
    description: 'Every vintage; choose one by ingestion_date',
    columns: FIVE,
  },
  { name: 'current_data', kind: 'view', description: 'The newest vintage', columns: FIVE },
  {
    name: 'current_data_by_metric',
    kind: 'view',
    description: 'The newest vintage of each metric',
    columns: FIVE,
  },
];

/** `dartmouth_db` (requirements 1.8). What belongs to it is what the ingestion map lists as `success`. */
export const dartmouthDb: Database = {
  name: 'dartmouth_db',
  datasets: DATASETS,
  viewSql,
  async objects(ports, asOf) {
    const map = await ports.store.get(MAP_KEY, { signal: ports.signal });
    if (!map) return new Map();
    const mapObject = { key: MAP_KEY, sha256: sha256(map), rows: 0, sizeBytes: map.length };
    return new Map([
      ['data_ingestion_map', [mapObject]],
      ['raw_data', await listedObjects(ports, map, asOf)],
    ]);
  },
  rowFilter: (table, asOf) =>
    table === 'data_ingestion_map' ? `ingestion_date <= DATE ${quoteText(asOf)}` : null,
};

async function listedObjects(
  ports: ServePorts,
  map: Uint8Array,
  asOf: string | null,
): Promise<TableObject[]> {
  // Kept there, these very bytes are also what `data_ingestion_map` is opened on, though a run may replace the object.
  const path = await keepInCache(ports.cache, map);
  const engine = await ports.openEngine([ports.cache]);
  try {
    const until = asOf === null ? '' : `AND ingestion_date <= DATE ${quoteText(asOf)}`;
    const { rows } = await engine.query(
      `SELECT file_path, content_sha256, record_count FROM read_parquet(${quoteText(path)})
       WHERE status = 'success' ${until} ORDER BY file_path`,
    );
    return rows.map(([filePath, hash, count]) => ({
      key: keyOf(String(filePath)),
      sha256: String(hash),
      rows: Number(count),
    }));
  } finally {
    await engine.close();
  }
}

/** The map holds whole addresses; the key begins at the prefix of the table, wherever the bucket has moved to. */
function keyOf(filePath: string): string {
  return filePath.slice(filePath.lastIndexOf('transformed_data/'));
}
