import type { Dataset, DatasetColumn } from '../../core/dataset.ts';
import type { QueryEngine } from '../../ports/query-engine.ts';
import type { FileRecord } from './summary.ts';
import { FILES_TABLE } from './table-name.ts';

const FILE_COLUMNS: readonly (DatasetColumn & {
  valueOf(file: FileRecord, isGone: boolean): string | null;
})[] = [
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
  text('is_gone', 'Whether the object is gone', (_, isGone) => String(isGone), 'BOOLEAN'),
];

function text(
  name: string,
  description: string,
  valueOf: (file: FileRecord, isGone: boolean) => string | null,
  type: DatasetColumn['type'] = 'VARCHAR',
) {
  return { name, type, description, valueOf };
}

/** What the table of all records is. */
export function filesDataset(): Dataset {
  const columns = FILE_COLUMNS.map(({ name, type, description }) => ({ name, type, description }));
  return {
    name: FILES_TABLE,
    kind: 'view',
    description: 'Every file that was profiled, its newest version',
    columns,
    from: ['source:uploads'],
  };
}

/**
 * Makes the records the table `files`; `present` has the keys that are there. The engine appends to the schema `main`
 * only; what readers see is in the database's own.
 */
export async function attachFiles(
  engine: QueryEngine,
  { files, present }: { files: readonly FileRecord[]; present: ReadonlySet<string> },
): Promise<void> {
  const raw = FILE_COLUMNS.map(({ name }) => `${name} VARCHAR`).join(', ');
  await engine.run(`CREATE TABLE main._files (${raw})`);
  if (files.length > 0) {
    const values = FILE_COLUMNS.map((column) => ({
      type: 'VARCHAR' as const,
      values: files.map((file) => column.valueOf(file, !present.has(file.source_key))),
    }));
    await engine.append('_files', values);
  }
  const casts = FILE_COLUMNS.map(({ name, type }) => `CAST(${name} AS ${type}) AS ${name}`);
  await engine.run(`CREATE VIEW ${FILES_TABLE} AS SELECT ${casts.join(', ')} FROM main._files`);
}
