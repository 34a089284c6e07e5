import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DuckDBConnection, DuckDBResultReader, DuckDBVector } from '@duckdb/node-api';
import { quoteText } from '../../core/column.ts';
import { PipelineError } from '../../core/error.ts';
import type { ColumnData, QueryEngine, QueryResult } from '../../ports/query-engine.ts';
import { translateDuckdb } from './duckdb-error.ts';
import { duckdbRows } from './duckdb-rows.ts';
import { duckdbTables } from './duckdb-tables.ts';

/** A column vector of DuckDB holds this many values; a data chunk can hold no more. */
const CHUNK_ROWS = 2048;
const QUERY_ROWS_MAX = 1_000_000;

export interface DuckdbOptions {
  /** The engine reads and writes below these folders only. */
  folders: readonly string[];
  /** Where it puts what does not fit into memory, a folder beside all data; made when needed. Without it nowhere. */
  spillFolder?: string;
  memoryBytesMax: number;
  /** Threads of one statement. Statements run beside each other whatever this is. */
  threads: number;
  /** How many statements may run at one time; further calls wait. */
  connections: number;
  signal?: AbortSignal;
}

/**
 * DuckDB in memory, shut as design B6/S8 says: allowed folders, then no external access, then configuration locked.
 * Bytes written do not depend on `threads` or `connections`.
 */
export async function duckdbEngine(options: DuckdbOptions): Promise<QueryEngine> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', { threads: String(options.threads) });
  const pool = await connectionPool(() => instance.connect(), options.connections);
  await pool.use((connection) => shut(connection, options));
  const interrupts = interrupter(pool.all, options.signal);

  return {
    run: async (sql) => {
      if (!/^\s*USE\s/i.test(sql)) {
        return pool.use(async (one) => (await translated(sql, one.run(sql))).rowsChanged);
      }
      await pool.useAll((one) => translated(sql, one.run(sql)));
      return 0;
    },
    query: (sql, values = [], rowsMax = QUERY_ROWS_MAX) =>
      pool.use((connection) =>
        translated(
          sql,
          readRows(connection.streamAndReadUntil(sql, rowsMax + 1, [...values]), rowsMax),
        ),
      ),
    select: (sql, rowsMax = QUERY_ROWS_MAX) =>
      pool.use(async (connection) => {
        await translated(sql, onlySelect(connection, sql), 'input-invalid');
        const answer = readRows(connection.streamAndReadUntil(sql, rowsMax + 1), rowsMax);
        return translated(sql, answer, 'input-invalid');
      }),
    namedTables: (sql) => pool.use((one) => translated(sql, duckdbTables(one, sql))),
    append: (table, ...batches) =>
      pool.use((one) => translated(`append to ${table}`, append(one, table, batches))),
    close: async () => {
      await pool.close((connection) => connection.closeSync());
      interrupts.end();
      instance.closeSync();
    },
  };
}

/** How often an engine that was told to stop is told again. */
const INTERRUPT_MS = 50;

/** Ends statements once the signal is aborted, again and again: a statement that has not begun yet hears nothing. */
function interrupter(all: readonly DuckDBConnection[], signal: AbortSignal | undefined) {
  let timer: NodeJS.Timeout | undefined;
  const interrupt = () => all.forEach((connection) => connection.interrupt());
  const begin = () => {
    interrupt();
    timer ??= setInterval(interrupt, INTERRUPT_MS);
  };
  signal?.addEventListener('abort', begin, { once: true });
  return {
    end: () => {
      signal?.removeEventListener('abort', begin);
      clearInterval(timer);
    },
  };
}

/** The engine's version, which shows that its native package loads on this machine. */
export async function duckdbVersion(): Promise<string> {
  const { version } = await import('@duckdb/node-api');
  return `DuckDB ${version()}`;
}

async function connectionPool(connect: () => Promise<DuckDBConnection>, size: number) {
  const all = await Promise.all(Array.from({ length: size }, connect));
  const free = [...all];
  const waiting: ((connection: DuckDBConnection) => void)[] = [];
  const take = () =>
    new Promise<DuckDBConnection>((resolve) => {
      const connection = free.pop();
      if (connection) resolve(connection);
      else waiting.push(resolve);
    });
  const give = (connection: DuckDBConnection) => {
    const next = waiting.shift();
    if (next) next(connection);
    else free.push(connection);
  };
  const closed = new PipelineError('bug', 'query engine: used after it was closed');
  let isClosed = false;
  return {
    all,
    async use<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
      if (isClosed) throw closed;
      const connection = await take();
      try {
        return await work(connection);
      } finally {
        give(connection);
      }
    },
    /** On every connection, once all that was asked before is done: what a session holds is the same in each. */
    async useAll(work: (connection: DuckDBConnection) => Promise<unknown>): Promise<void> {
      if (isClosed) throw closed;
      const taken = await Promise.all(all.map(take));
      try {
        for (const connection of taken) await work(connection);
      } finally {
        taken.forEach(give);
      }
    },
    /** Waits for what was asked before: a connection closed under a running statement would crash the process. */
    async close(end: (connection: DuckDBConnection) => void): Promise<void> {
      if (isClosed) return;
      isClosed = true;
      (await Promise.all(all.map(take))).forEach(end);
    },
  };
}

