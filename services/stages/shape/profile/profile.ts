import type { Bars } from '../../../core/histogram.ts';
import type { Flaw, Located } from './structure-tally.ts';
import type { Encoding } from './text-encoding.ts';

/** Counts up whenever the same file could get another profile than before. */
export const PROFILE_VERSION = 1;

export type ColumnType = 'int' | 'float' | 'date' | 'string';

export const DATE_FORMATS = ['YYYY-MM-DD', 'YYYY/MM/DD', 'MM/DD/YYYY', 'DD/MM/YYYY'] as const;
export type DateFormat = (typeof DATE_FORMATS)[number];

/** How a file is written. */
export interface Dialect {
  encoding: Encoding;
  has_bom: boolean;
  delimiter: string;
  quote: string;
  /** What the lines end with; `mixed` where more than one kind was seen, `none` without any line end. */
  newline: 'lf' | 'crlf' | 'cr' | 'mixed' | 'none';
  compression: 'gzip' | 'none';
}

/** A cell to look at: its line (from 1) and its content, cut after 64 bytes. */
export interface Example {
  line: number;
  value: string;
}

/** Over the cells that read as numbers, whatever the column's type. Whole numbers beyond 2^53 are text, so that they stay exact. */
export interface NumberStatistics {
  min: number | string;
  max: number | string;
  /** The exact mean, as the nearest double. */
  avg: number;
  count: number;
}

export interface ColumnProfile {
  name: string;
  type: ColumnType;
  /** Only of a date column: the format of its days. */
  date_format: DateFormat | null;
  /** As many cells fit MM/DD/YYYY as DD/MM/YYYY. */
  ambiguous_date_order: boolean;
  /** Whole numbers with needless zeros before them: codes, not numbers. */
  identifier_like: boolean;
  blanks: number;
  blank_percentage: number;
  /** Cells that are not blank and not of the column's type. */
  invalid: number;
  invalid_percentage: number;
  invalid_examples: Example[];
  numbers: NumberStatistics | null;
  dates: { first: string; last: string } | null;
  histogram: Bars | null;
  /** How many cells are what, by themselves. */
  cells: {
    int: number;
    float: number;
    zero_led: number;
    text: number;
    dates: Partial<Record<DateFormat, number>>;
  };
  /** The first cells that are not blank. */
  examples: Example[];
  /** The longest cell, in bytes. */
  bytes_max: number;
}

/** Something worth a look that is no flaw of the bytes. */
export interface ProfileWarning {
  code:
    | 'single_column'
    | 'blank_header'
    | 'duplicate_header'
    | 'header_like_data'
    | 'rows_unlike_columns'
    | 'encoding_guessed'
    | 'mixed_newlines';
  message: string;
  lines: number[];
}

/** What one pass over a CSV tells of it. `error` also comes with whatever was found out until then. */
export interface Profile {
  status: 'success' | 'error';
  error_message: string | null;
  row_count: number;
  column_count: number;
  dialect: Dialect;
  columns: ColumnProfile[];
  /** How many rows have how many fields. */
  row_widths: Record<string, number>;
  /** Where the bytes are not the table they claim to be; only kinds that were found. */
  flaws: Partial<Record<Flaw, Located>>;
  warnings: ProfileWarning[];
}

/** When a column takes a type (decisions.md), and whether a file without header row is an error. */
export interface ProfileRules {
  /** A column takes a type when at least this share of its cells that are not blank fits… */
  typeShareMin: number;
  /** …or when at most so many do not fit and at least this share does. */
  misfitsMax: number;
  smallShareMin: number;
  /** From this share of zero-led whole numbers on, a column holds identifiers. */
  zeroLedShareMin: number;
  isHeaderRequired: boolean;
}

export const PROFILE_RULES: ProfileRules = {
  typeShareMin: 0.9,
  misfitsMax: 2,
  smallShareMin: 0.7,
  zeroLedShareMin: 0.01,
  isHeaderRequired: true,
};
