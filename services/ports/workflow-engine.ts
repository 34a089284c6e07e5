import type { CallOptions } from './object-store.ts';

/**
 * The node types of Argo that a run can show. `Pod` is one attempt of one step; the others hold
 * nodes together.
 */
export type NodeType =
  | 'Pod'
  | 'DAG'
  | 'Steps'
  | 'StepGroup'
  | 'TaskGroup'
  | 'Retry'
  | 'Skipped'
  | 'Suspend';

/** The phases of Argo. The last five are final. */
export type NodePhase =
  | 'Pending'
  | 'Running'
  | 'Succeeded'
  | 'Failed'
  | 'Error'
  | 'Skipped'
  | 'Omitted';

/**
 * What is now known of one node of a run. Events of one node replace each other: the last one
 * holds.
 */
export interface NodeEvent {
  /** Unique in the run and the same in all events of the node. */
  id: string;
  /** The full name, as Argo builds it: `fama-french-abc[0].unzip(2:item)`. Unique in the run. */
  name: string;
  /** The short name for people: `unzip(2:item)`. */
  displayName: string;
  type: NodeType;
  templateName?: string;
  phase: NodePhase;
  message?: string;
  /** What the step said of its failure, for people; an engine that cannot know leaves it out. */
  error?: string;
  /**
   * The `name` of the node to draw this one under; absent for the root. Always sent before its
   * children.
   */
  parentName?: string;
  startedAt?: Date;
  finishedAt?: Date;
  /** How the main container ended, once it has; of a Retry node that of the last attempt. */
  exitCode?: number;
  /** The output parameters of a step, once it has ended; an engine may leave them out. */
  outputs?: Readonly<Record<string, string>>;
}

/** What to start: a template by name, and the arguments that its parameters get. */
export interface WorkflowRequest {
  /** The pipeline, which is the name of its WorkflowTemplate. */
  pipeline: string;
  arguments: Readonly<Record<string, string>>;
  /** The run's name. The same name twice is the same run: the second submit throws `conflict`. */
  runName: string;
  /** Labels of the run, without prefix: `trigger`, `logical-date`. */
  labels?: Readonly<Record<string, string>>;
}

/** How a run ended. */
export interface WorkflowOutcome {
  runName: string;
  phase: 'Succeeded' | 'Failed' | 'Error';
  message?: string;
  startedAt: Date;
  finishedAt: Date;
}

/**
 * Runs workflows: the local runner and Argo. Every method may throw `unavailable`, `denied` and
 * `config-invalid` (no such template, a parameter that it lacks or does not have).
 */
export interface WorkflowEngine {
  /** Starts a run and returns its name; does not wait. */
  submit(request: WorkflowRequest, options?: CallOptions): Promise<string>;
  /**
   * Every change of every node, in the order in which it became known, until the run has ended;
   * returns the outcome. Following a run that has ended tells its nodes once. `not-found` when
   * there is no such run.
   */
  follow(
    runName: string,
    options?: CallOptions,
  ): AsyncGenerator<NodeEvent, WorkflowOutcome, undefined>;
  /** Asks the run to end; its exit handler still runs. Stopping what has ended is no error. */
  stop(runName: string, options?: CallOptions): Promise<void>;
}
