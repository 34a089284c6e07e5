import { availableParallelism } from 'node:os';
import type { QueryEngine } from '../../ports/query-engine.ts';
import { openDatabase } from '../../stages/serve/database.ts';
import { scanning } from '../../stages/serve/history/scan.ts';
import { versionOf } from '../../stages/serve/history/version.ts';
import type { NamedQueries } from '../../stages/serve/named.ts';
import { findDatabase } from '../commands.ts';
import { asking, serving } from '../host.ts';
import type { Session } from '../session.ts';
import type { Asking, Limits } from './asking.ts';

/** Processors that one question may use. */
const THREADS_MAX = 8;

/** A SELECT of a reader's, and over what. */
export interface Free {
  pipeline: string;
  sql: string;
  asOf: string | null;
  limits: Limits;
}

/** A SELECT over the tables of a pipeline, answered in this process. */
export async function askDuckdb(session: Session, free: Free): Promise<Asking> {
  const { pipeline, sql, asOf, limits } = free;
  const { clock } = session.io;
  const ports = serving(session, pipeline, threadCount());
  const database = await findDatabase(pipeline, asking(session, pipeline, sql));
  const version = () => versionOf(ports.store, database, { signal: session.signal });
  const seen = await version();
  return {
    question: {
      pipeline,
      sql,
      asOf,
      named: null,
      engine: 'duckdb',
      database: database.name,
      version: seen,
    },
    // Where nothing was published nothing is left behind; files that are tables by themselves have no version.
    store: seen === null && database.attachment === undefined ? null : ports.store,
    isEmpty: seen === null && 'publishedUnder' in database,
    version,
    async ask() {
      const startedMs = clock.now().getTime();
      const scan = scanning(ports, limits.scanBytesMax);
      const engine = await openDatabase(scan.ports, database, asOf);
      try {
        const result = await engine.select(sql, limits.rowsMax);
        const durationMs = clock.now().getTime() - startedMs;
        const tables = await namedIn(engine, sql);
        const told = { scannedBytes: scan.bytes(), durationMs, isReused: false, executionId: null };
        return { ...result, ...told, tables, asOf };
      } finally {
        await engine.close();
      }
    },
  };
}

/** A question that a pipeline knows by name. */
export interface Named {
  pipeline: string;
  questions: NamedQueries;
  name: string;
  asOf: string | null;
  limits: Limits;
}

/** A named query, answered in this process. */
export async function askNamedDuckdb(session: Session, named: Named): Promise<Asking> {
  const { pipeline, questions, name, asOf, limits } = named;
  const { clock } = session.io;
  // Their sums are exact and their rows in order, so that the answer is the same with any number of threads.
  const ports = serving(session, pipeline, threadCount());
  const database = await findDatabase(pipeline, asking(session, pipeline));
  const version = () => versionOf(ports.store, database, { signal: session.signal });
  const seen = await version();
  const sql = questions.queries.find((one) => one.name === name)?.sql ?? '';
  return {
    question: {
      pipeline,
      sql,
      asOf,
      named: name,
      engine: 'duckdb',
      database: database.name,
      version: seen,
    },
    store: seen === null ? null : ports.store,
    version,
    async ask() {
      const startedMs = clock.now().getTime();
      const scan = scanning(ports, limits.scanBytesMax);
      const answer = await questions.ask(scan.ports, name, asOf);
      const durationMs = clock.now().getTime() - startedMs;
      const told = { scannedBytes: scan.bytes(), durationMs, isReused: false, executionId: null };
      return { ...answer.result, ...told, tables: [], asOf: answer.asOf };
    },
  };
}

function threadCount(): number {
  return Math.min(availableParallelism(), THREADS_MAX);
}

/** For the record alone: an answer is not refused because its tables cannot be told. */
async function namedIn(engine: QueryEngine, sql: string): Promise<readonly string[]> {
  const named = await engine.namedTables(sql).catch(() => []);
  return [...new Set(named.map(({ name }) => name))];
}
