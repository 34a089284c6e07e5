import { PipelineError } from '../../core/error.ts';
import type { Cell, QueryResult } from '../../ports/query-engine.ts';
import type { Warehouse, WarehouseDialect } from '../../ports/warehouse.ts';
import { plainResult, textOf } from './cell.ts';
import { readBatches } from './sql-cursor.ts';
import { translateSql } from './sql-error.ts';
import { selectOnly } from './sql-select.ts';
import { type Lease, type SqlSession, translatedSession } from './sql-session.ts';
import { inTransaction } from './sql-transaction.ts';

const QUERY_ROWS_MAX = 1_000_000;

export interface SqlWarehouseOptions {
  dialect: WarehouseDialect;
  /** Without user and password. */
  url: string;
  /** Lends a session of nobody else's; waits until one is free. */
  lease: (signal: AbortSignal | undefined) => Promise<Lease>;
  /** Goes around the work of a transaction, where an adapter must know what is asked from within one. */
  enclose?: <T>(work: () => Promise<T>) => Promise<T>;
  close: () => Promise<void>;
}

/** The warehouse port over sessions of a server of PostgreSQL's kind. */
export function sqlWarehouse(options: SqlWarehouseOptions): Warehouse {
  const { dialect, url, enclose = (work) => work() } = options;
  let closing: Promise<void> | null = null;
  const borrow = (how: BorrowOptions): Promise<Borrowed> => {
    if (closing === null) return borrowSession(options, how);
    return Promise.reject(new PipelineError('bug', `${url}: used after it was closed`));
  };

  async function using<T>(how: BorrowOptions, work: (one: Borrowed) => Promise<T>): Promise<T> {
    const one = await borrow(how);
    try {
      return await work(one);
    } finally {
      one.giveBack();
    }
  }

  return {
    dialect,
    url,
    transaction: (work, { signal } = {}) =>
      using({ signal }, ({ session, translate }) =>
        inTransaction(session, { work: (tx) => enclose(() => work(tx)), translate, signal, url }),
      ),
    query: (sql, values = [], { signal } = {}) =>
      using({ signal }, ({ session }) => queryRows(session, sql, values)),
    // A reader's statement may leave something in its session, so that one is not used again.
    select: (sql, rowsMax = QUERY_ROWS_MAX, { signal } = {}) =>
      using({ signal, fault: 'input-invalid', isSpent: true }, ({ session }) =>
        selectOnly(session, sql, rowsMax),
      ),
    read: async function* read(sql, { batchRows, values = [], signal }) {
      const one = await borrow({ signal });
      try {
        yield* readBatches(one.session, { sql, batchRows, values: values.map(textOf) });
      } finally {
        one.giveBack();
      }
    },
    close: () => (closing ??= options.close()),
  };
}

interface BorrowOptions {
  signal: AbortSignal | undefined;
  fault?: 'input-invalid' | 'bug';
  /** True when the session is not to be used again, whatever happens. */
  isSpent?: boolean;
}

interface Borrowed {
  /** Its errors are translated. */
  session: SqlSession;
  translate: (thrown: unknown) => PipelineError;
  giveBack: () => void;
}

/** A session, stopped by the signal, whose errors are translated; one that failed in transport is not used again. */
async function borrowSession(
  { url, lease: lend }: SqlWarehouseOptions,
  { signal, fault = 'bug', isSpent = false }: BorrowOptions,
): Promise<Borrowed> {
  const isAborted = (): boolean => signal?.aborted === true;
  let isBroken = isSpent;
  const translate = (thrown: unknown): PipelineError => {
    const error = translateSql(thrown, { url, fault, isAborted: isAborted() });
    isBroken ||= error.kind === 'unavailable';
    return error;
  };
  let lease: Lease;
  try {
    signal?.throwIfAborted();
    lease = await lend(signal);
  } catch (thrown) {
    throw translate(thrown);
  }
  const stop = (): void => lease.session.cancel();
  signal?.addEventListener('abort', stop, { once: true });
  return {
    session: translatedSession(lease.session, translate),
    translate,
    giveBack: () => {
      signal?.removeEventListener('abort', stop);
      // What was sent to stop a statement may arrive late, and must not hit another's.
      lease.release(isBroken || isAborted());
    },
  };
}

async function queryRows(
  session: SqlSession,
  sql: string,
  values: readonly Cell[],
): Promise<QueryResult> {
  return plainResult(await session.query(sql, values.map(textOf)), QUERY_ROWS_MAX);
}
