import { rm } from 'node:fs/promises';
import { sha256 } from '../../../core/manifest.ts';
import type { RunIdentity, StepPorts } from '../../../ports/step.ts';
import type { Feed } from '../../../stages/land/feed/feed.ts';
import type { Spooled } from '../../../stages/land/feed/spool.ts';
import { landFile } from '../../../stages/land/land-file.ts';
import {
  encodeExtractManifest,
  type ExtractedSource,
  type ExtractManifest,
  extractManifestKey,
  type FinanceDataset,
  landedKeys,
  ownExtractManifestKey,
  type Watermark,
} from './extract-manifest.ts';
import { keepNewest, keepObject } from '../clean/keep-object.ts';
import type { ReadSource } from './read-sources.ts';
import { sourceId } from './watermark.ts';

/** Lands a source that was read, unless the very bytes are there already. */
export async function landSource(
  ports: StepPorts,
  run: RunIdentity,
  { dataset, feed, file, isOnly }: ReadSource,
): Promise<{ source: ExtractedSource; isNew: boolean }> {
  const { store, signal } = ports;
  const { columns, rows, sizeBytes, reportedTotal } = file;
  const keys = landedKeys(run.logicalDate, { dataset, sha256: file.sha256, isOnly });
  const { key, isNew } = await landFile(store, { ...file, keys, signal });
  await rm(file.path, { force: true });
  ports.progress(isNew ? { objectsWritten: 1 } : { objectsSkipped: 1 });
  const watermark = watermarkOf(dataset, feed, file);
  const landed = { key, format: 'csv', columns, rows, bytes: sizeBytes } as const;
  const { rewrittenFrom } = file;
  const source = {
    dataset,
    address: feed.address,
    ...landed,
    sha256: file.sha256,
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

/**
 * Puts the manifest last: under a key of its own, by which the run goes on whatever other runs of the day do, and as the
 * newest of its day. Returns that key, and how many of the two were not there already.
 */
export async function keepManifest(
  { store, signal }: StepPorts,
  manifest: ExtractManifest,
): Promise<{ key: string; written: number }> {
  const content = encodeExtractManifest(manifest);
  const { logicalDate } = manifest;
  const key = ownExtractManifestKey(logicalDate, sha256(content));
  const own = await keepObject(store, key, { content, signal });
  const newest = await keepNewest(store, extractManifestKey(logicalDate), { content, signal });
  return { key, written: [own, newest].filter((one) => one === 'written').length };
}
