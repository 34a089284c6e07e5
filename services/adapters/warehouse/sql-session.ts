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

/** The session with the vendor's errors translated. What the source of a copy throws is not the server's, and stays. */
export function translatedSession(
  session: SqlSession,
  translate: (thrown: unknown) => Error,
): SqlSession {
  const told = async <T>(asked: Promise<T>): Promise<T> => {
    try {
      return await asked;
    } catch (thrown) {
      throw translate(thrown);
    }
  };
  return {
    exec: (sql) => told(session.exec(sql)),
    query: (sql, values) => told(session.query(sql, values)),
    copyIn: async (copy, csv) => {
      const source = watched(csv);
      try {
        return await session.copyIn(copy, source.rows);
      } catch (thrown) {
        throw source.failure() ?? translate(thrown);
      }
    },
    cancel: () => session.cancel(),
  };
}

/** The same pieces, and the error that they ended with. */
function watched(csv: AsyncIterable<Uint8Array>) {
  let failure: Error | null = null;
  const rows = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* csv;
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  };
  return { rows: rows(), failure: (): Error | null => failure };
}
