import type { Dataset } from '../../../core/dataset.ts';
import { VERSION } from '../../../core/version.ts';
import type { LineageFacet } from '../../../ports/lineage.ts';
import type { PlaceName } from './place.ts';

/** Who makes these events: a name, not a page. */
export const PRODUCER = `https://argosy.dev/argosy/${VERSION}`;

const FACETS = 'https://openlineage.io/spec/facets';

type Body = Readonly<Record<string, unknown>>;

/** A facet that follows the named schema, as published under that version. */
function facet(schema: string, version: string, body: Body): LineageFacet {
  const url = `${FACETS}/${version}/${schema}.json#/$defs/${schema}`;
  return { ...body, _producer: PRODUCER, _schemaURL: url };
}

export function nominalTimeFacet(logicalDate: string): LineageFacet {
  const next = new Date(Date.parse(`${logicalDate}T00:00:00Z`) + 86_400_000).toISOString();
  return facet('NominalTimeRunFacet', '1-0-1', {
    nominalStartTime: `${logicalDate}T00:00:00.000Z`,
    nominalEndTime: next,
  });
}

/** The run that a run is a part of. */
export function parentFacet(run: { runId: string }, job: PlaceName): LineageFacet {
  return facet('ParentRunFacet', '1-2-0', { run, job, root: { run, job } });
}

export function engineFacet(): LineageFacet {
  return facet('ProcessingEngineRunFacet', '1-1-1', {
    name: 'argosy',
    version: VERSION,
    openlineageAdapterVersion: VERSION,
  });
}

export function errorFacet(message: string): LineageFacet {
  return facet('ErrorMessageRunFacet', '1-0-1', { message, programmingLanguage: 'TypeScript' });
}

export function jobTypeFacet(jobType: 'DAG' | 'STEP'): LineageFacet {
  return facet('JobTypeJobFacet', '2-0-4', {
    processingType: 'BATCH',
    integration: 'ARGOSY',
    jobType,
  });
}

export function documentationFacet(description: string): LineageFacet {
  return facet('DocumentationJobFacet', '1-1-0', { description });
}

export function sqlFacet(query: string): LineageFacet {
  return facet('SQLJobFacet', '1-1-0', { query, dialect: 'duckdb' });
}

/** Columns, type and meaning of a table or view, and what its columns tell of persons. */
export function datasetFacets(
  dataset: Dataset,
  name: PlaceName,
): Readonly<Record<string, LineageFacet>> {
  const tags = dataset.columns.flatMap(({ name: field, tag }) =>
    tag === undefined || tag === 'none'
      ? []
      : [{ key: 'personal-data', value: tag, source: 'argosy', field }],
  );
  return {
    schema: facet('SchemaDatasetFacet', '1-2-0', {
      fields: dataset.columns.map(({ name: column, type, description }) => ({
        name: column,
        type,
        description,
      })),
    }),
    documentation: facet('DocumentationDatasetFacet', '1-1-0', {
      description: dataset.description,
    }),
    datasetType: facet('DatasetTypeDatasetFacet', '1-0-1', {
      datasetType: dataset.kind.toUpperCase(),
    }),
    symlinks: facet('SymlinksDatasetFacet', '1-0-1', {
      identifiers: [{ ...name, type: dataset.kind.toUpperCase() }],
    }),
    ...(tags.length === 0 ? {} : { tags: facet('TagsDatasetFacet', '1-0-0', { tags }) }),
  };
}

/** Each column of the dataset comes from the column of the same name; one with a tag may be masked on its way. */
export function sameColumnsFacet(
  dataset: Dataset,
  { from, isProtected }: { from: PlaceName; isProtected: boolean },
): LineageFacet {
  const fields = dataset.columns.map(({ name, tag = 'none' }) => {
    const isMasked = isProtected && tag !== 'none';
    const subtype = isMasked ? 'TRANSFORMATION' : 'IDENTITY';
    const transformations = [{ type: 'DIRECT', subtype, masking: isMasked }];
    return [name, { inputFields: [{ ...from, field: name, transformations }] }];
  });
  return facet('ColumnLineageDatasetFacet', '1-2-0', { fields: Object.fromEntries(fields) });
}

/** What was made: rows, bytes, objects, as far as they were counted. */
export function outputStatisticsFacet(counts: {
  rowCount?: number;
  size?: number;
  fileCount?: number;
}): LineageFacet {
  return facet('OutputStatisticsOutputDatasetFacet', '1-0-2', counts);
}

/** How many rows were looked at; columns were not measured. */
export function rowCountFacet(rowCount: number): LineageFacet {
  return facet('DataQualityMetricsInputDatasetFacet', '1-0-3', { rowCount, columnMetrics: {} });
}

/** What checks have found: the name of each, and how many things failed it. */
export function assertionsFacet(
  checks: readonly (readonly [name: string, failures: number])[],
): LineageFacet {
  return facet('DataQualityAssertionsDatasetFacet', '1-1-0', {
    assertions: checks.map(([name, failures]) => ({
      assertion: name,
      success: failures === 0,
      name,
      expected: '0',
      actual: String(failures),
    })),
  });
}
