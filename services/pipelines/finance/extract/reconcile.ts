import type { ExtractManifest, FinanceDataset } from './extract-manifest.ts';

/** What became of the rows of a dataset in its load. */
export interface LoadedRows {
  /** Inserted, updated or there already. */
  loaded: number;
  rejected: number;
  /** Waiting for their customer. */
  held: number;
}

/** The rows that sources say they have against those that were loaded (requirements 4.13). */
export interface Reconciliation {
  dataset: FinanceDataset;
  /** Rows that the sources say they have; null when not all of them say it. */
  reported: number | null;
  extracted: number;
  loaded: number;
  rejected: number;
  held: number;
  /** extracted - loaded - rejected - held: 0, or rows were lost or came from nowhere. */
  unaccounted: number;
  /** reported - loaded: what of the source is not in the warehouse; null when it is not known. */
  missing: number | null;
}

/** Reconciles one dataset of a manifest with its load, for the run record and the report. */
export function reconcile(
  manifest: ExtractManifest,
  dataset: FinanceDataset,
  { loaded, rejected, held }: LoadedRows,
): Reconciliation {
  const sources = manifest.sources.filter((source) => source.dataset === dataset);
  const extracted = sources.reduce((sum, { rows }) => sum + rows, 0);
  const totals = sources.map(({ reportedTotal }) => reportedTotal);
  const reported = totals.reduce<number | null>(
    (sum, total) => (sum === null || total === null ? null : sum + total),
    0,
  );
  return {
    dataset,
    reported: sources.length === 0 ? null : reported,
    extracted,
    loaded,
    rejected,
    held,
    unaccounted: extracted - loaded - rejected - held,
    missing: reported === null || sources.length === 0 ? null : reported - loaded,
  };
}
