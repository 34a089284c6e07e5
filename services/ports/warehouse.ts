import type { Cell, QueryResult } from './query-engine.ts';
import type { CallOptions } from './object-store.ts';

/** Which of its statements a warehouse spells differently. */
export type WarehouseDialect = 'postgres' | 'redshift';

/** Statements inside one transaction. Values are bound to `$1`, `$2` …; exact numbers go in and come out as text. */
export interface WarehouseTransaction {
  /**
   * Runs one statement with values, or any number without; returns how many rows the last one touched. A value goes in
   * as text and takes the type of the place where it stands; `$1::text` says another.
   */
  run(sql: string, values?: readonly Cell[]): Promise<number>;
  /** Runs one statement and returns its rows; `too-large` above 1,000,000. */
  query(sql: string, values?: readonly Cell[]): Promise<QueryResult>;
  /**
   * Copies rows into a table, as many as returned. `csv` is UTF-8 text in PostgreSQL's CSV form without header: an
   * unquoted empty field is NULL, a quoted one is an empty text. A row that the table refuses throws `input-invalid`
   * with its number, and the transaction is over.
   */
  copyIn(
    target: { table: string; columns: readonly string[] },
    csv: AsyncIterable<Uint8Array>,
  ): Promise<number>;
}

/**
 * A relational warehouse: PostgreSQL embedded or real, or a server that speaks its wire.
 *
 * Every method may throw `unavailable` (no connection, server shutting down, connection lost), `denied` (password,
 * permission), `conflict` (deadlock, serialization, lock timeout), `too-large` (disk full, out of memory), and
 * `config-invalid` (no such database). A statement that fails for what it says throws `input-invalid` in `select`,
 * whose SQL is a reader's; elsewhere, where it is ours, a constraint that data breaks throws `input-invalid` and
 * anything else `bug`. Table names in SQL are given by us and quoted by `core/column.ts`.
 */
export interface Warehouse {
  readonly dialect: WarehouseDialect;
  /** For messages and lineage, without password: `postgres://host:5432/etl_db`, `pglite:///path`. */
  readonly url: string;
  /**
   * Does the work in one transaction and commits it. When the work throws, everything is rolled back and its error
   * passed on. Work that goes on after a failed statement, without going back to a savepoint, is rolled back too
   * (`bug`). `interrupted` when the signal is aborted before COMMIT; `commit-unknown` when COMMIT was sent and no answer
   * came: read what it would have written before anything else. One transaction of a process at a time where the
   * warehouse is embedded; others wait.
   */
  transaction<T>(work: (tx: WarehouseTransaction) => Promise<T>, options?: CallOptions): Promise<T>;
  /**
   * One SELECT of ours on its own. Where the warehouse is embedded, asking it from within the work of a transaction of
   * its own is a `bug`: ask the transaction.
   */
  query(sql: string, values?: readonly Cell[], options?: CallOptions): Promise<QueryResult>;
  /** One SELECT of a reader's: in a read-only transaction, `denied` for anything else; `too-large` above `rowsMax`. */
  select(sql: string, rowsMax?: number, options?: CallOptions): Promise<QueryResult>;
  /**
   * The rows of one SELECT in batches, by a cursor, so that a result of any size takes constant memory. Every cell is
   * text as the server prints it, or null. The columns come with the first batch, which is there even when empty.
   * Leaving the loop ends it. Where the warehouse is embedded, everything else waits until then.
   */
  read(
    sql: string,
    request: { batchRows: number; values?: readonly Cell[]; signal?: AbortSignal | undefined },
  ): AsyncIterable<WarehouseBatch>;
  /** Closes what is open. Twice equals once; whatever is asked after it throws `bug`. */
  close(): Promise<void>;
}

export interface WarehouseBatch {
  columns: readonly string[];
  rows: readonly (readonly (string | null)[])[];
}
