import { humaneBytes, humaneCount } from '../../core/humane.ts';
import type { FileRecord } from '../../pipelines/csv-intake/summary.ts';
import type { Summary } from '../summary/summary.ts';

/** Profiled files as a table for people, one a row. */
export function fileTable(files: readonly FileRecord[]): NonNullable<Summary['table']> {
  const heads = ['file', 'status', 'rows', 'columns', 'size', 'profiled', 'issues'];
  const right = new Set(['rows', 'columns', 'size']);
  return {
    columns: heads.map((name) => ({ name, align: right.has(name) ? 'right' : 'left' })),
    rows: files.map((file) => [
      file.file_name,
      file.status,
      humaneCount(file.row_count),
      humaneCount(file.column_count),
      humaneBytes(file.size_bytes),
      file.processed_timestamp.slice(0, 19).replace('T', ' '),
      issuesText(file),
    ]),
  };
}

/** What is wrong in a file, in a few words. */
function issuesText({ error_message: error, quality_issues: issues }: FileRecord): string {
  if (error !== undefined) return error;
  const missing = Object.keys(issues.missing_values).length;
  const invalid = Object.keys(issues.invalid_values).length;
  const flaws = Object.keys(issues.structure).map((flaw) => flaw.replaceAll('_', ' '));
  const parts = [
    ...flaws,
    ...(missing > 0 ? [`blanks in ${columns(missing)}`] : []),
    ...(invalid > 0 ? [`invalid cells in ${columns(invalid)}`] : []),
  ];
  return parts.length === 0 ? '-' : parts.join(', ');
}

function columns(count: number): string {
  return count === 1 ? '1 column' : `${count} columns`;
}
