import type { PipelineFlow } from '../../stages/observe/lineage/flow.ts';
import { financeDb } from './database.ts';

const LOADED = [
  'warehouse:dim_customers',
  'warehouse:fact_transactions',
  'warehouse:held_transactions',
] as const;

/** How transactions and customers go from their sources to the warehouse. */
export const financeFlow: PipelineFlow = {
  steps: {
    extract: { reads: ['source:transactions', 'source:customers'], writes: ['store:extracted/'] },
    transform: {
      reads: ['store:extracted/'],
      writes: ['table:transactions', 'table:customers', 'store:_quarantine/'],
    },
    load: { reads: ['table:transactions', 'table:customers'], writes: LOADED },
    quality: { reads: LOADED, writes: ['store:quality/'] },
    process: { reads: ['store:raw/'], writes: ['side:processed/processed/'] },
  },
  sources: {
    transactions: { parameter: 'transactions' },
    customers: { parameter: 'customers' },
  },
  tables: financeDb.datasets,
  database: financeDb.name,
};
