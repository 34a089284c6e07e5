import { quoteTable } from '../../../core/column.ts';
import { type Dataset, type DatasetColumn, datasetId } from '../../../core/dataset.ts';
import type { Database } from '../database.ts';
import { linkColumns, linkFolder, type Years } from '../links/plan.ts';
import { athenaQuery } from './athena-query.ts';
import { qualify } from './qualify.ts';

/** What Athena's form of a database is made of. */
export interface AthenaRequest {
  database: Pick<Database, 'name' | 'datasets' | 'alias'>;
  /** Where the objects are: `s3://bucket`. */
  storeUrl: string;
  /** The first and last year that a table has, by its id; the default leaves room. */
  years?: ReadonlyMap<string, Years>;
}

const YEARS_DEFAULT: Years = { first: 2000, last: 2049 };
const RANGES: Readonly<Record<string, string>> = { month: '1,12', day: '1,31' };
const PARQUET = 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe';
/** Objects are those that files below the location name, a line each; Athena, Hive and Trino read them so. */
const LINKED = [
  `ROW FORMAT SERDE '${PARQUET}'`,
  `STORED AS INPUTFORMAT 'org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat'`,
  `OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'`,
].join('\n');

/**
 * The statements that define a database in Athena (requirements 1.8, 3.12), in order, each without a semicolon. All may
 * be run again. A table is read through the lists of its objects (`stages/serve/links`), for Athena reads all that is
 * below a location and our tables are what the newest commit names. Tables in folders by year, month and day use
 * partition projection, so that no partition has to be registered; the range of years is set anew each time.
 */
export function athenaDdl(request: AthenaRequest): string[] {
  const { database } = request;
  const offered = offeredOn(database.datasets);
  const schemas = new Set(offered.map(({ schema = database.name }) => schema));
  if (database.alias !== undefined && offered.length > 0) schemas.add(database.alias);
  return [
    ...[...schemas].map((schema) => `CREATE DATABASE IF NOT EXISTS \`${schema}\``),
    ...offered.flatMap((one) =>
      one.kind === 'table' ? tableStatements(one, request) : [viewStatement(one, database)],
    ),
    ...aliasStatements(database, offered),
  ];
}

/** Tables of objects that Athena can read, and views over them; not what is made of other files while a query runs. */
export function offeredOn(datasets: readonly Dataset[]): Dataset[] {
  return datasets.filter(({ kind, location, sql }) =>
    kind === 'table' ? location !== undefined : sql !== undefined,
  );
}

function tableStatements(dataset: Dataset, request: AthenaRequest): string[] {
  const { database, storeUrl } = request;
  const { schema = database.name, name, columns } = dataset;
  const partitionBy = linkColumns(dataset);
  const table = `\`${schema}\`.\`${name}\``;
  const own = columns.filter((column) => !partitionBy.includes(column.name));
  const folder = `${storeUrl}/${dataset.isFolder === true ? dataset.location : linkFolder(schema, name)}`;
  const parted = columns.filter((column) => partitionBy.includes(column.name));
  const properties = projectionOf(dataset, { folder, request });
  const lines = [
    `CREATE EXTERNAL TABLE IF NOT EXISTS ${table} (\n  ${own.map(columnLine).join(',\n  ')}\n)`,
    `COMMENT ${hiveText(dataset.description)}`,
    ...(parted.length === 0 ? [] : [`PARTITIONED BY (${parted.map(columnLine).join(', ')})`]),
    dataset.isFolder === true ? 'STORED AS PARQUET' : LINKED,
    `LOCATION '${folder}'`,
    ...(properties === '' ? [] : [`TBLPROPERTIES (\n  ${properties}\n)`]),
  ];
  const create = lines.join('\n');
  const years = partitionBy.includes('year') ? yearsOf(datasetId(dataset), request) : null;
  if (years === null) return [create];
  return [create, `ALTER TABLE ${table} SET TBLPROPERTIES ('projection.year.range' = '${years}')`];
}

function projectionOf(
  dataset: Dataset,
  { folder, request }: { folder: string; request: AthenaRequest },
): string {
  const partitionBy = linkColumns(dataset);
  if (partitionBy.length === 0) return '';
  const years = yearsOf(datasetId(dataset), request);
  const columns = partitionBy.flatMap((name) => [
    `'projection.${name}.type' = 'integer'`,
    `'projection.${name}.range' = '${RANGES[name] ?? years}'`,
  ]);
  const template = `${folder}${partitionBy.map((name) => `${name}=\${${name}}/`).join('')}`;
  return [
    `'projection.enabled' = 'true'`,
    ...columns,
    `'storage.location.template' = '${template}'`,
  ].join(',\n  ');
}

function yearsOf(id: string, { years }: AthenaRequest): string {
  const { first, last } = years?.get(id) ?? YEARS_DEFAULT;
  return `${first},${last}`;
}

function viewStatement(view: Dataset, database: AthenaRequest['database']): string {
  const { schema = database.name, name, sql = '' } = view;
  const body = qualify(athenaQuery(sql), { schema, datasets: database.datasets });
  return `CREATE OR REPLACE VIEW ${quoteTable(`${schema}.${name}`)} AS\n${body}`;
}

function aliasStatements(
  { name: home, alias }: AthenaRequest['database'],
  offered: readonly Dataset[],
): string[] {
  if (alias === undefined) return [];
  return offered
    .filter(({ schema }) => schema === undefined)
    .map(({ name }) => {
      const [view, table] = [quoteTable(`${alias}.${name}`), quoteTable(`${home}.${name}`)];
      return `CREATE OR REPLACE VIEW ${view} AS\nSELECT * FROM ${table}`;
    });
}

const TYPES: Readonly<Record<string, string>> = {
  VARCHAR: 'string',
  INTEGER: 'int',
  JSON: 'string',
};

function columnLine({ name, type, description }: DatasetColumn): string {
  const known = TYPES[type] ?? (type.startsWith('VARCHAR') ? 'string' : type.toLowerCase());
  const comment = description === '' ? '' : ` COMMENT ${hiveText(description)}`;
  return `\`${name}\` ${known}${comment}`;
}

/** A text as Hive's grammar has it, which Athena's definitions are in. */
function hiveText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`;
}
