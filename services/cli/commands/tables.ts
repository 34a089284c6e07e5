import { quoteIdentifier, quoteTable } from '../../core/column.ts';
import { type Dataset, datasetId } from '../../core/dataset.ts';
import type { QueryEngine } from '../../ports/query-engine.ts';
import { type Database, type KnownTable, openDatabase } from '../../stages/serve/database.ts';
import { findDatabase, WINGS } from '../commands.ts';
import { asking, serving } from '../host.ts';
import { printJson, widthOf } from '../view/print-result.ts';
import type { Work } from '../program.ts';
import type { Session } from '../session.ts';
import { humaneCount } from '../../core/humane.ts';
import { formatTable } from '../view/text-table.ts';

interface TableRow {
  database: string;
  name: string;
  kind: Dataset['kind'];
  rows: number;
  /** Newest day of the data, `YYYY-MM-DD`; null when the table has no rows. */
  newest: string | null;
  columns: { name: string; type: string; description: string }[];
  description: string;
}

/** `argosy tables`: every table and view with its columns, rows and newest day. */
export const tables: Work = async (session, given) => {
  const rows: TableRow[] = [];
  for (const [pipeline, wing] of Object.entries(WINGS)) {
    if (wing.database) rows.push(...(await tablesOf(session, pipeline)));
  }
  if (given.flags.json === true) printJson(session, rows);
  else print(session, rows);
  return 0;
};

async function tablesOf(session: Session, pipeline: string): Promise<TableRow[]> {
  const ports = serving(session, pipeline);
  const database = await findDatabase(pipeline, asking(session, pipeline));
  const engine = await openDatabase(ports, database);
  try {
    const rows: TableRow[] = [];
    for (const dataset of database.datasets) rows.push(await rowOf(engine, database, dataset));
    return rows;
  } finally {
    await engine.close();
  }
}

async function rowOf(engine: QueryEngine, database: Database, dataset: Dataset): Promise<TableRow> {
  const { rows, newest } =
    database.known?.get(datasetId(dataset)) ?? (await countRows(engine, dataset));
  return {
    database: dataset.schema ?? database.name,
    name: dataset.name,
    kind: dataset.kind,
    rows,
    newest,
    columns: dataset.columns.map((column) => ({ ...column })),
    description: dataset.description,
  };
}

async function countRows(engine: QueryEngine, dataset: Dataset): Promise<KnownTable> {
  const date = dataset.columns.find(({ type }) => type === 'DATE');
  const newest = date ? `CAST(max(${quoteIdentifier(date.name)}) AS VARCHAR)` : 'NULL';
  const found = await engine.query(
    `SELECT count(*), ${newest} FROM ${quoteTable(datasetId(dataset))}`,
  );
  const [rows, day] = found.rows[0] ?? [0, null];
  return { rows: Number(rows), newest: day === null || day === undefined ? null : String(day) };
}

function print(session: Session, rows: readonly TableRow[]): void {
  const options = { widthMax: widthOf(session) };
  const overview = rows.map((row) => [
    `${row.database}.${row.name}`,
    row.kind,
    humaneCount(row.rows),
    row.newest ?? '-',
    row.description,
  ]);
  const heads = ['name', 'kind', 'rows', 'newest', 'what it holds'];
  session.io.stdout.write(formatTable(columns(heads, 'rows'), overview, options));
  const listed = rows.flatMap((row) =>
    row.columns.map((column) => [row.name, column.name, column.type, column.description]),
  );
  session.io.stdout.write('\n');
  session.io.stdout.write(
    formatTable(columns(['table', 'column', 'type', 'meaning']), listed, options),
  );
}

function columns(names: readonly string[], right = '') {
  return names.map((name) => ({
    name,
    align: name === right ? ('right' as const) : ('left' as const),
  }));
}
