import type { Cell, QueryResult } from '../../../ports/query-engine.ts';
import type { ServePorts } from '../../../stages/serve/localise.ts';
import { openCurated } from '../answer/ask.ts';
import { askNamed, NAMED } from '../answer/named.ts';

/** A row of an answer by the names of its columns. */
export type Row = Readonly<Record<string, Cell>>;

/** What the named queries say as of a day, by name. */
export type Answers = ReadonlyMap<string, readonly Row[]>;

/** Asks every named query once, of tables that are opened once: all see the same set. */
export async function readAnswers(ports: ServePorts, asOf: string): Promise<Answers> {
  const engine = await openCurated(ports, { asOf, queries: NAMED });
  try {
    const answers = new Map<string, readonly Row[]>();
    for (const query of NAMED) answers.set(query.name, rowsOf(await askNamed(engine, query, asOf)));
    return answers;
  } finally {
    await engine.close();
  }
}

function rowsOf({ columns, rows }: QueryResult): Row[] {
  return rows.map((row) =>
    Object.fromEntries(columns.map(({ name }, at) => [name, row[at] ?? null])),
  );
}

/** The number in a cell; 0 where it has none. */
export function numberOf(row: Row | undefined, name: string): number {
  return Number(row?.[name] ?? 0);
}

/** The text of a cell; `-` where it has none. */
export function textOf(row: Row, name: string): string {
  const value = row[name] ?? null;
  return value === null ? '-' : String(value);
}
