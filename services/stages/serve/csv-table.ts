import { createReadStream } from 'node:fs';
import { quoteIdentifier, quoteText } from '../../core/column.ts';
import { PipelineError } from '../../core/error.ts';
import { sha256 } from '../../core/manifest.ts';
import type { QueryEngine } from '../../ports/query-engine.ts';
import { feed } from '../shape/profile/feed.ts';
import type { ColumnProfile, Dialect, Profile } from '../shape/profile/profile.ts';
import { openText, TEXT_BYTES_MAX } from '../shape/profile/profile-stream.ts';
import { startScan } from '../shape/profile/scan-state.ts';
import { decodeText } from '../shape/profile/text-encoding.ts';
import { keepText } from './csv-cache.ts';
import { type RowSink, WIDE_COLUMNS_MIN, wideRows } from './csv-wide.ts';
import type { ServePorts } from './localise.ts';

/** A CSV object as its profile describes it. */
export interface CsvObject {
  key: string;
  etag: string;
  sizeBytes: number;
  dialect: Dialect;
  columns: readonly ColumnProfile[];
  flaws: Profile['flaws'];
}

/** Above this the engine's own reader is used, where it reads the file as the profile did. */
const OWN_READER_BYTES_MAX = 8 * 2 ** 20;
/** About how much smaller gzip makes such text. */
const PACKED_TIMES = 8;
/** The engine takes some sixteen times this as a buffer. */
const LINE_BYTES_MAX = 2 * 2 ** 20;
const BATCH_ROWS = 2_048;
/** With more columns than this our own reader is the faster one, and the one that needs less memory. */
const READER_COLUMNS_MAX = 2_000;
/** What the engine takes for a pattern in a path. */
const PATTERN = /[*?[\]]/;

/**
 * Where the engine must be allowed to read for this object, a file; null when our own reader reads it. `conflict` when
 * the object is not the one that was profiled, `not-found` when it is gone.
 */
export async function prepareCsv(ports: ServePorts, object: CsvObject): Promise<string | null> {
  await checkVersion(ports, object);
  return enginePath(ports, object);
}

/**
 * Makes the rows of a CSV object a table of the engine under these names, each column of its profiled type: blank and
 * invalid cells are NULL, missing cells too, fields beyond the header are left out.
 */
export async function attachCsv(
  ports: ServePorts,
  engine: QueryEngine,
  given: { names: readonly string[]; object: CsvObject; path: string | null },
): Promise<void> {
  const { names: tables, object, path } = given;
  const source = await sourceOf(ports, engine, { object, path });
  const names = sqlNames(object.columns.map((column) => column.name));
  const values = object.columns.map(
    (column, at) => `${source.valueOf(column, at)} AS ${quoteIdentifier(names[at]!)}`,
  );
  for (const table of tables) {
    await engine.run(
      `CREATE VIEW ${quoteIdentifier(table)} AS SELECT ${values.join(', ')} FROM ${source.from}`,
    );
  }
}

/** What the engine reads the rows from, and its SQL for the typed value of a column. */
interface Source {
  from: string;
  valueOf(column: ColumnProfile, at: number): string;
}

async function sourceOf(
  ports: ServePorts,
  engine: QueryEngine,
  { object, path }: { object: CsvObject; path: string | null },
): Promise<Source> {
  const { columns } = object;
  const valueOf = (column: ColumnProfile, at: number): string => castSql(`c${at}`, column);
  if (path !== null) return { from: readerSql(object, path), valueOf };
  // The engine appends to plain names in the schema `main` only.
  const table = `_rows_${sha256(object.key).slice(0, 16)}`;
  const from = `main.${table}`;
  if (columns.length >= WIDE_COLUMNS_MIN) {
    const all = columns.map((column) => castSql('cell', column));
    const casts = [...new Set(all)];
    const kinds = all.map((cast) => casts.indexOf(cast));
    await loadRows(ports, object, await wideRows(engine, { table, kinds, casts }));
    return { from, valueOf: (column, at) => `CAST(cells[${at + 1}] AS ${sqlType(column)})` };
  }
  const raw = columns.map((_, at) => `c${at} VARCHAR`).join(', ');
  await engine.run(`CREATE TABLE ${from} (${raw})`);
  await loadRows(ports, object, plainRows(engine, table, columns.length));
  return { from, valueOf };
}

/** Names as SQL tells them apart: without regard to case. */
export function sqlNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let own = name;
    for (let n = 2; taken.has(own.toLowerCase()); n += 1) own = `${name}_${n}`;
    taken.add(own.toLowerCase());
    return own;
  });
}

/** The engine's type for a profiled column. */
export function sqlType({
  type,
  numbers,
}: ColumnProfile): 'BIGINT' | 'HUGEINT' | 'DOUBLE' | 'DATE' | 'VARCHAR' {
  if (type === 'float') return 'DOUBLE';
  if (type === 'date') return 'DATE';
  if (type === 'string' || numbers === null) return 'VARCHAR';
  const bits = Math.max(bitsOf(numbers.min), bitsOf(numbers.max));
  if (bits <= 63) return 'BIGINT';
  return bits <= 127 ? 'HUGEINT' : 'VARCHAR';
}

function bitsOf(value: number | string): number {
  const exact = BigInt(value);
  return (exact < 0n ? -exact : exact).toString(2).length;
}

async function checkVersion({ store, signal }: ServePorts, object: CsvObject): Promise<void> {
  const info = await store.head(object.key, { signal });
  const address = `${store.url}/${object.key}`;
  if (info === null) {
    throw new PipelineError('not-found', `${address}: was profiled, and is gone`, {
      hint: 'upload it again and run argosy run csv-intake; its profile is still there: argosy files show',
    });
  }
  if (info.etag !== object.etag) throw changed({ store }, object);
}

