import type { PartitionKind, PartitionStatus, PartitionTable } from '../../../core/partition.ts';
import type { ObjectStore } from '../../../ports/object-store.ts';
import type { RecordStore } from '../../../ports/record-store.ts';
import type { KnownRuns } from './known-runs.ts';

/** What the partitions of a pipeline are read with. Everything is in its bucket: a laptop and a cluster see the same. */
export interface PartitionRequest {
  store: ObjectStore;
  records: RecordStore;
  /** The first and the last day that are wanted, `YYYY-MM-DD`; null for all from the first that is known, up to now. */
  from: string | null;
  to: string | null;
  now: Date;
  runs: KnownRuns;
  signal: AbortSignal;
}

/** A run that makes partitions (again), by the name that they have it under in `work`. */
export interface PartitionWork {
  /** The parameters of the pipeline's workflow; its `logical-date` among them. */
  parameters: Record<string, string>;
  /** Keys or prefixes of what it reads, and of what it may write; tables by their names. */
  reads: readonly string[];
  writes: readonly string[];
  /** The statements that change tables, as they are sent. */
  sql: readonly string[];
  /** Rows of its inputs; null when they are not known. */
  rows: number | null;
}

/** What a run of the plan is made from. */
export interface WorkRequest {
  work: string;
  /** Those partitions that are to be made by it. */
  partitions: readonly PartitionStatus[];
  /** The day on which the plan is made, `YYYY-MM-DD`. */
  planDay: string;
  store: ObjectStore;
  records: RecordStore;
  signal: AbortSignal;
}

/** How a pipeline's partitions are told and made again. */
export interface PartitionSource extends PartitionKind {
  /** How many runs of it may go on at a time on one machine, and why no more. */
  atOnce: { max: number; reason: string };
  /** So many of its newest runs have to be known: more only where they alone tell what is loaded. */
  runsMax: number;
  /** Parameters that name where its input comes from: given, they make what is not landed too. */
  sources?: readonly string[];
  read(request: PartitionRequest): Promise<PartitionTable>;
  workOf(request: WorkRequest): Promise<PartitionWork>;
}
