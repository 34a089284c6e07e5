import { join } from 'node:path';
import { quoteText } from '../../../core/column.ts';
import { PipelineError } from '../../../core/error.ts';
import { SOURCE_ROW_BYTES_MAX } from '../../../core/limit.ts';
import type { QueryEngine } from '../../../ports/query-engine.ts';
import type { StepPorts } from '../../../ports/step.ts';
import cleanCustomers from './clean-customers.sql';
import cleanMacros from './clean-macros.sql';
import cleanTransactions from './clean-transactions.sql';
import type { ExtractedSource, FinanceDataset } from '../extract/extract-manifest.ts';
import { type RiskTable, riskSql } from './risk.ts';
import { SOURCE_COLUMNS } from '../rules.ts';
import { type SourceFile, sourceFile } from './source-file.ts';
import typedCustomers from './typed-customers.sql';
import typedTransactions from './typed-transactions.sql';
import { CUSTOMER_COLUMNS } from '../load/columns.ts';

const DATASETS = {
  transactions: { columns: SOURCE_COLUMNS, typed: typedTransactions, clean: cleanTransactions },
  customers: { columns: CUSTOMER_COLUMNS, typed: typedCustomers, clean: cleanCustomers },
} as const;

/** A row's place is the number of its source × this + its own number, from 1: places are in order of sources and lines. */
const PLACES_OF_SOURCE = 2 ** 32;
/** The engine takes some sixteen times this as a buffer; the gate of extract lets no longer row in. */
const LINE_BYTES_MAX = 2 * SOURCE_ROW_BYTES_MAX;
const SOURCES_AT_ONCE = 16;
/** A dictionary of ids, each of which is there once, takes long and is then thrown away: hence its small limits. */
const PARQUET = 'FORMAT parquet, COMPRESSION snappy';

export interface Workshop {
  ports: Pick<StepPorts, 'store' | 'scratch' | 'signal'>;
  engine: QueryEngine;
}

/** What became of the rows of a dataset. */
export interface Cleansed {
  extracted: number;
  clean: number;
  rejected: number;
  rejectsByReason: Record<string, number>;
  /** Files below scratch. */
  cleanPath: string;
  rejectsPath: string;
}

/** Makes the macros that the SQL of the datasets asks: texts to values, risk, and the bounds of the day. */
export async function prepareCleansing(
  engine: QueryEngine,
  { logicalDate, risk }: { logicalDate: string; risk: RiskTable },
): Promise<void> {
  const day = `TIMESTAMP ${quoteText(`${logicalDate} 00:00:00`)}`;
  await engine.run(cleanMacros);
  await engine.run(riskSql(risk));
  await engine.run(`CREATE OR REPLACE MACRO day_start() AS ${day};
    CREATE OR REPLACE MACRO day_end() AS ${day} + INTERVAL 1 DAY;`);
}

/**
 * The rows of the sources as two files: clean Parquet in the order of sources and lines, and rejects as JSON lines with
 * object, line, rule and values. Leaves the view `{dataset}_staged` (rows with types, before any is refused). Each row of
 * the sources is in one of the files; `bug` if not.
 */
export async function cleanse(
  shop: Workshop,
  dataset: FinanceDataset,
  sources: readonly ExtractedSource[],
): Promise<Cleansed> {
  const { engine, ports } = shop;
  const extracted = await stage(shop, dataset, sources);
  await engine.run(DATASETS[dataset].clean);
  const cleanPath = join(ports.scratch, `${dataset}.parquet`);
  const clean = await engine.run(
    `COPY ${dataset}_clean TO ${quoteText(cleanPath)} (${PARQUET}, DICTIONARY_SIZE_LIMIT 2000)`,
  );
  const rejectsPath = join(ports.scratch, `${dataset}.jsonl`);
  const rejected = await engine.run(
    `COPY (${rejectsSql(dataset, sources)}) TO ${quoteText(rejectsPath)} (FORMAT json)`,
  );
  if (clean + rejected !== extracted) {
    const seen = `${extracted} rows in, ${clean} clean, ${rejected} rejected`;
    throw new PipelineError('bug', `${dataset}: ${seen}: some are nowhere`);
  }
  const { rows } = await engine.query(
    `SELECT reason, count(*) FROM ${dataset}_rejected GROUP BY reason ORDER BY reason`,
  );
  const rejectsByReason = Object.fromEntries(rows.map(([name, n]) => [String(name), Number(n)]));
  return { extracted, clean, rejected, rejectsByReason, cleanPath, rejectsPath };
}

/** The places and cells of refused rows, row by row as they come: nothing is sorted, however many there are. */
function rejectsSql(dataset: FinanceDataset, sources: readonly ExtractedSource[]): string {
  const keys = [...sources.map(({ key }) => key), ''].map(quoteText).join(', ');
  return `SELECT [${keys}][place // ${PLACES_OF_SOURCE} + 1] AS object, line, reason AS rule, written AS "values" FROM ${dataset}_rejected`;
}

