/**
 * The parts of Argo's types that the runner reads. Field names are Argo's own; `undefined` is "not
 * written".
 */
export interface Parameter {
  name: string;
  value?: string;
  default?: string;
  valueFrom?: ValueFrom;
  globalName?: string;
  enum?: string[];
}

export interface ValueFrom {
  path?: string;
  parameter?: string;
  expression?: string;
  default?: string;
  supplied?: unknown;
  event?: string;
  jsonPath?: string;
  jqFilter?: string;
  configMapKeyRef?: unknown;
}

export interface Arguments {
  parameters?: Parameter[];
}

export interface Outputs {
  parameters?: Parameter[];
  artifacts?: { name?: string; path?: string }[];
}

export interface TemplateRef {
  name?: string;
  template?: string;
  clusterScope?: boolean;
}

export interface LifecycleHook {
  template?: string;
  templateRef?: TemplateRef;
  arguments?: Arguments;
  expression?: string;
}

export interface Sequence {
  count?: string | number;
  start?: string | number;
  end?: string | number;
  format?: string;
}

export interface ContinueOn {
  error?: boolean;
  failed?: boolean;
}

/** What a step and a DAG task have in common. */
export interface Call {
  name: string;
  template?: string;
  templateRef?: TemplateRef;
  inline?: Template;
  arguments?: Arguments;
  withItems?: unknown[];
  withParam?: string;
  withSequence?: Sequence;
  when?: string;
  continueOn?: ContinueOn;
  onExit?: string;
  hooks?: Record<string, LifecycleHook>;
}

export interface DagTask extends Call {
  dependencies?: string[];
  depends?: string;
}

export interface RetryStrategy {
  limit?: string | number;
  retryPolicy?: string;
  expression?: string;
  backoff?: {
    duration?: string;
    factor?: string | number;
    cap?: string;
    maxDuration?: string;
  };
}

export interface Synchronization {
  mutexes?: { name?: string }[];
  semaphores?: {
    configMapKeyRef?: { name?: string; key?: string; optional?: boolean };
    database?: { key?: string };
  }[];
}

/** One of Argo's own metrics; exactly one of gauge, histogram and counter. */
export interface Metric {
  name?: string;
  help?: string;
  when?: string;
  labels?: { key?: string; value?: string }[];
  gauge?: { value?: string; realtime?: boolean; operation?: string };
  histogram?: { value?: string; buckets?: unknown[] };
  counter?: { value?: string };
}

/** Kubernetes' security context of a pod or of a container, in the parts that lint reads. */
export interface SecurityContext {
  runAsNonRoot?: boolean;
  runAsUser?: number;
  privileged?: boolean;
  allowPrivilegeEscalation?: boolean;
  readOnlyRootFilesystem?: boolean;
  capabilities?: { add?: string[]; drop?: string[] };
  seccompProfile?: { type?: string };
}

/** What a template and a workflow both may say of the pods; a run leaves it to the cluster. */
export interface PodSettings {
  serviceAccountName?: string;
  automountServiceAccountToken?: boolean;
  executor?: { serviceAccountName?: string };
  volumes?: unknown[];
  securityContext?: SecurityContext;
  metrics?: { prometheus?: Metric[] };
}

export interface Template extends PodSettings {
  name: string;
  inputs?: Arguments;
  outputs?: Outputs;
  annotations?: Record<string, string>;
  container?: {
    image?: string;
    command?: string[];
    args?: string[];
    env?: { name: string; value?: string }[];
    resources?: { limits?: Record<string, unknown>; requests?: Record<string, unknown> };
    volumeMounts?: { name?: string; mountPath?: string; readOnly?: boolean }[];
    securityContext?: SecurityContext;
  };
  memoize?: { maxAge?: string };
  steps?: Call[][];
  dag?: { target?: string; tasks?: DagTask[]; failFast?: boolean };
  suspend?: { duration?: string };
  activeDeadlineSeconds?: string | number;
  timeout?: string;
  pendingTimeout?: string;
  retryStrategy?: RetryStrategy;
  parallelism?: number;
  failFast?: boolean;
  synchronization?: Synchronization;
}

export interface WorkflowSpec extends PodSettings {
  templates?: Template[];
  entrypoint?: string;
  arguments?: Arguments;
  parallelism?: number;
  suspend?: boolean;
  volumeClaimTemplates?: unknown[];
  podDisruptionBudget?: { minAvailable?: string | number; maxUnavailable?: string | number };
  ttlStrategy?: Record<string, number>;
  podGC?: { strategy?: string; deleteDelayDuration?: string };
  onExit?: string;
  activeDeadlineSeconds?: number;
  priority?: number;
  workflowTemplateRef?: { name?: string; clusterScope?: boolean };
  synchronization?: Synchronization;
  retryStrategy?: RetryStrategy;
  templateDefaults?: Partial<Template>;
  hooks?: Record<string, LifecycleHook>;
  workflowMetadata?: {
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    labelsFrom?: Record<string, { expression?: string }>;
  };
}

export interface Metadata {
  name?: string;
  generateName?: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

/** What a CronWorkflow says besides its workflow; a run leaves it to the cluster. */
export interface CronSpec {
  schedules?: string[];
  timezone?: string;
  concurrencyPolicy?: string;
  startingDeadlineSeconds?: number;
  when?: string;
  stopStrategy?: { expression?: string };
  workflowMetadata?: Metadata;
}

/** Which events start which WorkflowTemplate: the spec of a WorkflowEventBinding. */
export interface EventBindingSpec {
  event?: { selector?: string };
  submit?: {
    workflowTemplateRef?: { name?: string; clusterScope?: boolean };
    metadata?: Metadata;
    arguments?: Arguments;
  };
}

/** The kinds of template that run here. */
export type TemplateKind = 'container' | 'dag' | 'steps' | 'suspend';

/** What a template is, by the field it has; `null` when it has none. */
export function kindOf(template: Template): TemplateKind | null {
  if (template.container !== undefined) return 'container';
  if (template.dag !== undefined) return 'dag';
  if (template.steps !== undefined) return 'steps';
  return template.suspend === undefined ? null : 'suspend';
}

/** True when the task or step is a fan-out. `withItems: []` is none, as in Argo. */
export function shouldExpand(call: Call): boolean {
  return (
    (call.withItems?.length ?? 0) > 0 ||
    (call.withParam !== undefined && call.withParam !== '') ||
    call.withSequence !== undefined
  );
}

/**
 * The hook that runs after the node, from `onExit` or `hooks.exit`. Without arguments of its own it
 * gets the workflow's, as in Argo.
 */
export function exitHookOf(
  holder: Pick<Call, 'hooks' | 'onExit'>,
  workflowArguments: Arguments,
): LifecycleHook | undefined {
  if (holder.onExit !== undefined && holder.onExit !== '') {
    return { template: holder.onExit, arguments: workflowArguments };
  }
  const hook = holder.hooks?.['exit'];
  if (hook === undefined || (hook.arguments?.parameters?.length ?? 0) > 0) return hook;
  return { ...hook, arguments: workflowArguments };
}
