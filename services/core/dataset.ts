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
    | `DECIMAL(${number},${number})`;
  description: string;
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
}

/** An object that belongs to a table. */
export interface TableObject {
  key: string;
  sha256: string;
  rows: number;
  sizeBytes?: number;
}

/** What a dataset is told apart by within its database: its name, with its schema before a dot where it has one. */
export function datasetId({ schema, name }: Pick<Dataset, 'schema' | 'name'>): string {
  return schema === undefined ? name : `${schema}.${name}`;
}