/** Reads every source once; returns how many rows there are. */
async function stage(
  shop: Workshop,
  dataset: FinanceDataset,
  sources: readonly ExtractedSource[],
): Promise<number> {
  const { engine } = shop;
  const { typed } = DATASETS[dataset];
  await engine.run(`CREATE OR REPLACE VIEW ${dataset}_source AS ${noRowsSql(dataset)};
    CREATE OR REPLACE MACRO holds_nul(t) AS false;`);
  await engine.run(typed);
  const paths: string[] = [];
  let rows = 0;
  for (let start = 0; start < sources.length; start += SOURCES_AT_ONCE) {
    const path = join(shop.ports.scratch, `${dataset}-${start}.parquet`);
    const batch = sources.slice(start, start + SOURCES_AT_ONCE);
    rows += await stageBatch(shop, dataset, { batch, start, path });
    paths.push(path);
  }
  const from =
    paths.length === 0 ? `${dataset}_typed` : `read_parquet([${paths.map(quoteText).join(', ')}])`;
  await engine.run(`CREATE OR REPLACE VIEW ${dataset}_staged AS SELECT * FROM ${from}`);
  return rows;
}

/** A few sources by one statement, for planning it takes longer than reading a small source. */
async function stageBatch(
  { ports, engine }: Workshop,
  dataset: FinanceDataset,
  { batch, start, path }: { batch: readonly ExtractedSource[]; start: number; path: string },
): Promise<number> {
  const readers: string[] = [];
  const objects = new Map<string, string>();
  let hasNul = false;
  let expected = 0;
  for (const [at, source] of batch.entries()) {
    const number = start + at;
    const file = await sourceFile(ports, source, `${dataset}-${number}.csv`);
    readers.push(readerSql(dataset, { source, number, file }));
    objects.set(file.path, `${ports.store.url}/${source.key}`);
    hasNul ||= file.hasNul;
    expected += source.rows;
  }
  const nul = hasNul ? 'coalesce(contains(t, chr(0)), false)' : 'false';
  await engine.run(`CREATE OR REPLACE MACRO holds_nul(t) AS ${nul};
    CREATE OR REPLACE VIEW ${dataset}_source AS ${readers.join(' UNION ALL ')};`);
  const staged = await readingCsv(objects, () =>
    engine.run(
      `COPY ${dataset}_typed TO ${quoteText(path)} (${PARQUET}, DICTIONARY_SIZE_LIMIT 100)`,
    ),
  );
  if (staged === expected) return staged;
  throw new PipelineError('bug', `${dataset}: ${staged} rows read, ${expected} were extracted`);
}

/** The cells of a source as texts, by name, whatever the order of its columns; a column that is not there is NULL. */
function readerSql(
  dataset: FinanceDataset,
  { source, number, file }: { source: ExtractedSource; number: number; file: SourceFile },
): string {
  const names = source.columns.map((name) => name.trim().toLowerCase());
  const cells = DATASETS[dataset].columns.map((column) => {
    const at = names.indexOf(column);
    return `${at < 0 ? 'CAST(NULL AS VARCHAR)' : `c${at}`} AS raw_${column}`;
  });
  const columns = names.map((_, at) => `'c${at}': 'VARCHAR'`).join(', ');
  const isPlain = file.lineCount === source.rows + 1;
  return `SELECT ${number * PLACES_OF_SOURCE} + row_number() OVER () AS place,
      ${isPlain ? 'row_number() OVER () + 1' : lineSql(source.columns)} AS line, ${cells.join(', ')}
    FROM read_csv(${quoteText(file.path)}, auto_detect = false, header = true, columns = {${columns}}, delim = ',',
      quote = '"', escape = '"', allow_quoted_nulls = false, max_line_size = ${LINE_BYTES_MAX})`;
}

/** The line at which a row begins: cells of rows before it, and names of columns, may hold line feeds. */
function lineSql(columns: readonly string[]): string {
  const text = `concat(${columns.map((_, at) => `c${at}`).join(', ')})`;
  const feeds = `CASE WHEN contains(${text}, chr(10)) THEN length(${text}) - length(replace(${text}, chr(10), '')) ELSE 0 END`;
  const before = `sum(${feeds}) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - ${feeds}`;
  const inHeader = columns.join('').split('\n').length - 1;
  return `CAST(row_number() OVER () + 1 + ${inHeader} + ${before} AS BIGINT)`;
}

function noRowsSql(dataset: FinanceDataset): string {
  const cells = DATASETS[dataset].columns.map((column) => `CAST(NULL AS VARCHAR) AS raw_${column}`);
  return `SELECT CAST(0 AS BIGINT) AS place, CAST(0 AS BIGINT) AS line, ${cells.join(', ')} WHERE false`;
}

/** The engine's message shows rows of the source, which a message of ours must not. `objects` are named by their paths. */
async function readingCsv<T>(
  objects: ReadonlyMap<string, string>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PipelineError) || !/CSV (?:Error|Parser)/.test(error.message))
      throw error;
    const told = String(error.cause);
    const path = /^\s*file = (.*)$/m.exec(told)?.[1] ?? '';
    const line = /CSV Error on Line: (\d+)/.exec(told)?.[1];
    const object = objects.get(path) ?? [...objects.values()].join(', ');
    const where = line === undefined ? '' : ` on line ${line}`;
    throw new PipelineError('input-invalid', `${object}: not a CSV that can be read${where}`, {
      hint: 'correct the source and run extract again',
    });
  }
}
