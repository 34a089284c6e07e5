import { PipelineError } from '../../../core/error.ts';
import { sha256 } from '../../../core/manifest.ts';
import type { Parameters } from '../../../core/parameter.ts';
import type { QualityReport } from '../../../core/rule.ts';
import type { ObjectStore } from '../../../ports/object-store.ts';
import type { ParameterSpec } from '../../../ports/step.ts';
import type { CleanObject } from '../load/load-source.ts';

/** extracted = clean + rejected. */
export interface CleanCounts {
  extracted: number;
  clean: number;
  rejected: number;
  rejectsByReason: Record<string, number>;
}

/** What the load needs of what transform has made of an extraction; written after all that it names. */
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

/** The key of the newest clean manifest of a day, for readers: a run hands the key of its own on to its next step. */
export function cleanManifestKey(logicalDate: string): string {
  return `clean/${logicalDate}/manifest.json`;
}

/** The parameter by which load and quality are told which clean manifest is that of their run. */
export const CLEAN_PARAMETER: ParameterSpec = {
  name: 'clean',
  description:
    'Key of the clean manifest, as transform has named it; empty for the newest of the day',
  default: '',
};

/** The key that `CLEAN_PARAMETER` gives. */
export function cleanKeyOf(parameters: Parameters, logicalDate: string): string {
  const given = parameters[CLEAN_PARAMETER.name] ?? '';
  return given === '' ? cleanManifestKey(logicalDate) : given;
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
