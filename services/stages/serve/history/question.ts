import { sha256 } from '../../../core/manifest.ts';
import { normalSql } from './normal-sql.ts';

/** A question to a pipeline's tables, as the cache tells it apart from others and the history keeps it. */
export interface Question {
  pipeline: string;
  /** `duckdb`, `athena`, `postgres`: an answer of one is not given for another. */
  engine: string;
  /** As it was given; of a named query that which it stands for. */
  sql: string;
  /** The name of a named query. */
  named: string | null;
  /** `YYYY-MM-DD`; null for all that there is. */
  asOf: string | null;
  /** The schema that names without one are looked up in. */
  database: string;
  /** What its tables consist of: another one after each publish. Null when that is not known, or nothing is there. */
  version: string | null;
}

/** The id of a question's answer: equal for questions that have the same answer. */
export function answerId(question: Question, release: string): string {
  const { pipeline, engine, sql, named, asOf, database, version } = question;
  return sha256(
    JSON.stringify([1, release, pipeline, engine, database, version, asOf, named, normalSql(sql)]),
  );
}
