import type { Dataset, DatasetColumn } from '../../core/dataset.ts';
import { quoteText } from '../../core/column.ts';
import { sha256 } from '../../core/manifest.ts';
import { viewsIn } from '../../core/views-in.ts';
import type { Database } from '../../stages/serve/database.ts';
import { MAP_COLUMNS, MAP_KEY } from './ingestion-map.ts';
import { listedObjects } from './listed.ts';
import { knownOfMap } from './known.ts';
import macroSql from './as-of.sql';
import views from './tables.sql';

const VIEWS = viewsIn(views);

const FIVE: readonly DatasetColumn[] = (
  [
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
  ] as const
).map((column) => ({ ...column, tag: 'none' }));

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
      {
        name: 'src_filename',
        type: 'VARCHAR',
        description: 'CSV that the row comes from',
        tag: 'none',
      },
    ],
    location: 'transformed_data/',
    key: ['ingestion_date', 'metric_type', 'portfolio', 'date_format', 'src_filename'],
    from: ['source:archive'],
  },
  {
    name: 'data_ingestion_map',
    kind: 'table',
    description: 'Lineage: one row a Parquet object',
    columns: (Object.keys(MAP_COLUMNS) as (keyof typeof MAP_COLUMNS)[]).map((name) => ({
      name,
      type: MAP_COLUMNS[name],
      description: MAP_DESCRIPTIONS[name],
      tag: 'none',
    })),
    location: 'ingestion_map/',
    isFolder: true,
    key: ['file_path'],
    from: ['raw_data'],
  },
  view('pit_data', 'Every vintage; choose one by ingestion_date'),
  view('current_data', 'The newest vintage'),
  view('current_data_by_metric', 'The newest vintage of each metric'),
];

function view(name: string, description: string): Dataset {
  const sql = VIEWS.get(name);
  const from = ['raw_data'];
  return {
    name,
    kind: 'view',
    description,
    columns: FIVE,
    from,
    ...(sql === undefined ? {} : { sql }),
  };
}

/** `dartmouth_db` (requirements 1.8). What belongs to it is what the ingestion map lists as `success`. */
export const dartmouthDb: Database = {
  name: 'dartmouth_db',
  datasets: DATASETS,
  macroSql,
  async objects(ports, asOf) {
    const map = await ports.store.get(MAP_KEY, { signal: ports.signal });
    if (!map) return new Map();
    const mapObject = { key: MAP_KEY, sha256: sha256(map), rows: 0, sizeBytes: map.length };
    return new Map([
      ['data_ingestion_map', [mapObject]],
      ['raw_data', await listedObjects(ports, map, asOf)],
    ]);
  },
  learn: knownOfMap,
  publishedUnder: () => MAP_KEY,
  rowFilter: (table, asOf) =>
    table === 'data_ingestion_map' ? `ingestion_date <= DATE ${quoteText(asOf)}` : null,
};
