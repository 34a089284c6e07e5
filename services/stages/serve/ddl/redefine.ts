import { sha256 } from '../../../core/manifest.ts';

/** What each table of a set of definitions was defined as, by its quoted name. */
export type TableDigests = Readonly<Record<string, string>>;

const CREATED = /^CREATE EXTERNAL TABLE IF NOT EXISTS (`\w+`\.`[^`]+`)/;
/** Set anew by a statement of its own. */
const YEARS = /'projection\.year\.range' = '[^']*'/;

/** The digest of each table that the statements of `athenaDdl` define. */
export function tableDigests(statements: readonly string[]): TableDigests {
  const found = statements.flatMap((statement) => {
    const name = CREATED.exec(statement)?.[1];
    return name === undefined ? [] : [[name, sha256(statement.replace(YEARS, ''))] as const];
  });
  return Object.fromEntries(found);
}

/**
 * The statements that make room for tables whose definition has changed, for one that is there is not defined again:
 * columns that are new would never be seen (requirements 3.12). Only definitions go, no object. Tables that are no longer
 * defined stay.
 */
export function dropStatements(before: TableDigests, now: TableDigests): string[] {
  return Object.entries(now)
    .filter(([name, digest]) => before[name] !== undefined && before[name] !== digest)
    .map(([name]) => `DROP TABLE IF EXISTS ${name}`);
}
