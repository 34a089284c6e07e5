import type { CheckResult } from '../../../core/rule.ts';
import type { Cell, Column } from '../../../ports/query-engine.ts';

/** What was seen of a check, and whether that is what was asked. */
export type Finding = Pick<CheckResult, 'observed' | 'failureCount' | 'isPassed'>;

/** How the answer to one check is found: by aggregates of the one pass, by a statement of its own, or at once. */
export interface Probe {
  subject: string;
  bound: string;
  /** Expressions over all rows, such as `count("amount")`; asked together with those of the other checks. */
  aggregates?: readonly string[];
  /** A SELECT of one number, for what one pass cannot tell. */
  statement?: string;
  /** Judges the cells of the aggregates in their order, then that of the statement. */
  judge(cells: readonly Cell[], rowCount: number): Finding;
}

/** The table that the checks look at. */
export interface Target {
  columns: readonly Column[];
  /** `FROM "table"` with its condition, if any. */
  from: string;
}

/** The finding of a check that counts rows: it holds when none breaks it. */
export function countFinding(count: number, noun: string, observed = ''): Finding {
  const seen = observed === '' ? `${count} ${noun}` : observed;
  return { observed: seen, failureCount: count, isPassed: count === 0 };
}

/** The finding of a check of the table as a whole. */
export function wholeFinding(isPassed: boolean, observed: string): Finding {
  return { observed, failureCount: isPassed ? 0 : 1, isPassed };
}
