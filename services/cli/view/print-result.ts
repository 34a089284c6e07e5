import type { QueryResult } from '../../ports/query-engine.ts';
import type { Given } from '../program.ts';
import type { Session } from '../session.ts';
import { formatResult, toCsv, toJsonRows } from './text-table.ts';

/** Lines of a table that a pipe gets whole; on a terminal the width is the window's. */
const WIDTH_UNBOUNDED = 10_000;

/** The width that tables and summaries may take on stdout. */
export function widthOf({ io }: Session): number {
  return io.stdout.isTTY === true ? io.stdout.columns || 80 : WIDTH_UNBOUNDED;
}

/** Prints a result to stdout as an aligned table, as CSV (`--csv`) or as JSON (`--json`). */
export async function printResult(
  session: Session,
  result: QueryResult,
  given: Given,
): Promise<void> {
  const { stdout } = session.io;
  if (given.flags.json === true) stdout.write(`${JSON.stringify(toJsonRows(result), null, 2)}\n`);
  else if (given.flags.csv === true) stdout.write(await toCsv(result));
  else stdout.write(formatResult(result, { widthMax: widthOf(session) }));
}

/** Prints a value as JSON to stdout. */
export function printJson(session: Session, value: unknown): void {
  session.io.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
