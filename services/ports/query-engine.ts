/** A value as the engine returns it: exact integers and decimals beyond 2^53 come as text, dates as ISO text. */
export type Cell = string | number | boolean | null;

export interface Column {
  name: string;
  /** The engine's own type name, upper case: `VARCHAR`, `DOUBLE`, `DATE`, `BIGINT`. */
  type: string;
}

export interface QueryResult {
  columns: Column[];
  rows: Cell[][];
}

/** The columns of one batch of rows, for `append`. All arrays have the same length. */
export interface ColumnData {
  type: 'VARCHAR' | 'DOUBLE' | 'INTEGER';
  values: readonly (string | null)[] | readonly (number | null)[];
}

/** A table as a SELECT names it; names mean the same in any case of letters. */
export interface NamedTable {
  name: string;
  /** '' where the SELECT gives none; null where it cannot be told which one is meant. */
  schema: string | null;
}

/**
 * SQL in process. The engine is shut: it reads and writes only below the folders it was opened with, loads no
 * extension, and its configuration is locked. A statement that fails for what it says throws
 * `input-invalid` in `select`, whose SQL is a reader's, and `bug` elsewhere, where it is ours; one that reaches outside
 * throws `denied`.
 */
export interface QueryEngine {
  /**
   * Runs statements for their effect; returns how many rows the last one inserted, changed or copied out. A `USE` on
   * its own holds for all that is asked after it.
   */
  run(sql: string): Promise<number>;
  /**
   * Runs one statement and returns all its rows; `too-large` above `rowsMax` (default 1,000,000). `$1`, `$2` … are
   * bound to `values`.
   */
  query(sql: string, values?: readonly Cell[], rowsMax?: number): Promise<QueryResult>;
  /** As `query`, but refuses (`denied`) everything that is not a single SELECT, so a reader's SQL can change nothing. */
  select(sql: string, rowsMax?: number): Promise<QueryResult>;
  /**
   * The tables that a SELECT names, as written, each once; none when it is no SELECT. Where a function is given a name
   * as a text, all names in it.
   */
  namedTables(sql: string): Promise<readonly NamedTable[]>;
  /** Appends batches of rows to a table; all batches have the same columns. */
  append(table: string, ...batches: readonly (readonly ColumnData[])[]): Promise<void>;
  /** Waits for what was asked before. Twice equals once; whatever is asked after it throws `bug`. */
  close(): Promise<void>;
}
