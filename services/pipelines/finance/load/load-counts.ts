import { PipelineError } from '../../../core/error.ts';
import type { LoadCounts } from '../../../stages/serve/load.ts';
import type { UpsertCounts } from '../../../stages/serve/upsert.ts';
import type { AuditNote } from '../audit.ts';
import type { CleanManifest } from '../clean/clean-manifest.ts';
import type { ExtractManifest } from '../extract/extract-manifest.ts';
import { type Reconciliation, reconcile } from '../extract/reconcile.ts';

const NAMES = [
  'extracted',
  'transformed',
  'rejected',
  'inserted',
  'updated',
  'unchanged',
  'held',
  'released',
  'customersExtracted',
  'customersRejected',
  'customersInserted',
  'customersUpdated',
  'customersUnchanged',
] as const;

/** What a load did: transactions by what became of them, and customers beside them. */
export type Loaded = Record<(typeof NAMES)[number], number>;

/** What the transaction has done. */
export interface Deeds {
  customers: UpsertCounts;
  transactions: UpsertCounts;
  held: number;
  released: number;
}

/** The counts of a load; `bug` unless every extracted row is in the warehouse, held, or rejected with a reason. */
export function countsOf(manifest: CleanManifest, deeds: Deeds): Loaded {
  const { counts, customersCounts } = manifest;
  const loaded = {
    extracted: counts.extracted,
    transformed: counts.clean,
    rejected: counts.rejected,
    ...deeds.transactions,
    held: deeds.held,
    released: deeds.released,
    customersExtracted: customersCounts.extracted,
    customersRejected: customersCounts.rejected,
    customersInserted: deeds.customers.inserted,
    customersUpdated: deeds.customers.updated,
    customersUnchanged: deeds.customers.unchanged,
  };
  if (differenceOf(loaded) === 0) return loaded;
  const { extracted, rejected, held } = loaded;
  throw new PipelineError(
    'bug',
    `load: ${extracted} extracted is not ${rejected} rejected + ${inPlace(loaded)} loaded + ${held} held`,
  );
}

/** The counts of a load. */
export function loadedOf(counts: LoadCounts): Loaded {
  return Object.fromEntries(NAMES.map((name) => [name, counts[name] ?? 0])) as Loaded;
}

/** The counts of a load that is repeated: every row is in place, but for those that are held even now. */
export function repeatedOf(loaded: Loaded, heldNow: number): Loaded {
  return {
    ...loaded,
    inserted: 0,
    updated: 0,
    unchanged: inPlace(loaded) + loaded.held - heldNow,
    held: heldNow,
    released: 0,
    customersInserted: 0,
    customersUpdated: 0,
    customersUnchanged: customersInPlace(loaded),
  };
}

/** Rows of transactions that this load has written. */
export function rowsWritten(loaded: Loaded): number {
  const { inserted, updated, released, customersInserted, customersUpdated } = loaded;
  return inserted + updated + released + customersInserted + customersUpdated;
}

/** What the audit row is told of a load, in the transaction that loads. */
export function auditNoteOf(
  { manifest, extraction }: { manifest: CleanManifest; extraction: ExtractManifest | null },
  loaded: Loaded,
): AuditNote {
  const { extracted, transformed, rejected } = loaded;
  return {
    counts: { extracted, transformed, rejected, loaded: inPlace(loaded) },
    report: {
      accounts: { ...loaded, loaded: inPlace(loaded), difference: differenceOf(loaded) },
      rejects_by_reason: manifest.counts.rejectsByReason,
      reconciliation: extraction === null ? null : reconciliations(extraction, loaded),
      cleaning: manifest.report,
      in_flight: manifest.inFlight,
      nine_rules: manifest.rules,
      risk_version: manifest.riskVersion,
    },
  };
}

/** What the sources say that they have against what is in the warehouse. */
export function reconciliations(extraction: ExtractManifest, loaded: Loaded): Reconciliation[] {
  const { rejected, held } = loaded;
  return [
    reconcile(extraction, 'transactions', { loaded: inPlace(loaded), rejected, held }),
    reconcile(extraction, 'customers', {
      loaded: customersInPlace(loaded),
      rejected: loaded.customersRejected,
      held: 0,
    }),
  ];
}

function inPlace({ inserted, updated, unchanged }: Loaded): number {
  return inserted + updated + unchanged;
}

function customersInPlace(loaded: Loaded): number {
  return loaded.customersInserted + loaded.customersUpdated + loaded.customersUnchanged;
}

function differenceOf(loaded: Loaded): number {
  return loaded.extracted - loaded.rejected - inPlace(loaded) - loaded.held;
}
