import type { ColumnFamily } from './column-family.ts';

/** Whether a rule that does not hold stops the run, or is only told. */
export type Severity = 'block' | 'warn';

/**
 * What a rule asks of a table. Bounds are inclusive. Numbers are given as decimal text where they must be exact.
 *
 * `columns`: these columns are there, in this order, others may stand between them. `not-null`, `unique`, `range`,
 * `one-of` and `matches` (a POSIX regular expression that the whole text must match) count the rows that break them;
 * all but `not-null` leave NULL alone. `not-after` compares a moment. `row-count` and the shares look at the table as a whole;
 * `null-share` is null cells ÷ all cells of the columns, `duplicate-share` rows with a key seen before ÷ rows.
 * `types`: each named column holds that family of values, whatever the engine calls its type.
 * `reference`: the column's values are among those of another table. `sql`: one SELECT of one number, the failures.
 */
export type Check =
  | { kind: 'columns'; columns: readonly string[] }
  | { kind: 'types'; types: Readonly<Record<string, ColumnFamily>> }
  | { kind: 'not-null'; column: string }
  | { kind: 'unique'; columns: readonly string[] }
  | { kind: 'range'; column: string; min?: string; max?: string }
  | { kind: 'one-of'; column: string; values: readonly string[] }
  | { kind: 'matches'; column: string; pattern: string }
  | { kind: 'not-after'; column: string; moment: string }
  | { kind: 'row-count'; min?: number; max?: number }
  | { kind: 'null-share'; columns: readonly string[]; max: number }
  | { kind: 'duplicate-share'; columns: readonly string[]; max: number }
  | { kind: 'reference'; column: string; table: string; key: string }
  | { kind: 'sql'; sql: string; bound: string };

/** A quality rule of one table: `name` is kebab-case, unique in its list, and a value of a metric's label. */
export interface Rule {
  name: string;
  summary: string;
  severity: Severity;
  /** One rule may need several checks; it holds when all do. */
  checks: readonly Check[];
}

/** What came of one check. */
export interface CheckResult {
  kind: Check['kind'];
  /** What was looked at: a column, columns with commas between, or the table. */
  subject: string;
  /** What was seen, as text: a count, a share, a list of columns. */
  observed: string;
  /** What was asked, as text: `0 null`, `≤ 0.05`, `0.01..1000000.00`. */
  bound: string;
  /** Rows that break it; 1 for a check of the whole table that fails. */
  failureCount: number;
  isPassed: boolean;
}

/** What came of one rule. */
export interface RuleVerdict {
  rule: string;
  summary: string;
  severity: Severity;
  isPassed: boolean;
  checks: readonly CheckResult[];
}

/** What came of all rules of one table; kept as JSON with the run. */
export interface QualityReport {
  dataset: string;
  /** ISO moment, from the clock port. */
  evaluatedAt: string;
  rowCount: number;
  /** Checks, not rules: nine rules may have eleven. */
  checkCount: number;
  passedCount: number;
  /** passedCount ÷ checkCount × 100, two decimals; 100 without checks (requirements 4.7). */
  scorePercent: number;
  rules: readonly RuleVerdict[];
}
