import {
  type CatalogueEntry,
  type CataloguePipeline,
  lastRun,
} from '../../stages/observe/catalogue/catalogue.ts';

/** The datasets of the catalogue as `argosy tables --json` prints them: names of fields are a promise. */
export function catalogueJson(pipeline: CataloguePipeline, entry: CatalogueEntry) {
  const { dataset, facts } = entry;
  const run = lastRun(pipeline);
  return {
    pipeline: entry.pipeline,
    database: entry.database,
    name: dataset.name,
    kind: dataset.kind,
    place: entry.place,
    description: dataset.description,
    rows: facts?.rows ?? null,
    isEstimate: facts?.isEstimate ?? false,
    sizeBytes: facts?.sizeBytes ?? null,
    objects: facts?.objects ?? null,
    newest: facts?.newest ?? null,
    publishedAt: facts?.publishedAt ?? null,
    location: dataset.location ?? null,
    key: dataset.key ?? [],
    partitionBy: dataset.partitionBy ?? [],
    partitions: facts?.partitions ?? [],
    from: entry.from,
    lastRun:
      run === null
        ? null
        : { id: run.run_id, status: run.status, startedAt: run.started_at, endedAt: run.ended_at },
    columns: dataset.columns.map(({ name, type, description, tag = null }) => ({
      name,
      type,
      description,
      tag,
    })),
  };
}
