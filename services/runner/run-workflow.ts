import type { Clock } from '../ports/clock.ts';
import type { NodeEvent } from '../ports/workflow-engine.ts';
import { executeTemplate } from './execute.ts';
import { attempt } from './fault.ts';
import { fnv32a, secondsText } from './go-text.ts';
import { refuseInvalid } from './lint.ts';
import type { LoadedDocuments } from './load.ts';
import { isFulfilled } from './node.ts';
import type { Node } from './node.ts';
import { pass } from './pass.ts';
import { startPod } from './pod.ts';
import { prunedSpec } from './prune.ts';
import { setPhase } from './run-state.ts';
import type { Run } from './run-state.ts';
import { cronMetadata, selectWorkflow, withGiven } from './select-workflow.ts';
import type { SelectedWorkflow } from './select-workflow.ts';
import type { RunStep } from './step-call.ts';
import { catalogueOf, joinedSpec, referredBase } from './template-source.ts';
import type { Catalogue } from './template-source.ts';
import type { Metadata, WorkflowSpec } from './workflow.ts';
import { waker } from './waker.ts';
import type { Waker } from './waker.ts';
import { filledSpec, uidOf, workflowVariables } from './workflow-variables.ts';

export type { RunStep, StepCall, StepEnd } from './step-call.ts';

/** What to run, and with what. */
export interface RunWorkflowOptions {
  documents: LoadedDocuments;
  /** Workflow arguments that win over those of the file. */
  parameters: Readonly<Record<string, string>>;
  /** The run's name; without it one is made of `generateName` and the time. */
  name?: string;
  /** The document to run, by `metadata.name`, when there is more than one. */
  workflow?: string;
  entrypoint?: string;
  /** The time for which the run was scheduled: `workflow.scheduledTime`, which is nil without it. */
  scheduledTime?: Date;
  runStep: RunStep;
  clock: Clock;
  /** An existing folder in which each step gets one of its own. */
  scratch: string;
  /**
   * Aborted to stop the run as `argo stop` does: running steps end, none start, exit handlers still
   * run.
   */
  signal?: AbortSignal;
  onEvent?: (event: NodeEvent) => void;
  /** The most steps at one time; 8 without it. */
  concurrencyMax?: number;
  /** The most nodes of a run; a template that fans out into itself would fill any memory. 100,000 without it. */
  nodesMax?: number;
}

/** How a run ended. */
export interface WorkflowOutcome {
  runName: string;
  phase: 'Succeeded' | 'Failed' | 'Error';
  message?: string;
  startedAt: Date;
  finishedAt: Date;
  /** Outputs with a globalName; `null` for one that was declared and never written. */
  outputs: Record<string, string | null>;
  nodes: readonly Node[];
}

/**
 * Runs a workflow on this machine with the meaning it has in Argo v4. Throws `config-invalid` with
 * file and line for what Argo refuses at submit and for what a local run cannot do; everything
 * later is told by the outcome.
 */
export async function runWorkflow(options: RunWorkflowOptions): Promise<WorkflowOutcome> {
  const run = prepare(options);
  const wake = waker();
  const stop = (): void => {
    run.shutdown = true;
    run.changes++;
    wake.call();
  };
  if (options.signal?.aborted === true) stop();
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    await drive(run, wake);
  } finally {
    options.signal?.removeEventListener('abort', stop);
    for (const pod of run.pods.values()) pod.abort.abort();
  }
  return outcomeOf(run);
}

function outcomeOf(run: Run): WorkflowOutcome {
  const { phase, message } = run.finished ?? { phase: 'Error' as const, message: '' };
  return {
    runName: run.name,
    phase,
    startedAt: run.startedAt,
    finishedAt: run.clock.now(),
    ...(message === '' ? {} : { message }),
    outputs: Object.fromEntries(run.outputs ?? []),
    nodes: [...run.nodes.values()],
  };
}

function prepare(options: RunWorkflowOptions): Run {
  const { documents, parameters, entrypoint, clock } = options;
  const selected = selectWorkflow(documents, options.workflow);
  const given = withGiven(selected.spec, { parameters, entrypoint });
  const metadata = scheduled(selected, options.scheduledTime);
  const startedAt = clock.now();
  const name = options.name ?? nameOf(metadata, startedAt);
  const full = catalogueOf(documents);
  refuseInvalid(documents, selected.document, {
    spec: given,
    metadata,
    catalogue: full,
    as: 'submit',
  });
  const catalogue: Catalogue = {
    namespaced: pruned(full.namespaced),
    cluster: pruned(full.cluster),
  };
  const whole = joined(prunedSpec(given), catalogue);
  const globals = workflowVariables(whole, metadata, { name, startedAt });
  const spec = filledSpec(whole, globals);
  const run: Run = {
    name,
    uid: uidOf(name),
    spec,
    base: { name: '', spec },
    catalogue,
    clock,
    startedAt,
    globals,
    runStep: options.runStep,
    scratch: options.scratch,
    onEvent: options.onEvent,
    concurrencyMax: options.concurrencyMax ?? 8,
    nodesMax: options.nodesMax ?? 100_000,
    deadline: deadlineOf(spec, startedAt),
    nodes: new Map(),
    pods: new Map(),
    tallies: new Map(),
    outputs: null,
    globalsVersion: 0,
    filled: new Map(),
    written: new Map(),
    expansions: new Map(),
    waiting: new Map(),
    locks: new Map(),
    depth: 0,
    wakeAt: null,
    shutdown: false,
    finished: null,
    changes: 0,
    execute: (execution) => executeTemplate(run, execution),
    watched: watchesPhases(spec, catalogue),
  };
  return run;
}

