import { dirname } from 'node:path';
import type { Dataset } from '../../core/dataset.ts';
import { PipelineError } from '../../core/error.ts';
import { humaneCount } from '../../core/humane.ts';
import {
  attachCsv,
  type CsvObject,
  prepareCsv,
  sqlNames,
  sqlType,
} from '../../stages/serve/csv-table.ts';
import type {
  Attachment,
  Database,
  DatabaseRequest,
  KnownTable,
} from '../../stages/serve/database.ts';
import type { ServePorts } from '../../stages/serve/localise.ts';
import { attachFiles, filesDataset } from './files-table.ts';
import { queryFiles, versionsOf } from './ledger.ts';
import type { FileRecord, Summary } from './summary.ts';
import { clashing, FILES_TABLE, tableNames } from './table-name.ts';
import { UPLOADS } from './upload.ts';

/** Files that are told of when no query says which are wanted. */
const TABLES_MAX = 50;

/** A file as a table, under each name that it is asked for. */
interface Table {
  names: string[];
  summary: Summary;
}

/**
 * `csv_intake`: the table `files` of all records, and each profiled file as a table under its name, with and without
 * its ending. With a query the rows of the files that it names; without one, what is known of the newest.
 */
export async function csvDatabase(request: DatabaseRequest): Promise<Database> {
  const { sql } = request;
  const files = await queryFiles(request);
  const { tables, older } =
    sql === null ? await newestTables(request, files) : { tables: [], older: 0 };
  return {
    name: 'csv_intake',
    ...(older > 0 ? { untold: `${humaneCount(older)} older files: argosy files` } : {}),
    datasets: [filesDataset(), ...tables.map(datasetOf)],
    known: new Map([
      [FILES_TABLE, knownOfFiles(files)],
      ...tables.map((table) => [nameOf(table), knownOf(table)] as const),
    ]),
    objects: async () => new Map(),
    async attachment(ports) {
      const present = await presentIn(ports);
      const named = sql === null ? [] : await namedTables(ports, request.records, { files, sql });
      return attachmentOf(ports, { files, present, named });
    },
  };
}

/** The good files that were profiled last and are still there. */
async function newestTables(
  request: DatabaseRequest,
  files: readonly FileRecord[],
): Promise<{ tables: Table[]; older: number }> {
  const present = await presentIn(request);
  const names = tableNames(files);
  const good = files
    .filter((file) => file.status === 'success' && present.has(file.source_key))
    .toSorted((a, b) => (a.processed_timestamp > b.processed_timestamp ? -1 : 1));
  const tables: Table[] = [];
  for (const file of good.slice(0, TABLES_MAX)) {
    const summary = await summaryOf(request, file);
    if (summary !== null) tables.push({ names: [names.nameOf(file)], summary });
  }
  return { tables, older: good.length - tables.length };
}

/** The files that a query names, each under the names that it is given there. */
async function namedTables(
  ports: ServePorts,
  records: DatabaseRequest['records'],
  { files, sql }: { files: readonly FileRecord[]; sql: string },
): Promise<Table[]> {
  const names = tableNames(files);
  const named = new Map<FileRecord, string[]>();
  const meant = new Map<string, FileRecord>();
  for (const name of await namesIn(ports, sql)) {
    const file = names.find(name);
    if (file === null) continue;
    const same = meant.get(name.toLowerCase());
    if (same !== undefined && same !== file) throw clashing([same, file]);
    if (same === undefined) named.set(file, [...(named.get(file) ?? []), name]);
    meant.set(name.toLowerCase(), file);
  }
  const tables: Table[] = [];
  for (const [file, given] of named) {
    if (file.status === 'error') throw unreadable(file);
    const summary = await summaryOf({ records, signal: ports.signal }, file);
    if (summary !== null) tables.push({ names: given, summary });
  }
  return tables;
}

/** The engine that answers the query is opened for certain folders, which depend on what the query names. */
async function namesIn({ openEngine }: ServePorts, sql: string): Promise<readonly string[]> {
  const engine = await openEngine([]);
  try {
    const named = await engine.namedTables(sql);
    return [...new Set(named.map(({ name }) => name))];
  } finally {
    await engine.close();
  }
}

function unreadable({ file_name: name, error_message: error }: FileRecord): PipelineError {
  // As a shell takes it.
  const word = `'${name.replaceAll("'", String.raw`'\''`)}'`;
  return new PipelineError('input-invalid', `${name} could not be read as a table: ${error}`, {
    hint: `see argosy files show ${word}`,
  });
}

async function summaryOf(
  request: Pick<DatabaseRequest, 'records' | 'signal'>,
  file: FileRecord,
): Promise<Summary | null> {
  const versions = await versionsOf(request, file.file_name);
  return versions.find(({ etag }) => etag === file.etag) ?? null;
}

async function presentIn({
  store,
  signal,
}: Pick<DatabaseRequest, 'store' | 'signal'>): Promise<Set<string>> {
  const keys = new Set<string>();
  for await (const { key } of store.list(UPLOADS, { signal })) keys.add(key);
  return keys;
}

function nameOf({ names, summary }: Table): string {
  return names[0] ?? summary.file_name;
}

function datasetOf(table: Table): Dataset {
  const { summary } = table;
  const names = sqlNames(summary.columns.map((column) => column.name));
  return {
    name: nameOf(table),
    kind: 'view',
    description: `Rows of ${summary.source_key}`,
    columns: summary.columns.map((column, at) => {
      const type = sqlType(column);
      return {
        name: names[at] ?? column.name,
        type: type === 'HUGEINT' ? 'BIGINT' : type,
        description: `${column.blanks} blank, ${column.invalid} invalid`,
      };
    }),
  };
}

function knownOf({ summary }: Table): KnownTable {
  const days = summary.columns.find(({ type }) => type === 'date');
  return {
    rows: summary.row_count,
    newest: days?.dates?.last ?? null,
    sizeBytes: summary.size_bytes,
    objects: 1,
    publishedAt: summary.processed_timestamp,
  };
}

function knownOfFiles(files: readonly FileRecord[]): KnownTable {
  const profiled = files.map((file) => file.processed_timestamp).toSorted();
  const uploaded = files.map((file) => file.upload_timestamp).toSorted();
  const [newest, publishedAt] = [uploaded.at(-1), profiled.at(-1)];
  return {
    rows: files.length,
    newest: newest?.slice(0, 10) ?? null,
    objects: files.length,
    sizeBytes: files.reduce((sum, file) => sum + file.size_bytes, 0),
    ...(publishedAt === undefined ? {} : { publishedAt }),
  };
}

async function attachmentOf(
  ports: ServePorts,
  found: { files: readonly FileRecord[]; present: ReadonlySet<string>; named: readonly Table[] },
): Promise<Attachment> {
  const tables: { names: string[]; object: CsvObject; path: string | null }[] = [];
  await ports.opening?.(found.named.map(({ summary }) => objectOf(summary)));
  for (const { names, summary } of found.named) {
    const object = objectOf(summary);
    tables.push({ names, object, path: await prepareCsv(ports, object) });
  }
  const folders = tables.flatMap(({ path }) => (path === null ? [] : [dirname(path)]));
  return {
    folders: [ports.cache, ...folders],
    async attach(engine) {
      await attachFiles(engine, found);
      for (const table of tables) await attachCsv(ports, engine, table);
    },
  };
}

function objectOf(summary: Summary): CsvObject {
  return {
    key: summary.source_key,
    etag: summary.etag,
    sizeBytes: summary.size_bytes,
    dialect: summary.dialect,
    columns: summary.columns,
    flaws: summary.quality_issues.structure,
  };
}
