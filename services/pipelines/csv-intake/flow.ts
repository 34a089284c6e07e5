import type { PipelineFlow } from '../../stages/observe/lineage/flow.ts';
import { filesDataset } from './files-table.ts';

/**
 * How uploads become summaries. Tables of the uploads themselves are not named: a bucket may hold any number of them.
 */
export const csvIntakeFlow: PipelineFlow = {
  steps: {
    profile: { reads: ['store:uploads/'], writes: [] },
    record: { reads: ['store:uploads/'], writes: ['store:processed/', 'table:files'] },
  },
  sources: {},
  tables: [filesDataset()],
  database: 'csv_intake',
};
