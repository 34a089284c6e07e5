import type { Dataset } from '../../../core/dataset.ts';
import type { LineageDataset, LineageFacet } from '../../../ports/lineage.ts';
import {
  assertionsFacet,
  datasetFacets,
  outputStatisticsFacet,
  rowCountFacet,
  sameColumnsFacet,
} from './facet.ts';
import type { FlowPlace, PipelineFlow, StepFlow } from './flow.ts';
import { objectsAt, type PlaceName, sourcesAt, tableAt } from './place.ts';
import type { ToldStep } from './event.ts';

/** Everything that a flow may name, and where it is. */
export interface FlowDatasets {
  tables: ReadonlyMap<string, Dataset>;
  warehouse: ReadonlyMap<string, Dataset>;
  sources: PipelineFlow['sources'];
  /** The schema of tables that name none. */
  database: string;
  storeUrl: string;
  sideUrl(name: string): string;
  /** Without user and password. */
  warehouseUrl: string;
  sourceDatabaseUrl: string | null;
}

type Parameters = Readonly<Record<string, string>>;

/** What a step reads, with what its checks have found. */
export function inputsOf(
  { reads }: StepFlow,
  datasets: FlowDatasets,
  parameters: Parameters,
  told: ToldStep | null,
): LineageDataset[] {
  const checks = Object.entries(told?.checks ?? {});
  const rows = told?.counts.rowsRead;
  return reads.flatMap((place) => {
    const own = checks.filter(([name]) => subjectOf(name, reads) === place);
    const facets = {
      ...(own.length === 0 ? {} : { dataQualityAssertions: assertionsFacet(own) }),
      // What several inputs brought together says nothing of one.
      ...(reads.length === 1 && rows !== undefined
        ? { dataQualityMetrics: rowCountFacet(rows) }
        : {}),
    };
    return resolve(place, datasets, parameters).map((dataset) =>
      Object.keys(facets).length === 0 ? dataset : { ...dataset, inputFacets: facets },
    );
  });
}

/** What a step writes, with how much of it, and where its columns come from. */
export function outputsOf(
  { writes, sameColumns = [] }: StepFlow,
  datasets: FlowDatasets,
  parameters: Parameters,
  told: ToldStep | null,
): LineageDataset[] {
  const statistics = statisticsOf(told);
  return writes.flatMap((place) => {
    const same = sameColumns.find(({ of }) => of === place);
    const lineage = same === undefined ? null : columnLineage(same, datasets);
    return resolve(place, datasets, parameters).map((dataset) => ({
      ...dataset,
      ...(lineage === null ? {} : { facets: { ...dataset.facets, columnLineage: lineage } }),
      ...(writes.length > 1 || statistics === null
        ? {}
        : { outputFacets: { outputStatistics: statistics } }),
    }));
  });
}

/** The input that a check is about: that whose name begins the name of the check, else the first. */
function subjectOf(check: string, reads: readonly FlowPlace[]): FlowPlace | undefined {
  const named = reads.find((place) => {
    const last = place.split(/[:/.]/).findLast((part) => part !== '') ?? '';
    return check.startsWith(`${last}-`);
  });
  return named ?? reads[0];
}

function statisticsOf(told: ToldStep | null): LineageFacet | null {
  if (told === null || told.status !== 'success') return null;
  const { rowsWritten, bytesWritten, objectsWritten } = told.counts;
  const counts = {
    ...(rowsWritten === undefined ? {} : { rowCount: rowsWritten }),
    ...(bytesWritten === undefined ? {} : { size: bytesWritten }),
    ...(objectsWritten === undefined ? {} : { fileCount: objectsWritten }),
  };
  return Object.keys(counts).length === 0 ? null : outputStatisticsFacet(counts);
}

function columnLineage(
  same: NonNullable<StepFlow['sameColumns']>[number],
  datasets: FlowDatasets,
): LineageFacet | null {
  const [dataset] = definitionOf(same.of, datasets) ?? [];
  const [from] = resolve(same.from, datasets, {});
  if (dataset === undefined || from === undefined) return null;
  const { namespace, name } = from;
  return sameColumnsFacet(dataset, {
    from: { namespace, name },
    isProtected: same.isProtected === true,
  });
}

/** A place as OpenLineage names it; a source may be several. */
function resolve(
  place: FlowPlace,
  datasets: FlowDatasets,
  parameters: Parameters,
): LineageDataset[] {
  const defined = definitionOf(place, datasets);
  if (defined !== null) {
    const [dataset, name, symlink] = defined;
    return [{ ...name, facets: datasetFacets(dataset, symlink) }];
  }
  return namesOf(place, datasets, parameters).map((name) => ({ ...name, facets: {} }));
}

/** The definition of a table, the name of its place, and its name in SQL; null for what is no table. */
function definitionOf(
  place: FlowPlace,
  datasets: FlowDatasets,
): readonly [Dataset, PlaceName, PlaceName] | null {
  const [kind, id] = halves(place);
  const dataset = datasets[kind === 'warehouse' ? 'warehouse' : 'tables'].get(id);
  if (dataset === undefined || (kind !== 'table' && kind !== 'warehouse')) return null;
  if (kind === 'warehouse') {
    const name = tableAt(datasets.warehouseUrl, dataset.schema ?? 'public', dataset.name);
    return [dataset, name, name];
  }
  const { storeUrl, database } = datasets;
  const own = { namespace: storeUrl, name: `${dataset.schema ?? database}.${dataset.name}` };
  const { location } = dataset;
  // A view has no objects: its name in SQL is all there is.
  if (location === undefined) return [dataset, own, own];
  const isShared = [...datasets.tables.values()].some(
    (other) => other !== dataset && other.location === location,
  );
  // Tables whose objects lie side by side are told apart by their names.
  return [dataset, objectsAt(storeUrl, isShared ? `${location}${dataset.name}` : location), own];
}

function namesOf(place: FlowPlace, datasets: FlowDatasets, parameters: Parameters): PlaceName[] {
  const [kind, rest] = halves(place);
  if (kind === 'source') {
    const { parameter, fallback = '' } = datasets.sources[rest] ?? { parameter: '' };
    const addresses = parameters[parameter] || fallback;
    return sourcesAt(addresses, datasets.storeUrl, datasets.sourceDatabaseUrl);
  }
  if (kind === 'side') {
    const at = rest.indexOf('/');
    return [objectsAt(datasets.sideUrl(rest.slice(0, at)), rest.slice(at + 1))];
  }
  return kind === 'store' ? [objectsAt(datasets.storeUrl, rest)] : [];
}

function halves(place: FlowPlace): [kind: string, rest: string] {
  const at = place.indexOf(':');
  return [place.slice(0, at), place.slice(at + 1)];
}
