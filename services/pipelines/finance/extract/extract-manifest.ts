import { PipelineError } from '../../../core/error.ts';
import { sha256 } from '../../../core/manifest.ts';
import type { ObjectStore } from '../../../ports/object-store.ts';

/** The two datasets that come from outside (requirements 4.3). */
export type FinanceDataset = 'transactions' | 'customers';

/** How far a source has been read, for the next increment: see `watermark.ts`. */
export type Watermark =
  /** Rows up to this moment, as the source writes it. */
  | { id: string; moment: string }
  /** This version of a file or object. */
  | { id: string; etag: string };

/** One source of a day, as it was landed. */
export interface ExtractedSource {
  dataset: FinanceDataset;
  /** Where it came from, without secrets. */
  address: string;
  /** The landed CSV: UTF-8, commas, a header; an unquoted empty field is NULL. */
  key: string;
  format: 'csv';
  /** The columns in the order in which they stand in the file. */
  columns: readonly string[];
  rows: number;
  bytes: number;
  sha256: string;
  /** How many rows the source says it has; null where it says nothing. */
  reportedTotal: number | null;
  watermark: Watermark | null;
  /** How the source was written when its bytes are not those that landed: `gzip`, `delimiter ";"`, `parquet`. */
  rewrittenFrom?: string;
}

/** What one extraction of a day has brought; written after all that it names. */
export interface ExtractManifest {
  logicalDate: string;
  sources: ExtractedSource[];
}

/** The key of the newest manifest of a day, for readers: a run hands the key of its own on to its next step. */
export function extractManifestKey(logicalDate: string): string {
  return `extracted/${logicalDate}/manifest.json`;
}

/** The key of the manifest with these bytes, which no other run replaces. */
export function ownExtractManifestKey(logicalDate: string, digest: string): string {
  return `extracted/${logicalDate}/manifest-${digest.slice(0, 16)}.json`;
}

/**
 * The keys under which a source may be landed, the first free one first: the name of requirements 4.2, with the moment
 * at which the logical date begins; with part of its hash where a dataset has several, or where other bytes came before.
 */
export function landedKeys(
  logicalDate: string,
  { dataset, sha256: hash, isOnly }: { dataset: FinanceDataset; sha256: string; isOnly: boolean },
): string[] {
  const name = `extracted/${logicalDate}/raw_${dataset}_${logicalDate.replaceAll('-', '')}_000000`;
  const own = `${name}_${hash.slice(0, 16)}.csv`;
  return isOnly ? [`${name}.csv`, own] : [own];
}

export function encodeExtractManifest(manifest: ExtractManifest): Uint8Array {
  return Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
}

/** The manifest and the hash of its bytes; `not-found` before extract, `input-invalid` for a damaged one. */
export async function readExtractManifest(
  store: ObjectStore,
  key: string,
  signal?: AbortSignal,
): Promise<{ manifest: ExtractManifest; digest: string }> {
  const address = `${store.url}/${key}`;
  const bytes = await store.get(key, { signal });
  if (bytes === null) {
    throw new PipelineError('not-found', `${address}: nothing was extracted`, {
      hint: 'run extract for this logical date first',
    });
  }
  const manifest = parsed(bytes);
  if (manifest !== null) return { manifest, digest: sha256(bytes) };
  throw new PipelineError('input-invalid', `${address}: not the manifest of an extraction`, {
    hint: 'the object is damaged: run extract again for this logical date',
  });
}

function parsed(bytes: Uint8Array): ExtractManifest | null {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return null;
  }
  const { logicalDate, sources } = (value ?? {}) as Partial<ExtractManifest>;
  if (typeof logicalDate !== 'string' || !Array.isArray(sources)) return null;
  return sources.every(isSource) ? (value as ExtractManifest) : null;
}

function isSource(value: unknown): boolean {
  const {
    dataset,
    address,
    key,
    columns,
    rows,
    sha256: hash,
  } = (value ?? {}) as Partial<ExtractedSource>;
  return (
    (dataset === 'transactions' || dataset === 'customers') &&
    [address, key, hash].every((text) => typeof text === 'string') &&
    Array.isArray(columns) &&
    Number.isSafeInteger(rows)
  );
}
