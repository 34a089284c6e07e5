import type { CallOptions } from './object-store.ts';
import type { NodePhase, WorkflowEngine, WorkflowRequest } from './workflow-engine.ts';

/** A parameter that a pipeline's template takes. Without `value` it must be given. */
export interface TemplateParameter {
  name: string;
  value?: string;
  description?: string;
  /** The only values that it may have. */
  enum?: readonly string[];
}

/** A run as the cluster knows it. */
export interface RunState {
  runName: string;
  /** `Pending` also while no controller has looked at it. */
  phase: NodePhase;
  message?: string;
  /** As submitted: what is not here has the template's value. */
  arguments: Readonly<Record<string, string>>;
  /** The pipeline's template, when the run was made from one. */
  pipeline?: string;
  /** Of the labels `argosy.dev/…`, without prefix. */
  labels: Readonly<Record<string, string>>;
  createdAt: Date;
  startedAt?: Date;
  finishedAt?: Date;
  /** Steps done of steps known: `3/7`. */
  progress?: string;
}

/** A schedule of a pipeline: one CronWorkflow. */
export interface ScheduleState {
  name: string;
  /** Cron expressions, as written. */
  schedules: readonly string[];
  /** IANA name; absent means the controller's own zone. */
  timezone?: string;
  isSuspended: boolean;
  lastScheduledAt?: Date;
}

/** What a failed step printed last. */
export type StepLog =
  | { lines: readonly string[] }
  /** Why there is none: the pod is gone, or may not be read. */
  | { reason: string };

/** What a cluster does beyond running: it keeps templates, runs of others, schedules and logs. */
export interface WorkflowCluster extends WorkflowEngine {
  /** Where it is, for messages and next commands. */
  readonly place: { server: string; context: string; namespace: string };
  /** The parameters of the pipeline's template; `config-invalid` when there is none, with the nearest name. */
  template(pipeline: string, options?: CallOptions): Promise<readonly TemplateParameter[]>;
  /** The object that `submit` would create, as the server would keep it; nothing is created. */
  preview(request: WorkflowRequest, options?: CallOptions): Promise<Record<string, unknown>>;
  /** One run; `null` when there is none. */
  find(runName: string, options?: CallOptions): Promise<RunState | null>;
  /** The newest runs of a pipeline, whoever started them, newest first. */
  runs(pipeline: string, limit: number, options?: CallOptions): Promise<readonly RunState[]>;
  /** The schedules of a pipeline, by name. */
  schedules(pipeline: string, options?: CallOptions): Promise<readonly ScheduleState[]>;
  /** The last lines that a step's attempt has printed, by the attempt's node. */
  log(
    attempt: { runName: string; nodeName: string; templateName: string; nodeId: string },
    lineCountMax: number,
    options?: CallOptions,
  ): Promise<StepLog>;
}
