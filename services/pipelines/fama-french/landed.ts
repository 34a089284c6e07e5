import { PipelineError } from '../../core/error.ts';
import { GET_BYTES_MAX } from '../../core/limit.ts';
import { sha256 } from '../../core/manifest.ts';
import type { ObjectInfo } from '../../ports/object-store.ts';
import type { StepPorts } from '../../ports/step.ts';
import type { DownloadRecord, PlannedArchive } from './ledger.ts';
import { archiveId, isWorkedOn, type Known } from './pending.ts';
import { csvOwners } from './supersede.ts';
import { dateInText } from './vintage.ts';

/** Where ZIPs are landed, by the fetch step or by hand (requirements 1.3). */
export const LANDING_PREFIX = 'raw_data/';

/** `zipKey` gives such names. Their eight digits are the day of the download, which says nothing of the vintage. */
const OWN_NAME =
  /^fama_french_6portfolios_(\d{4}|unknown)_\d{8}_[0-9a-f]{8}(?:_[0-9a-f]{8})?\.zip$/;

/** True for the key of a ZIP that is named as the fetch step names its own. */
export function isFetched(key: string): boolean {
  return key.startsWith(LANDING_PREFIX) && OWN_NAME.test(nameOf(key));
}

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
  const owners = csvOwners(from.known.archives.values());
  const planned: PlannedArchive[] = [];
  for (const info of from.zips.values()) {
    const { key, etag } = info;
    if (downloaded.has(key)) continue;
    if (!from.withOwnNames && OWN_NAME.test(nameOf(key))) continue;
    const isSame = from.known.archives.get(archiveId(key))?.etag === etag;
    if (isSame && !from.known.isForced && isWorkedOn(key, from.known, owners)) continue;
    const hash = await hashOf(ports, info);
    // Taken away since it was listed.
    if (hash === null) continue;
    const url = `${ports.store.url}/${key}`;
    planned.push({ key, url, sha256: hash, ...dateOf(nameOf(key)), etag });
  }
  return planned;
}

/** Empty for a ZIP that is too large to be read: extract refuses it, and its etag tells when it is replaced. */
async function hashOf(
  { store, signal }: Pick<StepPorts, 'store' | 'signal'>,
  { key, sizeBytes }: ObjectInfo,
): Promise<string | null> {
  if (sizeBytes > GET_BYTES_MAX) return '';
  try {
    const bytes = await store.get(key, { signal });
    return bytes && sha256(bytes);
  } catch (error) {
    // Replaced by a larger one since it was listed.
    if (error instanceof PipelineError && error.kind === 'too-large') return '';
    throw error;
  }
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
