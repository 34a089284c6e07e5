import type { QueryResult } from './query-engine.ts';

/** What is asked, and how much it may take. */
export interface QueryRequest {
  /** One SELECT statement. */
  sql: string;
  /** The schema that names without one are looked up in. */
  database: string;
  /** `too-large` above so many rows. Default 1,000,000. */
  rowsMax?: number | undefined;
  /** `too-large` when the answer costs the reading of more bytes; null for no limit. */
  scanBytesMax?: number | null | undefined;
  /**
   * How old an answer of the service's own may be that it gives again without reading anything; 0 or absent: none. A
   * service without such a store of answers passes it over.
   */
  reuseMsMax?: number | undefined;
  /** Tells one asking from another: the same text from tries of one asking, and from nothing else. */
  token: string;
  signal: AbortSignal;
}

/** An answer, and what it took. */
export interface QueryAnswer extends QueryResult {
  /** Bytes read for it; null where the service does not say. */
  scannedBytes: number | null;
  /** The service's own time, the fetching of rows left out. */
  durationMs: number;
  /** True when the service gave an older answer of its own again. */
  isReused: boolean;
  /** What the service's own history knows the query as; null where it keeps none. */
  executionId: string | null;
}

/**
 * Answers SQL, in process or far away. Cells and types are those of `QueryEngine` whatever the service. A query that
 * has not succeeded never gives rows. `input-invalid` for SQL that does not hold, with the line where the service
 * tells it; `too-large` above a limit; `denied`, `throttled`, `unavailable`; `interrupted` once the signal is aborted,
 * after which the service is not left working.
 */
export interface QueryService {
  /** `duckdb`, `athena`: for records and messages. */
  readonly name: string;
  ask(request: QueryRequest): Promise<QueryAnswer>;
}
