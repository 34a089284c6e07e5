import type { ObjectInfo } from '../../ports/object-store.ts';
import {
  type ColumnProfile,
  type NumberStatistics,
  type Profile,
  PROFILE_VERSION,
} from '../../stages/shape/profile/profile.ts';
import { percentage } from '../../stages/shape/profile/conclude-column.ts';
import { type PersonalData, personalData } from './personal-data.ts';
import { fileNameOf, summaryKeyOf } from './upload.ts';

/** What is wrong in a file (requirements 5.4.7); with what is more than that, where the bytes are no clean table. */
export interface QualityIssues {
  total_rows: number;
  has_issues: boolean;
  missing_values: Record<string, { count: number; percentage: number }>;
  invalid_values: Record<
    string,
    {
      count: number;
      percentage: number;
      expected_type: string;
      examples: { line: number; value: string }[];
    }
  >;
  structure: Profile['flaws'];
  warnings: Profile['warnings'];
  /** Only on error. */
  error?: string;
}

/** The metadata of one version of a file (requirements 5.5), as `argosy files` lists it. */
export interface FileRecord {
  file_name: string;
  /** When the object was stored, and when it was profiled; ISO 8601, UTC. */
  upload_timestamp: string;
  processed_timestamp: string;
  status: 'success' | 'error';
  /** 0 on error. */
  row_count: number;
  column_count: number;
  /** Column → type; empty on error. A column's place is in the summary, for JSON orders keys that are numbers. */
  schema: Record<string, string>;
  statistics: Record<string, NumberStatistics>;
  quality_issues: QualityIssues;
  /** Columns that may tell of a person, and what; absent in records of earlier versions. */
  pii_hints?: Record<string, PersonalData>;
  error_message?: string;
  source_key: string;
  etag: string;
  size_bytes: number;
  summary_key: string;
  profile_version: number;
}

/** The summary object: the record, how the file is written, and every column in its place. On error: what was found until then. */
export interface Summary extends FileRecord {
  dialect: Profile['dialect'];
  columns: ColumnProfile[];
  row_widths: Profile['row_widths'];
}

/** The summary of a profile. */
export function summaryOf(info: ObjectInfo, profile: Profile, processedAt: Date): Summary {
  const fileName = fileNameOf(info.key);
  const { status, error_message: error } = profile;
  return {
    file_name: fileName,
    upload_timestamp: info.lastModified.toISOString(),
    processed_timestamp: processedAt.toISOString(),
    status,
    row_count: profile.row_count,
    column_count: profile.column_count,
    schema: byName(profile.columns, ({ type }) => type),
    statistics: byName(profile.columns, ({ type, numbers }) =>
      type === 'int' || type === 'float' ? numbers : null,
    ),
    quality_issues: issuesOf(profile),
    pii_hints: byName(profile.columns, personalData),
    ...(error === null ? {} : { error_message: error }),
    source_key: info.key,
    etag: info.etag,
    size_bytes: info.sizeBytes,
    summary_key: summaryKeyOf(fileName),
    profile_version: PROFILE_VERSION,
    dialect: profile.dialect,
    columns: profile.columns,
    row_widths: profile.row_widths,
  };
}

/** The metadata item of a summary: on error without rows and schema, whatever was found. */
export function recordOf(summary: Summary): FileRecord {
  const { dialect: _, columns: __, row_widths: ___, ...record } = summary;
  if (record.status === 'success') return record;
  return { ...record, row_count: 0, schema: {}, statistics: {} };
}

function issuesOf(profile: Profile): QualityIssues {
  const { columns, row_count: rows, flaws, warnings, error_message: error } = profile;
  const missing = byName(columns, ({ blanks }) =>
    blanks === 0 ? null : { count: blanks, percentage: percentage(blanks, rows) },
  );
  const invalid = byName(columns, (column) =>
    column.invalid === 0
      ? null
      : {
          count: column.invalid,
          percentage: column.invalid_percentage,
          expected_type: column.type,
          examples: column.invalid_examples,
        },
  );
  const found = [missing, invalid, flaws].some((kind) => Object.keys(kind).length > 0);
  return {
    total_rows: rows,
    has_issues: found || error !== null,
    missing_values: missing,
    invalid_values: invalid,
    structure: flaws,
    warnings,
    ...(error === null ? {} : { error }),
  };
}

/** A value for each column that has one; safe for every name, `__proto__` too. */
function byName<T>(
  columns: readonly ColumnProfile[],
  valueOf: (column: ColumnProfile) => T | null,
): Record<string, T> {
  const entries = columns.flatMap((column) => {
    const value = valueOf(column);
    return value === null ? [] : [[column.name, value] as const];
  });
  return Object.fromEntries(entries);
}

/** JSON as every summary has it: indented by two, a line end at the end. */
export function encodeSummary(summary: Summary): Uint8Array {
  return Buffer.from(`${JSON.stringify(summary, null, 2)}\n`);
}
