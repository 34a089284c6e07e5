import type { Dataset } from '../../../core/dataset.ts';
import type { PipelineError } from '../../../core/error.ts';
import type { RecordStore } from '../../../ports/record-store.ts';
import type { QualityCheck } from '../../../ports/step.ts';
import type { Warehouse } from '../../../ports/warehouse.ts';
import type { Database } from '../../serve/database.ts';
import type { ServePorts } from '../../serve/localise.ts';
import type { RunRecord } from '../run-record.ts';
import type { DatasetFacts } from './facts.ts';

/** A table or view of a pipeline, and what is there of it. */
export interface CatalogueEntry {
  pipeline: string;
  /** With its schema, as SQL names it: `dartmouth_db.raw_data`. Unique within its pipeline and place. */
  id: string;
  /** The schema that it is in. */
  database: string;
  place: 'store' | 'warehouse';
  dataset: Dataset;
  /** What it is made of: ids as above, or `source:NAME`. */
  from: readonly string[];
  /** Null where nothing was asked: its pipeline has never run, or it was not wanted. */
  facts: DatasetFacts | null;
}

/** A pipeline with all that it has published. */
export interface CataloguePipeline {
  name: string;
  summary: string;
  checks: readonly QualityCheck[];
  /** The newest runs, that which began last first. */
  runs: readonly RunRecord[];
  /** False for one that has left nothing in its bucket yet. */
  hasRun: boolean;
  entries: readonly CatalogueEntry[];
  /** What there is besides its datasets, and how to see it; null where there is nothing. */
  untold: string | null;
  /** What could not be asked, and why. */
  faults: readonly PipelineError[];
}

/** Where the catalogue learns of one pipeline. */
export interface CatalogueSource {
  name: string;
  summary: string;
  checks: readonly QualityCheck[];
  ports: ServePorts;
  records: RecordStore;
  /** Its tables in the store; null where it has none. */
  database(): Promise<Database | null>;
  /** What it loads into the warehouse. */
  warehouse(): Promise<readonly Dataset[]>;
}

export interface CatalogueRequest {
  sources: readonly CatalogueSource[];
  /** The warehouse that is there; null where nothing was loaded into it yet. Called when a dataset in it is wanted. */
  openWarehouse(): Promise<Pick<Warehouse, 'dialect' | 'query'> | null>;
  /** Runs of each pipeline that are read. */
  runsMax: number;
  /** Which datasets are looked at; all by default. */
  isWanted?(entry: CatalogueEntry): boolean;
}

/** The last run that has ended, or else goes on. */
export function lastRun({ runs }: Pick<CataloguePipeline, 'runs'>): RunRecord | null {
  return runs[0] ?? null;
}

/** When the newest good run ended; null before. */
export function lastSuccess(runs: readonly RunRecord[]): string | null {
  const ends = runs.flatMap((run) =>
    run.status === 'success' && run.ended_at !== null ? [run.ended_at] : [],
  );
  return ends.toSorted().at(-1) ?? null;
}