function changed({ store }: Pick<ServePorts, 'store'>, { key }: CsvObject): PipelineError {
  return new PipelineError('conflict', `${store.url}/${key}: changed since it was profiled`, {
    hint: 'argosy run csv-intake profiles it as it is now',
  });
}

/** Where the engine's own reader can read the object and reads it as the profile did; else null. */
async function enginePath(ports: ServePorts, object: CsvObject): Promise<string | null> {
  if (!isForEngine(object)) return null;
  const isPacked = object.dialect.compression !== 'none';
  const local = isPacked ? null : await ports.store.localPath(object.key);
  if (local !== null && !PATTERN.test(local)) return local;
  const path = await keepText(ports, object);
  if (path === null) throw changed(ports, object);
  return PATTERN.test(path) ? null : path;
}

function isForEngine({ dialect, flaws, sizeBytes, columns }: CsvObject): boolean {
  // Quotes may double what a cell holds.
  const lineBytes = columns.reduce((sum, { bytes_max: most }) => sum + 2 * most + 3, 0);
  const textBytes = dialect.compression === 'none' ? sizeBytes : sizeBytes * PACKED_TIMES;
  return (
    textBytes > OWN_READER_BYTES_MAX &&
    columns.length <= READER_COLUMNS_MAX &&
    lineBytes < LINE_BYTES_MAX &&
    dialect.encoding === 'utf-8' &&
    (dialect.newline === 'lf' || dialect.newline === 'crlf') &&
    Object.keys(flaws).length === 0
  );
}

function readerSql({ dialect, columns }: CsvObject, path: string): string {
  const names = columns.map((_, at) => `'c${at}': 'VARCHAR'`).join(', ');
  const { delimiter, quote } = dialect;
  return (
    `read_csv(${quoteText(path)}, auto_detect = false, header = true, columns = {${names}}, ` +
    `delim = ${quoteText(delimiter)}, quote = ${quoteText(quote)}, escape = ${quoteText(quote)}, ` +
    `max_line_size = ${LINE_BYTES_MAX}, all_varchar = true)`
  );
}

/** Reads the rows as the profile did, whatever is wrong with them, as texts. */
async function loadRows(
  { store, signal }: ServePorts,
  { key, columns, dialect }: CsvObject,
  sink: RowSink,
): Promise<void> {
  const path = await store.localPath(key);
  const raw =
    path === null ? await store.open(key, { signal }) : createReadStream(path, { signal });
  const text = await openText(raw);
  const state = startScan(text.marks, 1);
  let row: (string | null)[] = [];
  state.sink = {
    cell: (content) =>
      void (row.length < columns.length && row.push(decodeText(content, dialect.encoding))),
    row: () => {
      sink.add(row);
      row = [];
    },
  };
  const afterScan = (): Promise<void> => sink.flush(false);
  await feed(state, text.chunks, { bytesMax: TEXT_BYTES_MAX, afterScan });
  await sink.flush(true);
}

/** Rows into a table of texts. */
function plainRows(engine: QueryEngine, table: string, width: number): RowSink {
  const places = Array.from({ length: width }, (_, at) => at);
  let rows: (readonly (string | null)[])[] = [];
  return {
    add: (row) => void rows.push(row),
    async flush(isLast) {
      if (rows.length === 0 || (!isLast && rows.length < BATCH_ROWS)) return;
      const batch = rows;
      rows = [];
      const values = places.map((at) => batch.map((one) => one[at] ?? null));
      await engine.append(
        table,
        values.map((column) => ({ type: 'VARCHAR' as const, values: column })),
      );
    },
  };
}

/** Space and the control characters that the profile trims. */
const SPACES = `' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)`;
const STRPTIME = {
  'YYYY-MM-DD': ['%Y-%m-%d', String.raw`\d{4}-\d\d-\d\d`],
  'YYYY/MM/DD': ['%Y/%m/%d', String.raw`\d{4}/\d\d/\d\d`],
  'MM/DD/YYYY': ['%m/%d/%Y', String.raw`\d\d/\d\d/\d{4}`],
  'DD/MM/YYYY': ['%d/%m/%Y', String.raw`\d\d/\d\d/\d{4}`],
} as const;
const INT = String.raw`[+-]?(0|[1-9]\d*)`;
const FLOAT = String.raw`[+-]?((0|[1-9]\d*)|\d+\.\d*|\.\d+|(\d+\.?\d*|\.\d+)[eE][+-]?\d+)`;

/** The value of a cell, or NULL when it is blank or not of the column's type. */
function castSql(raw: string, column: ColumnProfile): string {
  const trimmed = `trim(${raw}, ${SPACES})`;
  const type = sqlType(column);
  const fits = (pattern: string): string => `regexp_full_match(${trimmed}, ${quoteText(pattern)})`;
  if (type === 'DATE') {
    const [format, pattern] = STRPTIME[column.date_format ?? 'YYYY-MM-DD'];
    const parsed = `CAST(try_strptime(${trimmed}, ${quoteText(format)}) AS DATE)`;
    return `CASE WHEN ${fits(pattern)} THEN ${parsed} END`;
  }
  if (type === 'VARCHAR') return `CASE WHEN ${trimmed} <> '' THEN ${raw} END`;
  const pattern = type === 'DOUBLE' ? FLOAT : INT;
  return `CASE WHEN ${fits(pattern)} THEN TRY_CAST(ltrim(${trimmed}, '+') AS ${type}) END`;
}
