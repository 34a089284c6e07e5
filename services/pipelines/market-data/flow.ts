import type { PipelineFlow } from '../../stages/observe/lineage/flow.ts';
import { API_URL } from './extract/ask.ts';
import { LANDING_PREFIX } from './plan/landed.ts';
import { FACT, REVISIONS, SESSIONS, STAGING, SYMBOL_TABLE } from './warehouse/schema.ts';

const LANDED = `store:${LANDING_PREFIX}` as const;
const STAGED = `warehouse:${STAGING.name}` as const;
const MERGED = [FACT, REVISIONS, SYMBOL_TABLE].map(({ name }) => `warehouse:${name}` as const);

/** How prices go from the service to the fact table. */
export const marketFlow: PipelineFlow = {
  steps: {
    extract: { reads: ['source:service'], writes: [LANDED] },
    load: { reads: [LANDED], writes: [STAGED] },
    transform: { reads: [STAGED], writes: MERGED },
    quality: {
      reads: [...MERGED, `warehouse:${SESSIONS.name}`],
      writes: ['store:quality/'],
    },
  },
  sources: { service: { parameter: 'api-url', fallback: API_URL } },
  tables: [],
  database: 'market_data',
};
