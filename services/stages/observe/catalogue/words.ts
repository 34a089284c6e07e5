import { humaneAge, humaneBytes, humaneCount, humaneDuration } from '../../../core/humane.ts';
import type { RunRecord } from '../run-record.ts';
import type { CatalogueEntry } from './catalogue.ts';

/** Rows as people read them, `~` before an estimate; null where nobody has counted. */
export function rowsText({ facts }: Pick<CatalogueEntry, 'facts'>): string | null {
  if (facts === null || facts.rows === null) return null;
  return `${facts.isEstimate === true ? '~' : ''}${humaneCount(facts.rows)}`;
}

/** Bytes as people read them. */
export function bytesText({ facts }: Pick<CatalogueEntry, 'facts'>): string | null {
  const sizeBytes = facts?.sizeBytes ?? null;
  return sizeBytes === null ? null : humaneBytes(sizeBytes);
}

/** How many partitions; null for a dataset that is not laid out by any. */
export function partitionCountText({ facts }: Pick<CatalogueEntry, 'facts'>): string | null {
  const count = facts?.partitions.length ?? 0;
  return count === 0 ? null : humaneCount(count);
}

/** The age of a moment: `5 min`. */
export function ageText(moment: string | null | undefined, now: Date): string | null {
  if (moment === null || moment === undefined) return null;
  return humaneAge(now.getTime() - Date.parse(moment));
}

/** How long ago: `5 min ago`, `just now`. */
export function agoText(moment: string | null | undefined, now: Date): string | null {
  const age = ageText(moment, now);
  return age === null || age === 'now' ? age && 'just now' : `${age} ago`;
}

/** `2026-01-31 18:11:29`, UTC. */
export function momentText(moment: string): string {
  return moment.slice(0, 19).replace('T', ' ');
}

/** How long a run took; null while it goes on. */
export function tookText({ started_at: start, ended_at: end }: RunRecord): string | null {
  return end === null ? null : humaneDuration(Date.parse(end) - Date.parse(start));
}
