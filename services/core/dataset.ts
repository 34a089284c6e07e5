/** A column of a table, with the type that DuckDB, Athena and PostgreSQL all have under this name or translate. */
export interface DatasetColumn {
  name: string;
  type:
    | 'VARCHAR'
    | 'DOUBLE'
    | 'DATE'
    | 'TIMESTAMP'
    | 'INTEGER'
    | 'BIGINT'
    | 'BOOLEAN'
    | 'JSON'
    | `VARCHAR(${number})`
    | `DECIMAL(${number},${number})`;
  description: string;
  /** True where it is never NULL. */
  isRequired?: boolean;
  /** SQL that PostgreSQL and Redshift both know, or `IDENTITY` for a number that the warehouse counts up from 1. */
  default?: string;
  /** What it tells of a person (`stages/shape/protect.ts`), or `none`; absent where nobody has looked. */
  tag?: string;
}

/** A table or view of a database: the one definition from which every engine's form of it is made. */
export interface Dataset {
  name: string;
  /** Where it is not in the schema of its database: a database of several zones has a schema for each. */
  schema?: string;
  kind: 'table' | 'view';
  description: string;
  columns: readonly DatasetColumn[];
  /** The prefix of a table's objects. */
  location?: string;
  /** True where every object below its location is of the table, whatever is written: an engine may read the folder. */
  isFolder?: boolean;
  /** The columns by whose values a table's objects are laid out, in order; all are among `columns` and in the objects. */
  partitionBy?: readonly string[];
  /** The columns that tell two rows apart. */
  key?: readonly string[];
  /** Of the warehouse: rows of one value of it live together on Redshift (DISTKEY). */
  distKey?: string;
  /** Of the warehouse: the column in whose order rows are kept on Redshift (SORTKEY). */
  sortKey?: string;
  /** What it is made of: ids of datasets of the same pipeline, or `source:NAME` for what comes from outside. */
  from?: readonly string[];
  /** A view's SELECT over the tables of its database, in the SQL that all engines share. */
  sql?: string;
}

/** An object that belongs to a table. */
export interface TableObject {
  key: string;
  sha256: string;
  rows: number;
  sizeBytes?: number;
  /** What it is filed under, `ingestion_date=2026-01-31`, where the folders of its key do not say. */
  partition?: string;
}

/** What a dataset is told apart by within its database: its name, with its schema before a dot where it has one. */
export function datasetId({ schema, name }: Pick<Dataset, 'schema' | 'name'>): string {
  return schema === undefined ? name : `${schema}.${name}`;
}
