import { rm } from 'node:fs/promises';
import type { RunIdentity, StepPorts } from '../../ports/step.ts';
import type { Feed } from '../../stages/land/feed/feed.ts';
import type { Spooled } from '../../stages/land/feed/spool.ts';
import { landFile } from '../../stages/land/land-file.ts';
import {
  encodeExtractManifest,
  type ExtractedSource,
  type ExtractManifest,
  type FinanceDataset,
  landedKeys,
  type Watermark,
} from './extract-manifest.ts';
import type { ReadSource } from './read-sources.ts';
import { sourceId } from './watermark.ts';

/** Lands a source that was read, unless the very bytes are there already. */
export async function landSource(
  ports: StepPorts,
  run: RunIdentity,
  { dataset, feed, file, isOnly }: ReadSource,
): Promise<{ source: ExtractedSource; isNew: boolean }> {
  const { store, signal } = ports;
  const { sha256, columns, rows, sizeBytes, reportedTotal } = file;
  const keys = landedKeys(run.logicalDate, { dataset, sha256, isOnly });
  const { key, isNew } = await landFile(store, { ...file, keys, signal });
  await rm(file.path, { force: true });
  ports.progress(isNew ? { objectsWritten: 1 } : { objectsSkipped: 1 });
  const watermark = watermarkOf(dataset, feed, file);
  const landed = { key, format: 'csv', columns, rows, bytes: sizeBytes, sha256 } as const;
  const { rewrittenFrom } = file;
  const source = {
    dataset,
    address: feed.address,
    ...landed,
    reportedTotal,
    watermark,
    ...(rewrittenFrom !== null && { rewrittenFrom }),
  };
  return { source, isNew };
}

function watermarkOf(
  dataset: FinanceDataset,
  { address, etag }: Feed,
  { newest }: Spooled,
): Watermark | null {
  const id = sourceId(dataset, address);
  if (etag !== null) return { id, etag };
  return newest === null ? null : { id, moment: newest };
}

/** Puts the manifest last; false when these very bytes are there already. */
export async function keepManifest(
  { store, signal }: StepPorts,
  key: string,
  manifest: ExtractManifest,
): Promise<boolean> {
  const bytes = encodeExtractManifest(manifest);
  const stored = await store.get(key, { signal });
  if (stored !== null && Buffer.compare(stored, bytes) === 0) return false;
  await store.put(key, bytes, { signal });
  return true;
}
