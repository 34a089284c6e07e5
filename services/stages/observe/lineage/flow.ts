import type { Dataset } from '../../../core/dataset.ts';

/**
 * What a step reads or writes: `table:ID` and `warehouse:ID` are tables of the pipeline by their ids, `store:PREFIX` the
 * objects below a prefix of its bucket, `side:NAME/PREFIX` those of a side bucket, `source:NAME` what comes from outside.
 */
export type FlowPlace = `${'table' | 'warehouse' | 'store' | 'side' | 'source'}:${string}`;

/** What one step reads and writes. */
export interface StepFlow {
  reads: readonly FlowPlace[];
  writes: readonly FlowPlace[];
  /** SQL of ours that the step runs: that of the views it makes. */
  sql?: string;
  /**
   * Outputs whose columns are, each, taken from the column of the same name of an input: rows may be left out, values
   * are as they were. A column with a tag may be masked (`stages/shape/protect.ts`).
   */
  sameColumns?: readonly { of: FlowPlace; from: FlowPlace; isProtected?: boolean }[];
}

/** How data goes through a pipeline, for lineage: each step that handles data, by its name. */
export interface PipelineFlow {
  steps: Readonly<Record<string, StepFlow>>;
  /** Where what comes from outside comes from: the parameter of the step that holds the address or addresses. */
  sources: Readonly<Record<string, { parameter: string; fallback?: string }>>;
  /** The tables and views in the store. */
  tables: readonly Dataset[];
  /** What the database of these tables is called. */
  database: string;
}

/** All that these steps read that none of them writes, and all that they write: what a run of them does. */
export function wholeFlow({ steps }: PipelineFlow, names: readonly string[]): StepFlow {
  const flows = [...new Set(names)].flatMap((name) => steps[name] ?? []);
  const writes = [...new Set(flows.flatMap((flow) => flow.writes))];
  const reads = new Set(flows.flatMap((flow) => flow.reads));
  return { reads: [...reads].filter((place) => !writes.includes(place)), writes };
}
