import type { Catalog } from './catalog.ts';
import type { Clock } from './clock.ts';
import type { Notifier } from './notifier.ts';
import type { ObjectStore } from './object-store.ts';
import type { QueryEngine } from './query-engine.ts';
import type { RecordStore } from './record-store.ts';
import type { Source } from './source.ts';
import type { Secret } from '../core/secret.ts';
import type { Warehouse } from './warehouse.ts';

/** How many of what a step saw. Rows in = rows written + rows rejected, in every step that handles rows. */
export interface Counts {
  objectsRead: number;
  objectsWritten: number;
  objectsSkipped: number;
  objectsFailed: number;
  rowsRead: number;
  rowsWritten: number;
  rowsRejected: number;
  bytesRead: number;
  bytesWritten: number;
}

/** A message for people and machines: a fixed event name (`object.put`) and fields. */
export interface Log {
  debug(event: string, fields?: Record<string, unknown>): void;
  info(event: string, fields?: Record<string, unknown>): void;
  warn(event: string, fields?: Record<string, unknown>): void;
  error(event: string, fields?: Record<string, unknown>): void;
}

/** Settings that steps may read: what an operator says once for all runs, secrets among it. */
export interface StepSettings {
  /** `local`, `dev`, `staging`, `prod` or another short word. */
  environment: string;
  /** The whole value of the header `Authorization` for sources over HTTP. */
  sourceAuthorization: Secret | undefined;
  /** What identifiers of persons are hashed with where they may not be published (`ARGOSY_PII_SALT`). */
  personSalt: Secret | undefined;
  marketApiKey: Secret | undefined;
  /** What `market-data` asks for when no symbols are given. */
  marketSymbols: readonly string[];
}

/** Everything a step may touch. A step never sees the environment, an adapter or the machine's clock. */
export interface StepPorts {
  /** The bucket of the step's pipeline. */
  store: ObjectStore;
  records: RecordStore;
  source: Source;
  /** Opens an engine of the step's own that may work below `folders` only; the step closes it. */
  openEngine(folders: readonly string[]): Promise<QueryEngine>;
  /** A second bucket of the pipeline, by the last word of its setting: `processed` of finance. */
  sideStore(name: string): ObjectStore;
  /** Another bucket of the same server, by its own name; for reading what others have put there. */
  foreignStore(bucket: string): ObjectStore;
  /** The warehouse, opened at the first call and shared by the steps of the process; a step does not close it. */
  warehouse(): Promise<Warehouse>;
  /** The database that rows are read from (`ARGOSY_SOURCE_DATABASE`); `config-invalid` when none is set. As above. */
  sourceDatabase(): Promise<Warehouse>;
  /** The catalogue of the engine that queries are asked of, where that is one which has to be told of tables. */
  catalog?(): Promise<Catalog>;
  settings: StepSettings;
  clock: Clock;
  notifier: Notifier;
  log: Log;
  /** An empty folder on local disk, removed after the step. */
  scratch: string;
  /** Aborted when the step must end: Ctrl-C, SIGTERM, a deadline. */
  signal: AbortSignal;
  /** Tells whoever watches how far the step is. */
  progress(counts: Partial<Counts>): void;
  /**
   * Tells that a check of the pipeline's list was made and how many things failed it: 0 is worth telling, for it ends
   * an alert. What a step tells of one check adds up.
   */
  check(name: string, failures: number): void;
}

/** What a run is called and why it runs; ids are derived from names given by the engine, never drawn. */
export interface RunIdentity {
  runId: string;
  pipeline: string;
  /** `YYYY-MM-DD`, UTC. */
  logicalDate: string;
  trigger: 'cron' | 'event' | 'manual' | 'backfill';
  /** Where the run takes place, and what does the work there: the workflow or pod name, or `local-user`. */
  system: 'argo' | 'local';
  actor: string;
}

/** A thing that went wrong without ending the step: one link, one file, one row group. */
export interface Problem {
  /** The object, URL or row it is about. */
  object: string;
  message: string;
}

export interface StepResult {
  /** Output parameters: keys, counts and words of ours, never text from outside. */
  outputs: Record<string, string>;
  counts: Partial<Counts>;
  problems: Problem[];
}

/** One parameter of a step; the CLI flag and the template parameter have this name. */
export interface ParameterSpec {
  name: string;
  description: string;
  /** Absent: the parameter must be given. */
  default?: string;
}

/** A unit of work of a pipeline: same name in the YAML, on the command line and here. */
export interface Step {
  name: string;
  summary: string;
  parameters: readonly ParameterSpec[];
  run(
    ports: StepPorts,
    parameters: Readonly<Record<string, string>>,
    run: RunIdentity,
  ): Promise<StepResult>;
}

/** An object that has arrived in a pipeline's bucket. */
export interface Arrival {
  key: string;
  etag: string;
  sizeBytes: number;
}

/** What may arrive in a pipeline's bucket from outside, and what is done about it (`argosy watch`, `argosy setup`). */
export interface Arrivals {
  /** Keys of arrivals begin with it; it ends with a slash. */
  prefix: string;
  /** Keys of arrivals end with one of these, in any case of letters; empty for all. */
  suffixes: readonly string[];
  /** True when arrivals are looked for in folders below the prefix too. */
  isDeep: boolean;
  /** True for keys under which the pipeline's own steps put objects there: those have not arrived from outside. */
  isOurs?(key: string): boolean;
  /**
   * Absent: each arrival is a run of its own. Else arrivals share one run, which starts when none has come for so long.
   */
  togetherMs?: number;
  /** The workflow parameters of the run for these arrivals; one arrival, unless they come together. */
  parameters(arrivals: readonly Arrival[]): Record<string, string>;
}

/** Something that must hold of the data, such as `csv-readable`. */
export interface QualityCheck {
  name: string;
  /** What is counted as a failure. */
  summary: string;
}

/** A pipeline: its steps in the order in which data meets them. */
export interface Pipeline {
  name: string;
  summary: string;
  /** What its steps check of the data; their names are values of a metric's label. */
  checks: readonly QualityCheck[];
  steps: readonly Step[];
  /** Absent: nothing arrives from outside. */
  arrivals?: Arrivals;
  /** Its buckets beside its own, by the names that `StepPorts.sideStore` takes. */
  sideBuckets?: readonly string[];
}
