import type { Part } from '../../../core/manifest.ts';
import type { QueryEngine } from '../../../ports/query-engine.ts';
import type { StepPorts } from '../../../ports/step.ts';
import type { FreshPart } from '../set/part-file.ts';

/** Where tables are made of the feeds, which the engine has as views. */
export interface Workshop {
  ports: Pick<StepPorts, 'scratch'>;
  engine: QueryEngine;
  /** The parts of `transactions`, and where they lie, by key. */
  sales: readonly Part[];
  paths: ReadonlyMap<string, string>;
  /** Parts of all tables that may be shown again; none where everything is to be made. */
  before: readonly Part[];
}

/** Parts of a table: those that were made, and those of the set before that are as they would be made. */
export interface DerivedParts {
  fresh: readonly FreshPart[];
  kept: readonly Part[];
}
