import pLimit from 'p-limit';
import { sha256 } from '../../../core/manifest.ts';
import type { CallOptions } from '../../../ports/object-store.ts';
import type { RecordStore } from '../../../ports/record-store.ts';
import { readMoment } from '../../../stages/land/feed/newest.ts';
import { allSettled } from '../../../stages/shape/settle.ts';
import type { ExtractedSource, ExtractManifest, FinanceDataset } from './extract-manifest.ts';

/** How far each source has been loaded, by source. */
export const WATERMARKS = 'watermarks';

/** Records read or written at once. */
const AT_ONCE = 16;

/** How far a source has been loaded: the newest moment of its rows, or the etag of a file or object. */
interface Kept {
  address: string;
  value: string;
  /** The logical date whose load moved it here, and where it was before that day. */
  day: string;
  previous: string | null;
}

/** The id of a source in the records: a dataset's and an address's. */
export function sourceId(dataset: FinanceDataset, address: string): string {
  return `${dataset}/${sha256(address).slice(0, 32)}`;
}

/**
 * The moment or etag up to which a source was loaded by the days before this one; null when it was not, and for a day
 * before the last one that was loaded. So the same day again takes the same rows, whatever was loaded of it before.
 */
export async function loadedBefore(
  records: RecordStore,
  { id, day }: { id: string; day: string },
  options?: CallOptions,
): Promise<string | null> {
  const kept = await records.get<Kept>(WATERMARKS, id, options);
  if (kept === null || day < kept.day) return null;
  return day === kept.day ? kept.previous : kept.value;
}

/**
 * Moves the watermarks to what the manifest holds. To be called once its load has committed, and only then: what was
 * not loaded is asked for again by the next run. A moment never moves back, and an older day moves nothing. Twice
 * equals once.
 */
export async function commitWatermarks(
  records: RecordStore,
  manifest: ExtractManifest,
  options?: CallOptions,
): Promise<void> {
  const limit = pLimit(AT_ONCE);
  const move = (source: ExtractedSource): Promise<void> =>
    limit(() => moveOne(records, { source, day: manifest.logicalDate }, options));
  await allSettled(manifest.sources.map(move));
}

async function moveOne(
  records: RecordStore,
  { source, day }: { source: ExtractedSource; day: string },
  options?: CallOptions,
): Promise<void> {
  const { address, watermark } = source;
  if (watermark === null) return;
  const kept = await records.get<Kept>(WATERMARKS, watermark.id, options);
  if (kept !== null && day < kept.day) return;
  const value = 'etag' in watermark ? watermark.etag : later(kept?.value, watermark.moment);
  const previous = (kept?.day === day ? kept.previous : kept?.value) ?? null;
  const moved: Kept = { address, value, day, previous };
  await records.put(WATERMARKS, watermark.id, moved, options);
}

function later(before: string | undefined, moment: string): string {
  return before !== undefined && readMoment(before) >= readMoment(moment) ? before : moment;
}
