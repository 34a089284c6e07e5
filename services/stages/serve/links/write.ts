import pLimit from 'p-limit';
import { type Dataset, datasetId, type TableObject } from '../../../core/dataset.ts';
import { sha256 } from '../../../core/manifest.ts';
import { allSettled } from '../../shape/settle.ts';
import type { Database } from '../database.ts';
import type { ServePorts } from '../localise.ts';
import { linkFolder, plannedLinks, type Years, yearsIn } from './plan.ts';

/** What was done, and what a definition of the tables has to know. */
export interface WrittenLinks {
  written: number;
  removed: number;
  /** The years of each table that is laid out by years, by its id; `last` leaves room for the next. */
  years: ReadonlyMap<string, Years>;
}

const WRITES_AT_ONCE = 8;

/**
 * Writes the lists that other engines read a database's tables through, as the newest commit has them. Each list is one
 * object and replaced by one put, so that a reader sees a table, or a partition of it, before or after and never between.
 * Lists that are as they were are not written again; those of partitions that are gone are removed. One writer at a time.
 */
export async function writeLinks(
  ports: ServePorts,
  database: Pick<Database, 'name' | 'datasets' | 'objects'>,
): Promise<WrittenLinks> {
  const objects = await database.objects(ports, null);
  const linked = database.datasets.filter(
    ({ kind, location, isFolder }) =>
      kind === 'table' && location !== undefined && isFolder !== true,
  );
  let [written, removed] = [0, 0];
  for (const dataset of linked) {
    const own = objects.get(datasetId(dataset)) ?? [];
    const done = await writeTable(ports, { dataset, objects: own, home: database.name });
    written += done.written;
    removed += done.removed;
  }
  return { written, removed, years: yearsIn(linked, objects) };
}

async function writeTable(
  ports: ServePorts,
  { dataset, objects, home }: { dataset: Dataset; objects: readonly TableObject[]; home: string },
): Promise<{ written: number; removed: number }> {
  const { store, signal } = ports;
  const { schema = home, name } = dataset;
  const wanted = plannedLinks(dataset, objects, { schema, storeUrl: store.url });
  const stateKey = `${linkFolder('_written', schema)}${name}.json`;
  const state = await readState(ports, { key: stateKey, folder: linkFolder(schema, name) });
  const changed = [...wanted].filter(([key, text]) => state.get(key) !== sha256(text));
  const gone = [...state.keys()].filter((key) => !wanted.has(key));
  if (changed.length === 0 && gone.length === 0) return { written: 0, removed: 0 };
  // What is about to change is not known until it is done: a run that is killed here leaves it to the next.
  const unknown = [...changed.map(([key]) => key), ...gone].map((key) => [key, ''] as const);
  await writeState(ports, stateKey, new Map([...state, ...unknown]));
  const limit = pLimit(WRITES_AT_ONCE);
  await allSettled(
    changed.map(([key, text]) => limit(() => store.put(key, Buffer.from(text), { signal }))),
  );
  await allSettled(gone.map((key) => limit(() => store.delete(key, { signal }))));
  const known = [...wanted].map(([key, text]) => [key, sha256(text)] as const);
  await writeState(ports, stateKey, new Map(known));
  return { written: changed.length, removed: gone.length };
}

/** The hash of each list by its key; empty where it is not known what is there. */
type State = ReadonlyMap<string, string>;

/** Where nothing has been noted, every list that is there. */
async function readState(
  { store, signal }: ServePorts,
  { key, folder }: { key: string; folder: string },
): Promise<State> {
  const bytes = await store.get(key, { signal });
  if (bytes !== null) {
    const read: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return new Map(Object.entries(Object(read)).map(([name, hash]) => [name, String(hash)]));
  }
  const found = new Map<string, string>();
  for await (const { key: list } of store.list(folder, { signal })) found.set(list, '');
  return found;
}

async function writeState({ store, signal }: ServePorts, key: string, state: State): Promise<void> {
  const sorted = [...state].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const text = `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`;
  await store.put(key, Buffer.from(text), { signal });
}
