import type { QueryResult } from '../../ports/query-engine.ts';
import type { ServePorts } from './localise.ts';

/** The answer to a named query, and the day as of which it is given. */
export interface NamedAnswer {
  /** `YYYY-MM-DD`. */
  asOf: string;
  result: QueryResult;
}

/** What is asked by name of a pipeline's tables. */
export interface NamedQueries {
  queries: readonly { name: string; summary: string; sql: string }[];
  /**
   * Answers as of a day, or as of the newest one that there is; `config-invalid` for a name that there is not,
   * `not-found` when nothing has been published yet.
   */
  ask(ports: ServePorts, name: string, asOf: string | null): Promise<NamedAnswer>;
  /** The same question in the SQL of Athena, and the day as of which it asks; errors as above. */
  translate(
    ports: ServePorts,
    name: string,
    asOf: string | null,
  ): Promise<{ asOf: string; sql: string }>;
}
