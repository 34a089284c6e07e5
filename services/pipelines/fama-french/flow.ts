import type { PipelineFlow } from '../../stages/observe/lineage/flow.ts';
import { dartmouthDb } from './database.ts';

const VIEWS = ['table:pit_data', 'table:current_data', 'table:current_data_by_metric'] as const;

/** How vintages go from the archive page to the views. */
export const famaFrenchFlow: PipelineFlow = {
  steps: {
    fetch: { reads: ['source:archive'], writes: ['store:raw_data/'] },
    extract: { reads: ['store:raw_data/'], writes: ['store:raw_data/csv/'] },
    transform: { reads: ['store:raw_data/csv/'], writes: ['table:raw_data'] },
    catalogue: { reads: ['table:raw_data'], writes: ['table:data_ingestion_map'] },
    tables: {
      reads: ['table:raw_data'],
      writes: VIEWS,
      sql: dartmouthDb.datasets
        .flatMap(({ name, sql }) => (sql === undefined ? [] : [`CREATE VIEW ${name} AS\n${sql};`]))
        .join('\n\n'),
      sameColumns: VIEWS.map((of) => ({ of, from: 'table:raw_data' as const })),
    },
  },
  sources: { archive: { parameter: 'archive-url' } },
  tables: dartmouthDb.datasets,
  database: dartmouthDb.name,
};
