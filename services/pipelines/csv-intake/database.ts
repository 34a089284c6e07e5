import type { Dataset, DatasetColumn } from '../../core/dataset.ts';
import type { QueryEngine } from '../../ports/query-engine.ts';
import type { Attachment, Database, DatabaseRequest } from '../../stages/serve/database.ts';
import {
  attachCsv,
  type CsvObject,
  folderOf,
  sqlNames,
  sqlType,
} from '../../stages/serve/csv-table.ts';
import type { ServePorts } from '../../stages/serve/localise.ts';
import { queryFiles, versionsOf } from './ledger.ts';
import type { FileRecord, Summary } from './summary.ts';

/** Files that are made tables when no query says which are wanted. */
const TABLES_MAX = 50;

const FILE_COLUMNS: readonly (DatasetColumn & { valueOf(file: FileRecord): string | null })[] = [
  text('file_name', 'Path below uploads/', (file) => file.file_name),
  text('status', 'success or error', (file) => file.status),
  text('upload_timestamp', 'When the object was stored, UTC', (file) => file.upload_timestamp),
  text('processed_timestamp', 'When it was profiled, UTC', (file) => file.processed_timestamp),
  text('row_count', 'Rows; 0 on error', (file) => String(file.row_count), 'BIGINT'),
  text('column_count', 'Columns', (file) => String(file.column_count), 'BIGINT'),
  text('size_bytes', 'Size of the object', (file) => String(file.size_bytes), 'BIGINT'),
  text(
    'has_issues',
    'Whether anything is wrong in it',
    (file) => String(file.quality_issues.has_issues),
    'BOOLEAN',
  ),
  text('error_message', 'Why it is no table', (file) => file.error_message ?? null),
  text('schema', 'Column → type, as JSON', (file) => JSON.stringify(file.schema)),
  text('source_key', 'Key of the object', (file) => file.source_key),
  text('etag', 'Version of the object', (file) => file.etag),
];

function text(
  name: string,
  description: string,
  valueOf: (file: FileRecord) => string | null,
  type: DatasetColumn['type'] = 'VARCHAR',
) {
  return { name, type, description, valueOf };
}

/**
 * `csv_intake`: the table `files` of all records, and each profiled file as a table under its name, with and without
 * `.csv`. With a query only the files that it names; without one the newest.
 */
export async function csvDatabase({ records, signal, sql }: DatabaseRequest): Promise<Database> {
  const files = await queryFiles({ records, signal });
  const wanted = wantedFiles(files, sql);
  const tables: { names: string[]; summary: Summary }[] = [];
  const taken = new Set(['files']);
  for (const file of wanted) {
    const [summary] = await versionsOf({ records, signal }, file.file_name);
    if (summary === undefined || summary.etag !== file.etag) continue;
    const names = namesOf(file.file_name).filter((name) => !taken.has(name.toLowerCase()));
    for (const name of names) taken.add(name.toLowerCase());
    tables.push({ names, summary });
  }
  return {
    name: 'csv_intake',
    datasets: [
      filesDataset(),
      ...tables.flatMap(({ names, summary }) =>
        names.slice(0, 1).map((name) => datasetOf(name, summary)),
      ),
    ],
    viewSql: '',
    objects: async () => new Map(),
    attachment: (ports) => attachmentOf(ports, files, tables),
  };
}

function wantedFiles(files: readonly FileRecord[], sql: string | null): FileRecord[] {
  const good = files.filter(({ status }) => status === 'success');
  if (sql === null) {
    return good
      .toSorted((a, b) => (a.processed_timestamp > b.processed_timestamp ? -1 : 1))
      .slice(0, TABLES_MAX);
  }
  // In SQL a quote within a quoted name is doubled.
  const asked = sql.toLowerCase().replaceAll('""', '"');
  return good.filter(({ file_name: name }) =>
    namesOf(name).some((one) => asked.includes(one.toLowerCase())),
  );
}

function namesOf(fileName: string): string[] {
  return [fileName.replace(/\.csv(?:\.gz)?$/i, ''), fileName];
}

function filesDataset(): Dataset {
  const columns = FILE_COLUMNS.map(({ name, type, description }) => ({ name, type, description }));
  return {
    name: 'files',
    kind: 'view',
    description: 'Every file that was profiled, its newest version',
    columns,
  };
}

function datasetOf(name: string, summary: Summary): Dataset {
  const names = sqlNames(summary.columns.map((column) => column.name));
  return {
    name,
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

async function attachmentOf(
  ports: ServePorts,
  files: readonly FileRecord[],
  tables: readonly { names: string[]; summary: Summary }[],
): Promise<Attachment> {
  const folders: string[] = [];
  for (const { summary } of tables) {
    const folder = await folderOf(ports, objectOf(summary));
    if (folder !== null) folders.push(folder);
  }
  return {
    folders: [ports.cache, ...folders],
    async attach(engine) {
      await attachFiles(engine, files);
      for (const { names, summary } of tables) {
        await attachCsv(ports, engine, { names, object: objectOf(summary) });
      }
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

/** The engine appends to the schema `main` only; what readers see is in the database's own. */
async function attachFiles(engine: QueryEngine, files: readonly FileRecord[]): Promise<void> {
  const raw = FILE_COLUMNS.map(({ name }) => `${name} VARCHAR`).join(', ');
  await engine.run(`CREATE TABLE main._files (${raw})`);
  if (files.length > 0) {
    const values = FILE_COLUMNS.map((column) => ({
      type: 'VARCHAR' as const,
      values: files.map((file) => column.valueOf(file)),
    }));
    await engine.append('_files', values);
  }
  const casts = FILE_COLUMNS.map(({ name, type }) => `CAST(${name} AS ${type}) AS ${name}`);
  await engine.run(`CREATE VIEW files AS SELECT ${casts.join(', ')} FROM main._files`);
}
