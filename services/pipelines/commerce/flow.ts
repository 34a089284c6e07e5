import { datasetId } from '../../core/dataset.ts';
import type { FlowPlace, PipelineFlow, StepFlow } from '../../stages/observe/lineage/flow.ts';
import { commerceDatabase, schemaOf } from './answer/database.ts';
import { FEED_NAMES, type FeedName } from './door/raw-key.ts';
import { DERIVED } from './merge/derived.ts';

/** How files of the shop go from the raw zone to the curated tables. */
export function commerceFlow(environment: string): PipelineFlow {
  const { name, datasets } = commerceDatabase(environment);
  const raw = FEED_NAMES.map((feed) => rawOf(feed));
  const curated = FEED_NAMES.map((feed) => curatedOf(feed));
  return {
    steps: {
      validate: { reads: raw, writes: [] },
      ...Object.fromEntries(FEED_NAMES.map((feed) => [feed, transformOf(feed, environment)])),
      gate: { reads: curated, writes: ['store:reports/quality/'] },
      merge: {
        reads: curated,
        writes: DERIVED.map((derived) => `table:${datasetId(derived)}` as const),
      },
    },
    sources: {},
    tables: datasets,
    database: name,
  };
}

function transformOf(feed: FeedName, environment: string): StepFlow {
  const processed: FlowPlace = `table:${schemaOf('processed', environment)}.${feed}`;
  const curated = curatedOf(feed);
  return {
    reads: [rawOf(feed)],
    writes: [processed, curated, `store:quarantine/${feed}/`],
    sameColumns: [{ of: curated, from: processed, isProtected: true }],
  };
}

function rawOf(feed: FeedName): FlowPlace {
  return `store:raw/${feed}/`;
}

function curatedOf(feed: FeedName): FlowPlace {
  return `table:${feed}`;
}
