import { type Dataset, datasetId } from '../../../core/dataset.ts';
import { PipelineError } from '../../../core/error.ts';
import type { Database } from '../../serve/database.ts';
import { readRuns, type RunRecord } from '../run-record.ts';
import {
  type CatalogueEntry,
  type CataloguePipeline,
  type CatalogueRequest,
  type CatalogueSource,
  lastSuccess,
} from './catalogue.ts';
import type { DatasetFacts } from './facts.ts';
import { readStoreFacts } from './read-store.ts';
import { readWarehouseFacts } from './read-warehouse.ts';

/**
 * Every dataset of these pipelines and what is there of it, with the newest runs (requirements 3.12, 6.1). It is read
 * from commits, maps and records. A pipeline that has left nothing is told as such and asked no further; what cannot be
 * asked is told as a fault of its pipeline, and hides no other.
 */
export async function readCatalogue(request: CatalogueRequest): Promise<CataloguePipeline[]> {
  const pipelines: CataloguePipeline[] = [];
  for (const source of request.sources) pipelines.push(await readPipeline(source, request));
  return pipelines;
}

async function readPipeline(
  source: CatalogueSource,
  request: CatalogueRequest,
): Promise<CataloguePipeline> {
  const { name, summary, checks } = source;
  const faults: PipelineError[] = [];
  let hasRun = false;
  const attempt = async <T>(work: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof PipelineError) || error.kind === 'interrupted') throw error;
      // A pipeline that nobody has set up has no bucket: it has not run.
      if (hasRun || error.kind !== 'config-invalid') faults.push(error);
      return otherwise;
    }
  };
  const runs = await attempt(() => readRuns(source.records, name, request.runsMax), []);
  hasRun = runs.length > 0 || (await attempt(() => hasObjects(source), false));
  const found = { source, request, runs, hasRun, attempt };
  const database = await attempt(() => source.database(), null);
  const stored = database === null ? [] : await storeEntries(database, found);
  const loaded = await warehouseEntries(await source.warehouse(), found);
  const entries = withSources([...stored, ...loaded]);
  const untold = database?.untold ?? null;
  return { name, summary, checks, runs, hasRun, entries, untold, faults };
}

interface Found {
  source: CatalogueSource;
  request: CatalogueRequest;
  runs: readonly RunRecord[];
  hasRun: boolean;
  /** The other value where the work ends in a fault of the pipeline, which is kept. */
  attempt: <T>(work: () => Promise<T>, otherwise: T) => Promise<T>;
}

/** Asked only where no run is known, so that the first key is soon there. */
async function hasObjects({ ports }: CatalogueSource): Promise<boolean> {
  for await (const _ of ports.store.list('', { signal: ports.signal })) return true;
  return false;
}

async function storeEntries(
  database: Database,
  { source, request, runs, hasRun, attempt }: Found,
): Promise<CatalogueEntry[]> {
  const entryOf = entryMaker(source.name, 'store', database.name);
  const isWanted = wantedBy(request, entryOf);
  const read = () => readStoreFacts(source.ports, database, isWanted);
  const facts = hasRun ? await attempt(read, noFacts()) : noFacts();
  return database.datasets.map((dataset) => ({
    ...entryOf(dataset),
    facts: withMoment(facts.get(datasetId(dataset)), runs),
  }));
}

async function warehouseEntries(
  datasets: readonly Dataset[],
  { source, request, runs, hasRun, attempt }: Found,
): Promise<CatalogueEntry[]> {
  const entryOf = entryMaker(source.name, 'warehouse', 'public');
  const wanted = hasRun ? datasets.filter(wantedBy(request, entryOf)) : [];
  const facts = await attempt(async () => {
    const warehouse = wanted.length > 0 ? await request.openWarehouse() : null;
    if (warehouse === null) return noFacts();
    return readWarehouseFacts(warehouse, wanted, source.ports.signal);
  }, noFacts());
  return datasets.map((dataset) => ({
    ...entryOf(dataset),
    facts: withMoment(facts.get(datasetId(dataset)), runs),
  }));
}

function noFacts(): Map<string, DatasetFacts> {
  return new Map();
}

/** What no object tells of the moment of publication, the newest good run tells. */
function withMoment(
  facts: DatasetFacts | undefined,
  runs: readonly RunRecord[],
): DatasetFacts | null {
  if (facts === undefined) return null;
  return { ...facts, publishedAt: facts.publishedAt ?? lastSuccess(runs) };
}

/** What a dataset is made of goes by the ids of the catalogue; one of its own place comes before others of that name. */
function withSources(entries: readonly CatalogueEntry[]): CatalogueEntry[] {
  const find = (name: string, place: CatalogueEntry['place']): string | undefined => {
    const named = entries.filter(({ dataset, id }) => datasetId(dataset) === name || id === name);
    return (named.find((one) => one.place === place) ?? named[0])?.id;
  };
  return entries.map((entry) => ({
    ...entry,
    from: entry.from.map((name) => find(name, entry.place) ?? name),
  }));
}

type MakeEntry = (dataset: Dataset) => CatalogueEntry;

function entryMaker(
  pipeline: string,
  place: CatalogueEntry['place'],
  schema: Database['name'],
): MakeEntry {
  return (dataset) => {
    const database = dataset.schema ?? schema;
    const id = `${database}.${dataset.name}`;
    return { pipeline, id, database, place, dataset, from: dataset.from ?? [], facts: null };
  };
}

function wantedBy(request: CatalogueRequest, entryOf: MakeEntry) {
  return (dataset: Dataset): boolean => request.isWanted?.(entryOf(dataset)) ?? true;
}
