import { PipelineError } from '../../core/error.ts';
import { sha256 } from '../../core/manifest.ts';
import type { QualityReport } from '../../core/rule.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { CleanObject } from './load-source.ts';

/** extracted = clean + rejected. */
export interface CleanCounts {
  extracted: number;
  clean: number;
  rejected: number;
  rejectsByReason: Record<string, number>;
}

/** What the load needs of `clean/{day}/manifest.json`, which transform writes last. */
export interface CleanManifest {
  logicalDate: string;
  riskVersion: string;
  inputs: { manifest: string; sha256: string };
  transactions: CleanObject;
  customers: CleanObject;
  counts: CleanCounts;
  customersCounts: CleanCounts;
  report: Record<string, unknown>;
  inFlight: QualityReport;
  rules: QualityReport;
}

/** The key of a day's clean manifest. */
export function cleanManifestKey(logicalDate: string): string {
  return `clean/${logicalDate}/manifest.json`;
}

/** The clean manifest and the hash of its bytes; `not-found` before transform, `input-invalid` for a damaged one. */
export async function readCleanManifest(
  store: ObjectStore,
  key: string,
  signal?: AbortSignal,
): Promise<{ manifest: CleanManifest; digest: string }> {
  const address = `${store.url}/${key}`;
  const bytes = await store.get(key, { signal });
  if (bytes === null) {
    throw new PipelineError('not-found', `${address}: there is nothing clean to load`, {
      hint: 'run transform for this logical date first',
    });
  }
  const manifest = parsed(bytes);
  if (manifest === null) {
    throw new PipelineError('input-invalid', `${address}: not the clean manifest of a day`, {
      hint: 'the object is damaged: run the pipeline again for this logical date',
    });
  }
  return { manifest, digest: sha256(bytes) };
}

function parsed(bytes: Uint8Array): CleanManifest | null {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return null;
  }
  const { transactions, customers, counts, customersCounts, inputs } = (value ??
    {}) as Partial<CleanManifest>;
  const isWhole =
    isObject(transactions) &&
    isObject(customers) &&
    isCounts(counts) &&
    isCounts(customersCounts) &&
    typeof inputs?.manifest === 'string';
  return isWhole ? (value as CleanManifest) : null;
}

function isObject(value: Partial<CleanObject> | undefined): boolean {
  const { key, rows, sha256: hash } = value ?? {};
  return typeof key === 'string' && Number.isSafeInteger(rows) && typeof hash === 'string';
}

function isCounts(value: Partial<CleanCounts> | undefined): boolean {
  const { extracted, clean, rejected } = value ?? {};
  return [extracted, clean, rejected].every((count) => Number.isSafeInteger(count));
}
