import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../../services/core/dataset.ts';
import { athenaDdl } from '../../../services/stages/serve/ddl/athena.ts';
import { trinoDdl } from '../../../services/stages/serve/ddl/trino.ts';

const SALES: Dataset = {
  name: 'sales',
  kind: 'table',
  description: `The shop's sales`,
  columns: [
    { name: 'id', type: 'VARCHAR', description: 'Once' },
    { name: 'amount', type: 'DECIMAL(10,2)', description: `It's above 0` },
    { name: 'timestamp', type: 'TIMESTAMP', description: '' },
    { name: 'year', type: 'INTEGER', description: 'Partition' },
    { name: 'month', type: 'INTEGER', description: 'Partition' },
    { name: 'hour', type: 'INTEGER', description: '' },
  ],
  location: 'curated/sales/',
  partitionBy: ['year', 'month', 'hour'],
};
const MAP: Dataset = {
  name: 'map',
  schema: 'other',
  kind: 'table',
  description: 'One object',
  columns: [{ name: 'n', type: 'INTEGER', description: '' }],
  location: 'map/',
  isFolder: true,
};
const LATEST: Dataset = {
  name: 'latest',
  kind: 'view',
  description: 'The newest',
  columns: [{ name: 'id', type: 'VARCHAR', description: 'Once' }],
  sql: 'SELECT id FROM sales JOIN other_sales USING (id)',
};
const FILES: Dataset = { ...LATEST, name: 'files', sql: '' };
delete FILES.sql;

const STATEMENTS = athenaDdl({
  database: { name: 'shop', datasets: [SALES, MAP, LATEST, FILES], alias: 'store' },
  storeUrl: 's3://bucket',
  years: new Map([['sales', { first: 2025, last: 2027 }]]),
});

const TABLE = `CREATE EXTERNAL TABLE IF NOT EXISTS \`shop\`.\`sales\` (
  \`id\` string COMMENT 'Once',
  \`amount\` decimal(10,2) COMMENT 'It\\'s above 0',
  \`timestamp\` timestamp,
  \`hour\` int
)
COMMENT 'The shop\\'s sales'
PARTITIONED BY (\`year\` int COMMENT 'Partition', \`month\` int COMMENT 'Partition')
ROW FORMAT SERDE 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'
STORED AS INPUTFORMAT 'org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat'
OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://bucket/_catalog/symlink/shop/sales/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.year.type' = 'integer',
  'projection.year.range' = '2025,2027',
  'projection.month.type' = 'integer',
  'projection.month.range' = '1,12',
  'storage.location.template' = 's3://bucket/_catalog/symlink/shop/sales/year=\${year}/month=\${month}/'
)`;

describe('the definitions for Athena', () => {
  it('are databases, tables of lists of objects with projected partitions, and views', () => {
    expect(STATEMENTS).toEqual([
      'CREATE DATABASE IF NOT EXISTS `shop`',
      'CREATE DATABASE IF NOT EXISTS `other`',
      'CREATE DATABASE IF NOT EXISTS `store`',
      TABLE,
      `ALTER TABLE \`shop\`.\`sales\` SET TBLPROPERTIES ('projection.year.range' = '2025,2027')`,
      `CREATE EXTERNAL TABLE IF NOT EXISTS \`other\`.\`map\` (\n  \`n\` int\n)\nCOMMENT 'One object'\nSTORED AS PARQUET\nLOCATION 's3://bucket/map/'`,
      `CREATE OR REPLACE VIEW "shop"."latest" AS\nSELECT id FROM "shop"."sales" JOIN other_sales USING (id)`,
      `CREATE OR REPLACE VIEW "store"."sales" AS\nSELECT * FROM "shop"."sales"`,
      `CREATE OR REPLACE VIEW "store"."latest" AS\nSELECT * FROM "shop"."latest"`,
    ]);
  });

  it('leave room for years where nothing is published', () => {
    const [, , create] = athenaDdl({
      database: { name: 'shop', datasets: [SALES], alias: 'store' },
      storeUrl: 's3://bucket',
    });
    expect(create).toContain(`'projection.year.range' = '2000,2049'`);
  });

  it('are none for a database without a table of objects', () => {
    const database = { name: 'csv', datasets: [FILES], alias: 'c' };
    expect(athenaDdl({ database, storeUrl: 's3://bucket' })).toEqual([]);
  });
});

describe("Athena's definitions as Trino takes them", () => {
  it('say the same of a table of lists, whose storage format its SQL has no word for', () => {
    expect(trinoDdl(TABLE)).toEqual({
      isLinked: true,
      sql: `CREATE TABLE IF NOT EXISTS "shop"."sales" (
  "id" varchar COMMENT 'Once',
  "amount" decimal(10,2) COMMENT 'It''s above 0',
  "timestamp" timestamp(6),
  "hour" integer,
  "year" integer COMMENT 'Partition' WITH (partition_projection_type = 'INTEGER', partition_projection_range = ARRAY['2025', '2027']),
  "month" integer COMMENT 'Partition' WITH (partition_projection_type = 'INTEGER', partition_projection_range = ARRAY['1', '12'])
)
COMMENT 'The shop''s sales'
WITH (
  external_location = 's3://bucket/_catalog/symlink/shop/sales/',
  format = 'PARQUET',
  partitioned_by = ARRAY['year', 'month'],
  partition_projection_enabled = true,
  partition_projection_location_template = 's3://bucket/_catalog/symlink/shop/sales/year=\${year}/month=\${month}/'
)`,
    });
  });

  it('are schemas, nothing, tables and views', () => {
    const [database, , , , alter, map, view] = STATEMENTS.map((one) => trinoDdl(one));
    expect(database).toEqual({ sql: 'CREATE SCHEMA IF NOT EXISTS "shop"', isLinked: false });
    expect(alter).toEqual({ sql: '', isLinked: false });
    expect(map?.isLinked).toBe(false);
    expect(map?.sql).toContain(`external_location = 's3://bucket/map/'`);
    expect(view?.sql).toBe(STATEMENTS[6]);
  });

  it('a statement that is not ours is a bug', () => {
    expect(() => trinoDdl('TRUNCATE x')).toThrow('not a definition of ours: TRUNCATE x');
  });
});
