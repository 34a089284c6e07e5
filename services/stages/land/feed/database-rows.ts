import { PipelineError } from '../../../core/error.ts';
import { sha256 } from '../../../core/manifest.ts';
import type { Warehouse } from '../../../ports/warehouse.ts';
import type { Feed, FeedRequest, RowBatch } from './feed.ts';

/** Rows fetched at once by the cursor. */
const BATCH_ROWS = 5_000;

/** What `$1` of the query is bound to when all rows are wanted: before every moment, also as text. */
const BEGINNING = '-infinity';

/**
 * The rows of one SELECT, by a cursor. `$1` in it stands for the moment since which rows are wanted; a query without
 * it gives all rows every time, and `config-invalid` when only newer ones are asked for.
 */
export function databaseFeed(
  database: Warehouse,
  request: Pick<FeedRequest, 'dataset' | 'sql' | 'since'>,
  signal: AbortSignal,
): Feed {
  const { dataset, sql } = request;
  if (sql.trim() === '') {
    throw new PipelineError('config-invalid', `postgres: needs a query for ${dataset}`, {
      hint: `give -p ${dataset}-query="SELECT … FROM …"`,
    });
  }
  const address = `${database.url}#${dataset}-${sha256(sql).slice(0, 16)}`;
  return {
    address,
    etag: null,
    content: { kind: 'rows', open: () => rowsOf(database, { ...request, address }, signal) },
    verify: async () => undefined,
  };
}

async function* rowsOf(
  database: Warehouse,
  {
    dataset,
    sql,
    since,
    address,
  }: Pick<FeedRequest, 'dataset' | 'sql' | 'since'> & { address: string },
  signal: AbortSignal,
): AsyncGenerator<RowBatch> {
  const isBound = /\$1(?!\d)/.test(sql);
  const from = await since(address);
  if (from !== null && !isBound) {
    throw new PipelineError('config-invalid', `${dataset}-query asks for all rows every time`, {
      hint: 'add WHERE transaction_date >= $1 to the query, or leave increment out',
    });
  }
  const values = isBound ? [from ?? BEGINNING] : [];
  try {
    for await (const batch of database.read(sql, { batchRows: BATCH_ROWS, values, signal })) {
      yield { ...batch, total: null };
    }
  } catch (error) {
    throw ofReader(error, dataset);
  }
}

/**
 * The port takes its SQL for ours and its server for the warehouse. This SQL is an operator's, so what is wrong with it
 * is no bug, and the server is named by a setting of its own.
 */
function ofReader(error: unknown, dataset: string): unknown {
  if (!(error instanceof PipelineError) || error.kind === 'interrupted') return error;
  const { message, kind } = error;
  if (kind === 'bug' || kind === 'input-invalid') {
    const own = kind === 'bug' ? 'config-invalid' : kind;
    return new PipelineError(own, `${dataset}-query fails: ${message}`, {
      hint: 'try the query in psql; $1 is the moment since which rows are wanted',
      cause: error,
    });
  }
  return new PipelineError(kind, `${dataset} from postgres: ${message}`, {
    hint: 'see that the server of ARGOSY_SOURCE_DATABASE runs, and that its user may read the tables',
    cause: error,
  });
}
