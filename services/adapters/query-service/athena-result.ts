import type { ColumnInfo, QueryExecution, ResultSet } from '@aws-sdk/client-athena';
import { PipelineError } from '../../core/error.ts';
import type { OpenBucket } from '../../ports/object-store.ts';
import type { Cell, QueryResult } from '../../ports/query-engine.ts';
import type { AthenaCaller } from './athena-client.ts';
import { csvRows } from './athena-csv.ts';
import { type AthenaValue, cellReader, columnsOf } from './athena-rows.ts';

/** As many rows as one reply may have. */
const PAGE_ROWS = 1_000;

/** What reading the rows of a finished query needs. */
export interface ResultRequest {
  caller: AthenaCaller;
  /** Opens the bucket in which results are kept. */
  openBucket: OpenBucket;
  execution: QueryExecution;
  rowsMax: number;
  signal: AbortSignal | undefined;
}

/**
 * The rows of a query that has succeeded: from the reply where one holds them all, else from the object that Athena
 * has written, which is many times faster than page by page; page by page where that object may not be read, or where
 * Athena keeps results itself. `too-large` above `rowsMax`.
 */
export async function readResult(request: ResultRequest): Promise<QueryResult> {
  const first = await readPage(request, undefined);
  const infos = first.set.ResultSetMetadata?.ColumnInfo ?? [];
  const columns = columnsOf(infos);
  const rows = rowTaker(request.rowsMax, cellReader(columns));
  const values = valuesOf(first.set);
  // Only what SELECT answers begins with the names of its columns.
  const head = isHead(values[0], infos) ? 1 : 0;
  if (first.next === undefined) {
    for (const row of values.slice(head)) rows.take(row);
  } else if (!(await takeObject(request, columns.length, rows))) {
    for (const row of values.slice(head)) rows.take(row);
    for (let token: string | undefined = first.next; token !== undefined;) {
      const page = await readPage(request, token);
      for (const row of valuesOf(page.set)) rows.take(row);
      token = page.next;
    }
  }
  return { columns, rows: rows.all };
}

interface RowTaker {
  all: Cell[][];
  take(row: readonly AthenaValue[]): void;
  /** Begins again with no rows. */
  clear(): void;
}

function rowTaker(rowsMax: number, cells: (row: readonly AthenaValue[]) => Cell[]): RowTaker {
  const all: Cell[][] = [];
  return {
    all,
    take(row) {
      if (all.length >= rowsMax) {
        throw new PipelineError('too-large', `query returns more than ${rowsMax} rows`, {
          hint: 'add LIMIT, aggregate, or filter further',
        });
      }
      all.push(cells(row));
    },
    clear: () => void all.splice(0),
  };
}

async function readPage(
  { caller, execution, signal }: ResultRequest,
  token: string | undefined,
): Promise<{ set: ResultSet; next: string | undefined }> {
  const input = {
    QueryExecutionId: execution.QueryExecutionId ?? '',
    MaxResults: PAGE_ROWS,
    ...(token === undefined ? {} : { NextToken: token }),
  };
  const call = { name: 'GetQueryResults', signal };
  const page = await caller.call(call, (athena, client, options) =>
    client.send(new athena.GetQueryResultsCommand(input), options),
  );
  return { set: page.ResultSet ?? {}, next: page.NextToken };
}

function valuesOf({ Rows: rows = [] }: ResultSet): AthenaValue[][] {
  return rows.map(({ Data: data = [] }) => data.map(({ VarCharValue: text }) => text ?? null));
}

function isHead(row: readonly AthenaValue[] | undefined, infos: readonly ColumnInfo[]): boolean {
  return row !== undefined && infos.every((info, at) => row[at] === (info.Label ?? info.Name));
}

/** Takes all rows of the object that Athena has written; false when it may not or cannot be read there. */
async function takeObject(
  { openBucket, execution, signal }: ResultRequest,
  columnCount: number,
  rows: RowTaker,
): Promise<boolean> {
  const place = /^s3:\/\/([^/]+)\/(.+\.csv)$/.exec(
    execution.ResultConfiguration?.OutputLocation ?? '',
  );
  if (place === null) return false;
  const [, bucket = '', key = ''] = place;
  try {
    const chunks = await openBucket(bucket).open(key, { signal });
    for await (const row of csvRows(chunks, columnCount)) rows.take(row);
    return true;
  } catch (error) {
    const isElsewhere =
      error instanceof PipelineError &&
      ['denied', 'not-found', 'config-invalid'].includes(error.kind);
    if (!isElsewhere) throw error;
    // Who may ask Athena need not have the right to read its bucket: Athena itself gives the rows then.
    rows.clear();
    return false;
  }
}