/** The metadata of the workflow; the controller writes the time of a schedule into an annotation. */
function scheduled({ document, metadata }: SelectedWorkflow, time: Date | undefined): Metadata {
  const own = document.kind === 'CronWorkflow' ? cronMetadata(document) : metadata;
  if (time === undefined) return own;
  const annotation = { 'workflows.argoproj.io/scheduled-time': secondsText(time) };
  return { ...own, annotations: { ...own.annotations, ...annotation } };
}

function nameOf(metadata: Metadata, startedAt: Date): string {
  if (metadata.name !== undefined) return metadata.name;
  const seed = `${metadata.generateName ?? ''}${startedAt.toISOString()}`;
  return `${metadata.generateName ?? 'workflow-'}${fnv32a(seed).toString(36).slice(0, 5)}`;
}

function pruned(bases: Catalogue['namespaced']): Catalogue['namespaced'] {
  return new Map([...bases].map(([name, base]) => [name, { name, spec: prunedSpec(base.spec) }]));
}

/** A workflow that refers to a WorkflowTemplate, with what that brings. */
function joined(spec: WorkflowSpec, catalogue: Catalogue): WorkflowSpec {
  if (spec.workflowTemplateRef === undefined) return spec;
  const referred = referredBase(catalogue, spec.workflowTemplateRef);
  return referred === undefined ? spec : joinedSpec(spec, referred.spec);
}

/** Argo counts from the whole second in which the workflow started. */
function deadlineOf(
  { activeDeadlineSeconds: seconds }: WorkflowSpec,
  startedAt: Date,
): Date | null {
  if (seconds === undefined) return null;
  return new Date((Math.floor(startedAt.getTime() / 1000) + seconds) * 1000);
}

/**
 * Passes until nothing changes, starts what is due, waits for the next thing to happen; and again.
 */
async function drive(run: Run, wake: Waker): Promise<void> {
  for (;;) {
    settle(run);
    if (run.finished !== null) return;
    if (startPods(run, wake) && run.watched) continue;
    const until = nextTime(run);
    const active = [...run.pods.values()].some(({ started }) => started);
    if (!active && until === null) {
      endStuck(run);
      continue;
    }
    await wake.wait(run.clock, until);
  }
}

function settle(run: Run): void {
  let before: number;
  do {
    before = run.changes;
    run.wakeAt = null;
    const result = attempt(() => pass(run));
    if ('fault' in result) run.finished = { phase: 'Error', message: result.fault.message };
  } while (run.finished === null && run.changes !== before);
}

/**
 * Starts steps in the order in which they became due, up to the bound; true when one was started.
 */
function startPods(run: Run, wake: Waker): boolean {
  let running = 0;
  for (const { started } of run.pods.values()) if (started) running++;
  let any = false;
  for (const pod of run.pods.values()) {
    if (running >= run.concurrencyMax) break;
    if (pod.started) continue;
    startPod(run, pod, wake.call);
    running++;
    any = true;
  }
  return any;
}

/** True when a hook may look at the phase Running, so that the start of a step is worth a pass. */
function watchesPhases(spec: WorkflowSpec, { namespaced, cluster }: Catalogue): boolean {
  const specs = [spec, ...[...namespaced.values(), ...cluster.values()].map((base) => base.spec)];
  return specs.some((one) => JSON.stringify(one).includes('"hooks":'));
}

/** The next moment at which something is due that no step's end announces. */
function nextTime(run: Run): Date | null {
  const times = [
    run.wakeAt,
    run.deadline !== null && run.deadline > run.clock.now() ? run.deadline : null,
  ];
  for (const { deadline, softDeadline, stopped, stopAt } of run.pods.values()) {
    times.push(...(stopped === null ? [deadline, softDeadline] : [stopAt]));
  }
  const due = times.filter((time) => time !== null).map((time) => time.getTime());
  return due.length === 0 ? null : new Date(Math.min(...due));
}

/**
 * Ends what Argo would leave waiting for ever: every node that has not ended is an Error that says
 * why, so that exit handlers run. When it was they who were stuck, the run ends.
 */
function endStuck(run: Run): void {
  const message = stuckText(run);
  const open = [...run.nodes.values()].filter((node) => !isFulfilled(node));
  for (const node of open) setPhase(run, node, 'Error', message);
  if (open.length === 0) run.finished = { phase: 'Error', message };
}

function stuckText(run: Run): string {
  const reasons = [...run.waiting.values()];
  const why = reasons.length === 0 ? 'no task can start' : reasons.join('; ');
  return `the workflow would wait for ever: ${why}`;
}
