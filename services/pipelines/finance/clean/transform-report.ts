import type { QualityReport } from '../../../core/rule.ts';
import type { QueryEngine } from '../../../ports/query-engine.ts';
import { checkTable } from '../../../stages/observe/check.ts';
import type { CleanCounts } from './clean-manifest.ts';
import type { Cleansed } from './cleanse.ts';
import type { FinanceDataset } from '../extract/extract-manifest.ts';
import { inFlightRules, nineRules, SOURCE_COLUMNS, type Thresholds } from '../rules.ts';

/** The quality report of requirements 4.5, under the names it has there. */
export interface CleaningReport {
  initial_records: number;
  final_records: number;
  records_removed: number;
  /** Two decimals. */
  removal_percentage: number;
  /** Of the extracted rows: cells of each column that are empty or cannot be read. */
  null_counts: Record<string, number>;
  rejects_by_reason: Record<string, number>;
  /** The beginning of the logical date: the same rows give the same report. */
  timestamp: string;
}

/** All that transform found out about an extraction, whether or not it went on. */
export interface TransformReport {
  logicalDate: string;
  riskVersion: string;
  /** The manifest of extract that this was made of. */
  inputs: { manifest: string; sha256: string };
  counts: CleanCounts;
  customersCounts: CleanCounts;
  /** Rows that were kept though something is odd about them, by what it is. */
  warnings: Record<string, number>;
  report: CleaningReport;
  /** The checks of requirements 4.6, before any row was refused. */
  inFlight: QualityReport;
  /** The nine rules of requirements 4.7, of the clean rows. */
  rules: QualityReport;
}

/** The key of the newest report of a day; that of a run is in its notes (found.ts). */
export function reportKey(logicalDate: string): string {
  return `clean/${logicalDate}/report.json`;
}

/** The key of the refused rows of an extraction: the same ones lie in the same place, and those of others stay. */
export function rejectsKey(
  dataset: FinanceDataset,
  { logicalDate, inputs }: { logicalDate: string; inputs: { sha256: string } },
): string {
  return `_quarantine/${dataset}/${logicalDate}/${inputs.sha256.slice(0, 16)}.jsonl`;
}

/** The moment that reports of a day bear: its beginning, so that no clock is in them. */
export function momentOf(logicalDate: string): string {
  return `${logicalDate}T00:00:00.000Z`;
}

export function countsOf({ extracted, clean, rejected, rejectsByReason }: Cleansed): CleanCounts {
  return { extracted, clean, rejected, rejectsByReason };
}

/** The report of requirements 4.5 on the staged transactions. */
export async function cleaningReport(
  engine: QueryEngine,
  counts: CleanCounts,
  logicalDate: string,
): Promise<CleaningReport> {
  const list = SOURCE_COLUMNS.map((column) => `count(*) - count(${column})`).join(', ');
  const { rows } = await engine.query(`SELECT ${list} FROM transactions_staged`);
  const nullCounts = SOURCE_COLUMNS.map((column, at) => [column, Number(rows[0]?.[at] ?? 0)]);
  return {
    initial_records: counts.extracted,
    final_records: counts.clean,
    records_removed: counts.rejected,
    removal_percentage: percentOf(counts.rejected, counts.extracted),
    null_counts: Object.fromEntries(nullCounts) as Record<string, number>,
    rejects_by_reason: counts.rejectsByReason,
    timestamp: momentOf(logicalDate),
  };
}

/** Two decimals; 0 of nothing. */
function percentOf(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 10_000) / 100;
}

/** The checks of requirements 4.6 on what came, and the nine rules of 4.7 on what is clean. */
export async function checkTransactions(
  engine: QueryEngine,
  thresholds: Thresholds,
  logicalDate: string,
): Promise<Pick<TransformReport, 'inFlight' | 'rules'>> {
  const common = { dataset: 'transactions', evaluatedAt: momentOf(logicalDate) };
  const inFlight = await checkTable(engine, {
    ...common,
    table: 'transactions_staged',
    rules: inFlightRules(thresholds),
  });
  const rules = await checkTable(engine, {
    ...common,
    table: 'transactions_cleaned',
    rules: nineRules(thresholds, logicalDate),
  });
  return { inFlight, rules };
}

/** Clean customers that are odd: kept, for without them their transactions could not be loaded. */
export async function customerWarnings(engine: QueryEngine): Promise<Record<string, number>> {
  const { rows } = await engine.query(
    `SELECT count(*) FILTER (customer_tier NOT IN ('bronze', 'silver', 'gold', 'platinum')),
       count(*) FILTER (NOT regexp_full_match(email, '[^@\\s]+@[^@\\s]+[.][^@\\s]+'))
     FROM customers_cleaned`,
  );
  return { 'tier-unknown': Number(rows[0]?.[0]), 'email-invalid': Number(rows[0]?.[1]) };
}
