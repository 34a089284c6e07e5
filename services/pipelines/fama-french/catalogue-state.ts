import { commitPrefix, sha256 } from '../../core/manifest.ts';
import type { StepPorts } from '../../ports/step.ts';
import { MAP_KEY } from './ingestion-map.ts';
import { DATASET } from './ledger.ts';

/** What the map was made from, and what it came to: while nothing of it changes, the map need not be made again. */
export interface CatalogueState {
  /** Over the keys and etags of all commits, all parts and the map itself. */
  fingerprint: string;
  outputs: Record<string, string>;
  objects: number;
  /** Hash of the bytes of the map; absent in a state of an earlier version. */
  sha256?: string;
  /** Keys of the commits in the map; absent in a state of an earlier version. */
  commits?: readonly string[];
}

const COLLECTION = 'catalogue';

/** The fingerprint of the commits and parts as they are listed now. */
export async function listFingerprint({ store, signal }: StepPorts): Promise<string> {
  const seen: string[] = [store.url];
  for (const prefix of [commitPrefix(DATASET), 'transformed_data/']) {
    for await (const { key, etag } of store.list(prefix, { signal })) seen.push(key, etag);
  }
  return sha256(JSON.stringify(seen));
}

/** The etag of the map as it is now. Asked before the map is read, it never belongs to later bytes than those read. */
export async function mapEtag({ store, signal }: StepPorts): Promise<string> {
  return (await store.head(MAP_KEY, { signal }))?.etag ?? '';
}

/** Keeps the state of a map with this etag, made from what `listed` is the fingerprint of. */
export async function keepState(
  { records }: StepPorts,
  from: { listed: string; etag: string },
  state: Omit<CatalogueState, 'fingerprint'>,
): Promise<void> {
  await records.put(COLLECTION, 'map', { fingerprint: fingerprintOf(from), ...state });
}

/** The kept state if it is that of the store as it is now; else null. */
export async function currentState(ports: StepPorts): Promise<CatalogueState | null> {
  const state = await ports.records.get<CatalogueState>(COLLECTION, 'map');
  if (state === null) return null;
  const now = { listed: await listFingerprint(ports), etag: await mapEtag(ports) };
  return state.fingerprint === fingerprintOf(now) ? state : null;
}

/** The state as the catalogue last kept it, whether or not it is still that of the store; null when it has kept none. */
export function keptState(records: StepPorts['records']): Promise<CatalogueState | null> {
  return records.get<CatalogueState>(COLLECTION, 'map');
}

/** The state of the catalogue by its fingerprint, and whether the tables were checked against it; '' without one. */
export async function checkedState({
  records,
}: StepPorts): Promise<{ fingerprint: string; isChecked: boolean }> {
  const state = await records.get<CatalogueState>(COLLECTION, 'map');
  const checked = await records.get<{ fingerprint: string }>(COLLECTION, 'tables');
  const fingerprint = state?.fingerprint ?? '';
  return { fingerprint, isChecked: state !== null && checked?.fingerprint === fingerprint };
}

/** True when the map is not that of the store as it is now, or the tables were not checked against it yet. */
export async function isCatalogueBehind(ports: StepPorts): Promise<boolean> {
  return (await currentState(ports)) === null || !(await checkedState(ports)).isChecked;
}

/** Notes that the tables answered as the catalogue said that had this fingerprint before they were asked. */
export async function keepChecked({ records }: StepPorts, fingerprint: string): Promise<void> {
  if (fingerprint !== '') await records.put(COLLECTION, 'tables', { fingerprint });
}

function fingerprintOf({ listed, etag }: { listed: string; etag: string }): string {
  return sha256(`${listed} ${etag}`);
}
