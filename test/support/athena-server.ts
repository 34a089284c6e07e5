import type { IncomingMessage } from 'node:http';
import { serveHandler } from './http-server.ts';

/** A request of Athena's API: its action, and its parsed body. */
export interface AthenaRequest {
  action: string;
  body: Record<string, unknown>;
}

/** A reply of Athena's API: what a query is at a moment, as recorded replies spell it. */
export interface AthenaState {
  State: 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';
  StateChangeReason?: string;
  AthenaError?: Record<string, unknown>;
  scannedBytes?: number;
  isReused?: boolean;
}

export interface AthenaColumn {
  Name: string;
  Type: string;
  Precision?: number;
  Scale?: number;
}

/** How one query goes: the states that are told one after another (the last one for ever), and its rows. */
export interface AthenaScript {
  states: readonly AthenaState[];
  columns?: readonly AthenaColumn[];
  rows?: readonly (readonly (string | null)[])[];
  /** Rows a reply; 1,000 as Athena has it. */
  pageRows?: number;
  /** Where the result is said to be. */
  outputLocation?: string;
  /** DDL has no head. */
  hasHead?: boolean;
}

export interface AthenaServer extends AsyncDisposable {
  url: string;
  requests: AthenaRequest[];
  /** The actions in order, `StartQueryExecution` and so on. */
  actions(): string[];
  /** The ids of queries that were told to stop. */
  stopped: string[];
  /** Faults that are answered first, one a request of the action: HTTP status, type and message; `drop` hangs up. */
  faults: { action: string; status: number; type: string; message: string; drop?: boolean }[];
}

interface Query {
  script: AthenaScript;
  asked: number;
  sql: string;
}

/** What is told of a query while it is not known yet how it goes. */
const UNKNOWN: AthenaScript = { states: [{ State: 'RUNNING' }] };

export const DONE: AthenaState = { State: 'SUCCEEDED', scannedBytes: 1_048_576 };

/** Athena's JSON protocol on loopback; `plan` says how the query of a SQL text goes. */
export async function athenaServer(
  plan: (sql: string, database: string | undefined) => AthenaScript | Promise<AthenaScript>,
): Promise<AthenaServer> {
  const requests: AthenaRequest[] = [];
  const stopped: string[] = [];
  const faults: AthenaServer['faults'] = [];
  const queries = new Map<string, Query>();
  const byToken = new Map<string, string>();

  const start = (body: Record<string, unknown>): unknown => {
    const token = textOf(body['ClientRequestToken']);
    const known = byToken.get(token);
    if (known !== undefined) return { QueryExecutionId: known };
    const id = `00000000-0000-4000-8000-${String(queries.size + 1).padStart(12, '0')}`;
    const sql = textOf(body['QueryString']);
    const context = body['QueryExecutionContext'] as { Database?: string } | undefined;
    byToken.set(token, id);
    const query: Query = { script: UNKNOWN, asked: 0, sql };
    queries.set(id, query);
    // As Athena does, it says at once what the query is called, and how it goes when that is known.
    const planned = plan(sql, context?.Database);
    if (planned instanceof Promise) void planned.then((script) => (query.script = script));
    else query.script = planned;
    return { QueryExecutionId: id };
  };

  const look = (id: string): unknown => {
    const query = queries.get(id);
    if (query === undefined) throw new Error(`no query ${id}`);
    const { script, sql } = query;
    const state = script.states[Math.min(query.asked, script.states.length - 1)];
    if (script !== UNKNOWN) query.asked += 1;
    const { scannedBytes, isReused = false, ...status } = state ?? DONE;
    return {
      QueryExecution: {
        QueryExecutionId: id,
        Query: sql,
        StatementType: 'DML',
        Status: { ...status, SubmissionDateTime: 1_767_225_600.123 },
        Statistics: {
          DataScannedInBytes: scannedBytes ?? 0,
          TotalExecutionTimeInMillis: 321,
          ResultReuseInformation: { ReusedPreviousResult: isReused },
        },
        ResultConfiguration: { OutputLocation: script.outputLocation ?? `s3://nowhere/${id}.txt` },
        WorkGroup: 'primary',
      },
    };
  };

  const results = (id: string, token: string | undefined): unknown => {
    const { columns = [], rows = [], pageRows = 1_000, hasHead = true } = queries.get(id)!.script;
    const head = hasHead ? [columns.map(({ Name }) => Name)] : [];
    const all = [...head, ...rows];
    const from = Number(token ?? 0);
    const page = all.slice(from, from + pageRows);
    return {
      ...(from + pageRows < all.length ? { NextToken: String(from + pageRows) } : {}),
      UpdateCount: 0,
      ResultSet: {
        Rows: page.map((row) => ({
          Data: row.map((text) => (text === null ? {} : { VarCharValue: text })),
        })),
        ResultSetMetadata: {
          ColumnInfo: columns.map((column) => ({
            CatalogName: 'hive',
            SchemaName: '',
            TableName: '',
            Label: column.Name,
            Precision: 0,
            Scale: 0,
            Nullable: 'UNKNOWN',
            CaseSensitive: false,
            ...column,
          })),
        },
      },
    };
  };

  const answer = async ({ action, body }: AthenaRequest): Promise<unknown> => {
    const id = textOf(body['QueryExecutionId']);
    if (action === 'StartQueryExecution') return start(body);
    if (action === 'GetQueryExecution') return look(id);
    if (action === 'GetQueryResults') {
      return results(id, body['NextToken'] as string | undefined);
    }
    stopped.push(id);
    return {};
  };

  const server = await serveHandler(async (request, response) => {
    const action = String(request.headers['x-amz-target']).replace('AmazonAthena.', '');
    const body = JSON.parse(await bodyOf(request)) as Record<string, unknown>;
    requests.push({ action, body });
    const at = faults.findIndex((fault) => fault.action === action);
    const [fault] = at < 0 ? [] : faults.splice(at, 1);
    if (fault?.drop === true) {
      // The work is done, and the reply is lost.
      await answer({ action, body });
      response.destroy();
      return;
    }
    const [status, said] = fault
      ? [fault.status, { __type: fault.type, Message: fault.message }]
      : [200, await answer({ action, body })];
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(said));
  });
  return {
    url: server.url,
    requests,
    actions: () => requests.map(({ action }) => action),
    stopped,
    faults,
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** A result as Athena writes it to S3. */
export function athenaCsv(
  columns: readonly AthenaColumn[],
  rows: readonly (readonly (string | null)[])[],
): string {
  const line = (row: readonly (string | null)[]): string =>
    `${row.map((text) => (text === null ? '' : `"${text.replaceAll('"', '""')}"`)).join(',')}\n`;
  return [columns.map(({ Name }) => Name), ...rows].map(line).join('');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
