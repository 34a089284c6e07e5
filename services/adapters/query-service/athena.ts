import type { StartQueryExecutionInput } from '@aws-sdk/client-athena';
import { createHash } from 'node:crypto';
import { PipelineError } from '../../core/error.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { OpenBucket } from '../../ports/object-store.ts';
import type { QueryAnswer, QueryRequest, QueryService } from '../../ports/query-service.ts';
import { athenaCaller, type AthenaConnection } from './athena-client.ts';
import { execute } from './athena-execution.ts';
import { readResult } from './athena-result.ts';

const QUERY_ROWS_MAX = 1_000_000;
/** Athena's own limit for the text of a query. */
const SQL_BYTES_MAX = 262_144;
/** Requirements 3.13. */
const TIMEOUT_MS = 300_000;

export interface AthenaOptions extends AthenaConnection {
  workgroup: string;
  /** The name of the catalogue: `AwsDataCatalog` for Glue. */
  catalog: string;
  /** `s3://bucket/prefix/` for results; absent where the workgroup says it. */
  output?: string | undefined;
  /** How long one query may take, its queue included. Default 300 s. */
  timeoutMs?: number | undefined;
  /** Opens a bucket of S3 by name, to read results there. */
  openBucket: OpenBucket;
}

/**
 * Amazon Athena: SQL over the objects in S3, by the tables of a catalogue. The SDK is loaded, and a connection made, by
 * the first call.
 */
export function athena(options: AthenaOptions): QueryService & Catalog {
  const caller = athenaCaller(options);
  const { clock, timeoutMs = TIMEOUT_MS, openBucket } = options;

  return {
    name: 'athena',
    async ask(request: QueryRequest): Promise<QueryAnswer> {
      const { sql, scanBytesMax = null, signal, rowsMax = QUERY_ROWS_MAX } = request;
      const start = {
        ...startOf(options, sql, `${request.token}\0${request.database}`),
        QueryExecutionContext: { Catalog: options.catalog, Database: request.database },
        ...reuseOf(request),
      };
      const execution = await execute(caller, clock, { start, timeoutMs, scanBytesMax, signal });
      const { Statistics: statistics } = execution;
      const result = await readResult({ caller, openBucket, execution, rowsMax, signal });
      return {
        ...result,
        scannedBytes: statistics?.DataScannedInBytes ?? null,
        durationMs: statistics?.TotalExecutionTimeInMillis ?? 0,
        isReused: statistics?.ResultReuseInformation?.ReusedPreviousResult ?? false,
        executionId: execution.QueryExecutionId ?? null,
      };
    },
    async define(statement, callOptions = {}) {
      const { signal } = callOptions;
      const token = `define ${clock.now().toISOString()}`;
      const start = {
        ...startOf(options, statement, token),
        QueryExecutionContext: { Catalog: options.catalog },
      };
      await execute(caller, clock, { start, timeoutMs, scanBytesMax: null, signal });
    },
  };
}

/**
 * Athena answers a second start with the same token by the first query, however long ago and however it ended, so the
 * token must be that of one asking: tries of it start one query, and the next asking starts its own.
 */
function startOf(
  { workgroup, output }: AthenaOptions,
  sql: string,
  token: string,
): StartQueryExecutionInput {
  const sizeBytes = Buffer.byteLength(sql);
  if (sizeBytes > SQL_BYTES_MAX) {
    const message = `query has ${sizeBytes} bytes, more than the ${SQL_BYTES_MAX} that Athena takes`;
    throw new PipelineError('too-large', message, { hint: 'shorten it: a list may be a table' });
  }
  const content = [workgroup, output ?? '', sql, token].join('\0');
  return {
    QueryString: sql,
    WorkGroup: workgroup,
    ClientRequestToken: createHash('sha256').update(content).digest('hex'),
    ...(output === undefined ? {} : { ResultConfiguration: { OutputLocation: output } }),
  };
}

function reuseOf({ reuseMsMax = 0 }: QueryRequest): Partial<StartQueryExecutionInput> {
  const minutes = Math.floor(reuseMsMax / 60_000);
  if (minutes < 1) return {};
  return {
    ResultReuseConfiguration: {
      ResultReuseByAgeConfiguration: { Enabled: true, MaxAgeInMinutes: minutes },
    },
  };
}
