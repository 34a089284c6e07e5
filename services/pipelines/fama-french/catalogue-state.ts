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
}

const COLLECTION = 'catalogue';

/** The fingerprint of the commits and parts as they are listed now; the map's own etag is added when it is asked for. */
export async function listFingerprint({ store, signal }: StepPorts): Promise<string> {
  const seen: string[] = [store.url];
  for (const prefix of [commitPrefix(DATASET), 'transformed_data/']) {
    for await (const { key, etag } of store.list(prefix, { signal })) seen.push(key, etag);
  }
  return sha256(JSON.stringify(seen));
}

/** Keeps the state of a map made from what `listed` is the fingerprint of. */
export async function keepState(
  ports: StepPorts,
  listed: string,
  state: Omit<CatalogueState, 'fingerprint'>,
): Promise<void> {
  const fingerprint = await withMap(ports, listed);
  await ports.records.put(COLLECTION, 'map', { fingerprint, ...state });
}

/** The kept state if it is that of the store as it is now; else null. */
export async function currentState(
  ports: StepPorts,
  listed: string,
): Promise<CatalogueState | null> {
  const state = await ports.records.get<CatalogueState>(COLLECTION, 'map');
  return state?.fingerprint === (await withMap(ports, listed)) ? state : null;
}

/** True when the tables were checked against this very state of the catalogue. */
export async function isChecked({ records }: StepPorts): Promise<boolean> {
  const state = await records.get<CatalogueState>(COLLECTION, 'map');
  const checked = await records.get<{ fingerprint: string }>(COLLECTION, 'tables');
  return state !== null && checked?.fingerprint === state.fingerprint;
}

/** Notes that the tables answered as the catalogue says. */
export async function keepChecked({ records }: StepPorts): Promise<void> {
  const state = await records.get<CatalogueState>(COLLECTION, 'map');
  if (state) await records.put(COLLECTION, 'tables', { fingerprint: state.fingerprint });
}

async function withMap({ store, signal }: StepPorts, listed: string): Promise<string> {
  const map = await store.head(MAP_KEY, { signal });
  return sha256(`${listed} ${map?.etag ?? ''}`);
}
