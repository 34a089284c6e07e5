import { quoteIdentifier, quoteTable } from '../../core/column.ts';
import { PipelineError } from '../../core/error.ts';
import type { WarehouseTransaction } from '../../ports/warehouse.ts';
import { plainResult, textOf } from './cell.ts';
import { faultOf, isCommitUnknown } from './sql-error.ts';
import type { SqlSession } from './sql-session.ts';

export interface TransactionRequest<T> {
  work: (tx: WarehouseTransaction) => Promise<T>;
  translate: (thrown: unknown) => PipelineError;
  signal: AbortSignal | undefined;
  /** Without user and password. */
  url: string;
}

const QUERY_ROWS_MAX = 1_000_000;

/** Does the work between BEGIN and COMMIT; rolls back and passes on what it throws. */
export async function inTransaction<T>(
  session: SqlSession,
  request: TransactionRequest<T>,
): Promise<T> {
  const { signal, translate, url } = request;
  const open = openTransaction(session, request);
  await session.exec('BEGIN');
  let answer: T;
  try {
    answer = await request.work(open.tx);
    signal?.throwIfAborted();
  } catch (thrown) {
    // A session that cannot even roll back has lost its transaction by itself; what went wrong before is what is told.
    await session.exec('ROLLBACK').catch(() => undefined);
    const isOurs = thrown instanceof PipelineError || signal?.aborted !== true;
    throw isOurs ? thrown : translate(thrown);
  } finally {
    open.end();
  }
  await commit(session, url);
  return answer;
}

async function commit(session: SqlSession, url: string): Promise<void> {
  let command: string;
  try {
    ({ command } = await session.exec('COMMIT'));
  } catch (thrown) {
    if (!isCommitUnknown(thrown)) throw thrown;
    throw new PipelineError(
      'commit-unknown',
      `${url}: no answer to COMMIT: ${faultOf(thrown).message}`,
      {
        hint: 'read what it would have written before it is written again',
        cause: thrown,
      },
    );
  }
  if (command === 'COMMIT') return;
  throw new PipelineError('bug', `${url}: a statement failed and the work went on; rolled back`);
}

function openTransaction<T>(
  session: SqlSession,
  { translate, signal, url }: TransactionRequest<T>,
): { tx: WarehouseTransaction; end(): void } {
  let isOver = false;
  const asked = <R>(ask: () => Promise<R>): Promise<R> => {
    if (isOver) {
      return Promise.reject(
        new PipelineError('bug', `${url}: a transaction was used after its end`),
      );
    }
    return signal?.aborted === true ? Promise.reject(translate(signal.reason)) : ask();
  };
  const tx: WarehouseTransaction = {
    run: (sql, values = []) =>
      asked(async () => {
        const ran = values.length > 0 ? session.query(sql, values.map(textOf)) : session.exec(sql);
        return (await ran).rowCount;
      }),
    query: (sql, values = []) =>
      asked(async () => plainResult(await session.query(sql, values.map(textOf)), QUERY_ROWS_MAX)),
    copyIn: ({ table, columns }, csv) =>
      asked(() => {
        const list = columns.map(quoteIdentifier).join(', ');
        return session.copyIn(`COPY ${quoteTable(table)} (${list})`, csv);
      }),
  };
  return {
    tx,
    end: () => {
      isOver = true;
    },
  };
}
