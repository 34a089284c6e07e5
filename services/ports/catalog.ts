import type { CallOptions } from './object-store.ts';

/**
 * A catalogue of databases, tables, views and partitions that another engine reads: what is defined in it can be asked
 * for there. Errors are those of `QueryService`.
 */
export interface Catalog {
  /** For messages and records: `athena AwsDataCatalog`. */
  readonly name: string;
  /**
   * Runs one statement that defines something, to its end. Such statements may be run again (`IF NOT EXISTS`,
   * `OR REPLACE`), and then change nothing.
   */
  define(statement: string, options?: CallOptions): Promise<void>;
}
