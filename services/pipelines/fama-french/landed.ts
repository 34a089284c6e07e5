import { sha256 } from '../../core/manifest.ts';
import type { ObjectInfo } from '../../ports/object-store.ts';
import type { StepPorts } from '../../ports/step.ts';
import type { DownloadRecord, PlannedArchive } from './ledger.ts';
import { archiveId, isWorkedOn, type Known } from './pending.ts';
import { dateInText } from './vintage.ts';

/** Where ZIPs are landed, by the fetch step or by hand (requirements 1.3). */
export const LANDING_PREFIX = 'raw_data/';

/** `zipKey` gives such names. Their eight digits are the day of the download, which says nothing of the vintage. */
const OWN_NAME =
  /^fama_french_6portfolios_(\d{4}|unknown)_\d{8}_[0-9a-f]{8}(?:_[0-9a-f]{8})?\.zip$/;

/** The ZIPs that lie in the landing folder itself, by key. */
export async function landedZips({
  store,
  signal,
}: Pick<StepPorts, 'store' | 'signal'>): Promise<Map<string, ObjectInfo>> {
  const zips = new Map<string, ObjectInfo>();
  for await (const info of store.list(LANDING_PREFIX, { signal })) {
    const name = info.key.slice(LANDING_PREFIX.length);
    if (/\.zip$/i.test(name) && !name.includes('/')) zips.set(info.key, info);
  }
  return zips;
}

/**
 * The ZIPs that somebody put there by hand (no download tells of them) and that extract and transform have still to
 * work on. `withOwnNames`: also those named as the fetch step names its own, as in a copy of another bucket; a fetch
 * leaves them out, because the next download tells of them.
 */
export async function landedByHand(
  ports: Pick<StepPorts, 'store' | 'signal'>,
  from: {
    zips: ReadonlyMap<string, ObjectInfo>;
    downloads: Iterable<DownloadRecord>;
    known: Known;
    withOwnNames: boolean;
  },
): Promise<PlannedArchive[]> {
  const downloaded = new Set([...from.downloads].map(({ archive }) => archive?.key));
  const planned: PlannedArchive[] = [];
  for (const { key, etag } of from.zips.values()) {
    if (downloaded.has(key)) continue;
    if (!from.withOwnNames && OWN_NAME.test(nameOf(key))) continue;
    const isSame = from.known.archives.get(archiveId(key))?.etag === etag;
    if (isSame && !from.known.isForced && isWorkedOn(key, from.known)) continue;
    const bytes = await ports.store.get(key, { signal: ports.signal });
    // Taken away since it was listed.
    if (bytes === null) continue;
    const url = `${ports.store.url}/${key}`;
    planned.push({ key, url, sha256: sha256(bytes), ...dateOf(nameOf(key)), etag });
  }
  return planned;
}

/** What the name of a ZIP tells of its vintage; what it does not tell, the first line of its CSV may. */
function dateOf(name: string): { year: number | null; month: number | null } {
  const own = OWN_NAME.exec(name);
  if (own === null) return dateInText(name);
  return { year: own[1] === 'unknown' ? null : Number(own[1]), month: null };
}

function nameOf(key: string): string {
  return key.slice(LANDING_PREFIX.length);
}