async function shut(connection: DuckDBConnection, options: DuckdbOptions): Promise<void> {
  const spillFolder = await spillPlace(options.spillFolder);
  const folders = [...options.folders, ...(spillFolder === '' ? [] : [spillFolder])]
    .map(quoteText)
    .join(', ');
  await connection.run(`SET memory_limit = '${Math.floor(options.memoryBytesMax / 2 ** 20)}MiB'`);
  await connection.run(`SET temp_directory = ${quoteText(spillFolder)}`);
  await connection.run(`SET allowed_directories = [${folders}]`);
  // Files lie on this machine, which keeps them in memory itself: of thousands of small ones a second copy takes all there is.
  await connection.run('SET enable_external_file_cache = false');
  await connection.run('SET autoinstall_known_extensions = false');
  await connection.run('SET autoload_known_extensions = false');
  await connection.run('SET enable_external_access = false');
  await connection.run('SET lock_configuration = true');
}

/** Makes the folders above the spill folder; DuckDB makes that one when it is needed. '' means to spill nowhere. */
async function spillPlace(folder = ''): Promise<string> {
  try {
    if (folder !== '') await mkdir(dirname(folder), { recursive: true });
    return folder;
  } catch {
    // Where nothing can be written, a question that fits into memory is answered all the same.
    return '';
  }
}

/** The first word of a statement behind blanks, comments and brackets. */
const FIRST_WORD = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|\()*([a-z]+)/i;

async function onlySelect(connection: DuckDBConnection, sql: string): Promise<void> {
  const { StatementType } = await import('@duckdb/node-api');
  const statements = await connection.extractStatements(sql);
  const hint = 'give one SELECT, DESCRIBE, SUMMARIZE or EXPLAIN statement';
  if (statements.count !== 1) {
    throw new PipelineError('denied', `query holds ${statements.count} statements, not one`, {
      hint,
    });
  }
  // Preparing an EXPORT already makes its folder, so the first word is looked at before.
  const word = FIRST_WORD.exec(sql)?.[1]?.toUpperCase() ?? '';
  if (word === 'EXPORT') {
    throw new PipelineError('denied', 'query is an EXPORT statement; only reading is allowed', {
      hint,
    });
  }
  const prepared = await statements.prepare(0);
  const type = prepared.statementType;
  prepared.destroySync();
  if (type === StatementType.EXPLAIN && /\banaly[sz]e\b/i.test(sql)) {
    throw new PipelineError('denied', 'query is an EXPLAIN ANALYZE, which runs what it explains', {
      hint: 'give EXPLAIN without ANALYZE',
    });
  }
  if (type !== StatementType.SELECT && type !== StatementType.EXPLAIN) {
    const name = StatementType[type] ?? 'unknown';
    throw new PipelineError('denied', `query is a ${name} statement; only reading is allowed`, {
      hint,
    });
  }
}

async function readRows(
  reading: Promise<DuckDBResultReader>,
  rowsMax: number,
): Promise<QueryResult> {
  const reader = await reading;
  if (reader.currentRowCount > rowsMax) {
    throw new PipelineError('too-large', `query returns more than ${rowsMax} rows`, {
      hint: 'add LIMIT, aggregate, or filter further',
    });
  }
  return duckdbRows(reader);
}

async function append(
  connection: DuckDBConnection,
  table: string,
  batches: readonly (readonly ColumnData[])[],
): Promise<void> {
  const { DuckDBDataChunk, DOUBLE, INTEGER, VARCHAR } = await import('@duckdb/node-api');
  const types = (batches[0] ?? []).map(({ type }) => ({ DOUBLE, INTEGER, VARCHAR })[type]);
  const appender = await connection.createAppender(table);
  try {
    for (const columns of batches) {
      const rowCount = columns[0]?.values.length ?? 0;
      for (let start = 0; start < rowCount; start += CHUNK_ROWS) {
        const chunk = DuckDBDataChunk.create(types);
        chunk.rowCount = Math.min(CHUNK_ROWS, rowCount - start);
        for (const [at, { values }] of columns.entries())
          fill(chunk.getColumnVector(at), values, start);
        appender.appendDataChunk(chunk);
      }
    }
  } finally {
    appender.closeSync();
  }
}

/**
 * Values into a vector of a chunk. A vector of numbers keeps them in a typed array, which takes all at once; value by
 * value, as the package does it, is several times slower.
 */
function fill(vector: DuckDBVector, values: ColumnData['values'], start: number): void {
  const { itemCount } = vector;
  const wanted =
    start === 0 && values.length === itemCount ? values : values.slice(start, start + itemCount);
  const items: unknown = Reflect.get(vector, 'items');
  const isTyped = items instanceof Float64Array || items instanceof Int32Array;
  if (isTyped && !(wanted as readonly unknown[]).includes(null))
    items.set(wanted as readonly number[]);
  else for (const [index, value] of wanted.entries()) vector.setItem(index, value);
  vector.flush();
}

/** `fault` is the kind of a statement that fails for what it says: a reader's, or one of our own making. */
async function translated<T>(
  sql: string,
  answer: Promise<T>,
  fault: 'input-invalid' | 'bug' = 'bug',
): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof PipelineError) throw error;
    throw translateDuckdb(sql, error, fault);
  }
}
