import type { TextResult } from './cell.ts';

/** How a statement ended: PostgreSQL's word for it, such as `COMMIT`, and how many rows it touched. */
export interface StatementEnd {
  command: string;
  rowCount: number;
}

/**
 * One connection to a server of PostgreSQL's kind; the little in which the embedded one and a real one differ. What it
 * throws is the vendor's error, translated by `sql-warehouse.ts`.
 */
export interface SqlSession {
  /** Runs any number of statements; tells of the last. */
  exec(sql: string): Promise<StatementEnd>;
  /** Runs one statement (several are an error), with values as text. */
  query(sql: string, values: readonly (string | null)[]): Promise<TextResult & StatementEnd>;
  /** Runs `COPY … FROM STDIN`, given up to `FROM`, with this text; returns how many rows it took. */
  copyIn(copy: string, csv: AsyncIterable<Uint8Array>): Promise<number>;
  /** Stops the statement that runs, if the server can; it then fails. Never throws. */
  cancel(): void;
}

/** A session lent to one piece of work. */
export interface Lease {
  session: SqlSession;
  /** Gives it back; one that is not to be used again is closed. */
  release(isBroken: boolean): void;
}
