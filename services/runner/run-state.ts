import { PipelineError } from '../core/error.ts';
import { parentNameOf } from '../core/node-parent.ts';
import type { Clock } from '../ports/clock.ts';
import type { NodeEvent, NodePhase, NodeType } from '../ports/workflow-engine.ts';
import { fnv32a } from './go-text.ts';
import { displayNameOf, isFailed, isFulfilled } from './node.ts';
import type { Node } from './node.ts';
import type { Catalogue, TemplateBase, TemplateHolder } from './template-source.ts';
import type { Arguments, Call, DagTask, Template, WorkflowSpec } from './workflow.ts';
import type { RunStep, StepEnd } from './step-call.ts';

/** How a template is executed: where the node belongs, and what is special about it. */
export interface ExecuteOptions {
  boundary: string;
  onExit: boolean;
  hooked?: true;
  retried?: true;
  /** The moment at which a retry's `maxDuration` ends. */
  deadline?: Date;
}

/** What is executed: a task, a step, a hook or the entrypoint, and under which name. */
export interface Execution {
  name: string;
  holder: TemplateHolder & Partial<Pick<Call, 'name'>> & { kind: 'task' | 'step' };
  base: TemplateBase;
  given: Arguments | undefined;
  options: ExecuteOptions;
}

/** One attempt of a step that was started or waits for its turn. */
export interface Pod {
  node: Node;
  template: Template;
  onExit: boolean;
  readsResult: boolean;
  abort: AbortController;
  started: boolean;
  /** Why it was stopped before its end. */
  stopped: 'deadline' | 'shutdown' | 'max-duration' | null;
  deadline: Date | null;
  softDeadline: Date | null;
  /** When the run goes on without a step that was told to stop. */
  stopAt: Date | null;
  end: StepEnd | null;
  outFolder: string;
}

/** The number of nodes below one DAG or steps node that count for `parallelism` and `failFast`. */
export interface Tally {
  activePods: number;
  activeChildren: number;
  unsuccessful: number;
}

/** Everything that is known of a run. It is changed in place, by one pass at a time. */
export interface Run {
  name: string;
  uid: string;
  spec: WorkflowSpec;
  base: TemplateBase;
  catalogue: Catalogue;
  clock: Clock;
  runStep: RunStep;
  scratch: string;
  concurrencyMax: number;
  nodesMax: number;
  onEvent: ((event: NodeEvent) => void) | undefined;
  startedAt: Date;
  deadline: Date | null;
  nodes: Map<string, Node>;
  pods: Map<string, Pod>;
  tallies: Map<string, Tally>;
  /** Variables of the workflow. */
  globals: Map<string, string>;
  /** Outputs with a globalName; `null` when they were never written. */
  outputs: Map<string, string | null> | null;
  /** Grows with every change of `globals` that templates may have read. */
  globalsVersion: number;
  /** Templates of nodes that are under way, so that a pass need not fill them in again. */
  filled: Map<
    string,
    { template: Template; written: Template; base: TemplateBase; version: number }
  >;
  /**
   * The template of each DAG or steps node as it is written, for its bounds and for what its text
   * refers to.
   */
  written: Map<string, Template>;
  /** Items of fan-outs that are under way. */
  expansions: Map<string, Expansion>;
  depth: number;
  /** The earliest moment at which there is something to do that no step's end announces. */
  wakeAt: Date | null;
  /** Why tasks cannot start, for the message when nothing moves any more. */
  waiting: Map<string, string>;
  /** Counts the changes of nodes: a pass that changed something is followed by another. */
  changes: number;
  locks: Map<string, string[]>;
  shutdown: boolean;
  finished: { phase: 'Succeeded' | 'Failed' | 'Error'; message: string } | null;
  execute: (execution: Execution) => Node | null;
  /** True when hooks look at phases, so that the start of a step is worth a pass. */
  watched: boolean;
}

/** The items of one fan-out, and those of them that are not done yet. */
export interface Expansion {
  tasks: readonly DagTask[];
  open: { task: DagTask; name: string }[];
}

/** Argo's id of a node: the workflow's name and a hash of the node's. */
export function nodeIdOf(run: Run, name: string): string {
  return name === run.name ? name : `${run.name}-${fnv32a(name)}`;
}

/** What a new node is. */
export interface NodeStart {
  name: string;
  type: NodeType;
  holder: TemplateHolder;
  phase: NodePhase;
  options: Pick<ExecuteOptions, 'boundary' | 'hooked' | 'retried'>;
  message?: string;
  inputs?: Node['inputs'];
}

/** Makes a node; there must be none of that name. `too-large` when a run comes to more than `nodesMax`. */
export function initNode(run: Run, start: NodeStart): Node {
  const { name, type, holder, phase, options } = start;
  if (run.nodes.size >= run.nodesMax) {
    throw new PipelineError('too-large', `the workflow comes to more than ${run.nodesMax} nodes`, {
      hint: 'a template that calls itself needs a when that ends it; argosy lint finds such templates',
    });
  }
  const boundary = run.nodes.has(options.boundary) ? options.boundary : '';
  const now = run.clock.now();
  const node: Node = {
    id: nodeIdOf(run, name),
    name,
    type,
    phase,
    boundary: options.boundary,
    displayName: displayNameOf(name, boundary),
    message: start.message ?? '',
    children: [],
    outbound: [],
    waitsFor: null,
    flag: {
      ...(options.hooked === true ? { hooked: true } : {}),
      ...(options.retried === true ? { retried: true } : {}),
    },
    startedAt: now,
    finishedAt: isFulfilled({ phase }) ? now : null,
  };
  if (holder.templateRef !== undefined) node.templateRef = holder.templateRef;
  else if (holder.template !== undefined && holder.template !== '')
    node.templateName = holder.template;
  if (start.inputs !== undefined && start.inputs.length > 0) node.inputs = start.inputs;
  run.nodes.set(name, node);
  tally(run, node, 1);
  emit(run, node);
  return node;
}

/** Sets a node's phase, and its message when one is given. */
export function setPhase(run: Run, node: Node, phase: NodePhase, message?: string): Node {
  if (node.phase === phase && (message === undefined || message === node.message)) return node;
  tally(run, node, -1);
  node.phase = phase;
  if (message !== undefined) node.message = message;
  if (isFulfilled(node)) node.finishedAt ??= run.clock.now();
  tally(run, node, 1);
  emit(run, node);
  return node;
}

/** Makes a node that shows why it could not be made, or sets the one that is there to Error. */
export function errorNode(run: Run, execution: Execution, message: string): Node {
  const node = run.nodes.get(execution.name);
  if (node !== undefined) return setPhase(run, node, 'Error', message);
  const { name, holder, options } = execution;
  return initNode(run, { name, type: 'Skipped', holder, phase: 'Error', options, message });
}

/** Connects two nodes by name; the child may not be there yet. */
export function addChild(run: Run, parent: string, child: string): void {
  const node = run.nodes.get(parent);
  if (node !== undefined && !node.children.includes(child)) node.children.push(child);
}

/** The nodes at which a node ends, from which what follows it hangs. */
export function outboundOf(run: Run, name: string): string[] {
  const node = run.nodes.get(name);
  if (node === undefined) return [];
  switch (node.type) {
    case 'Pod':
    case 'Skipped':
    case 'Suspend':
      return [name];
    case 'TaskGroup':
      if (node.children.length === 0) return [name];
      return node.children.flatMap((child) => outboundOf(run, child));
    case 'Retry': {
      const last = node.children.at(-1);
      return last === undefined ? [] : [last];
    }
    default:
      return node.outbound.flatMap((outbound) => outboundOf(run, outbound));
  }
}

/** The tally of what belongs to a node. */
export function tallyOf(run: Run, boundary: string): Tally {
  let found = run.tallies.get(boundary);
  if (found === undefined) {
    found = { activePods: 0, activeChildren: 0, unsuccessful: 0 };
    run.tallies.set(boundary, found);
  }
  return found;
}

/** Counts a node in (`1`) or out (`-1`) of the tallies, by its present phase. */
export function tally(run: Run, node: Node, sign: 1 | -1): void {
  const counted = node.type === 'Pod' || node.type === 'Steps' || node.type === 'DAG';
  if (!counted) return;
  const active = node.phase === 'Pending' || node.phase === 'Running';
  const own = tallyOf(run, node.boundary);
  if (active) own.activeChildren += sign;
  if (isFailed(node)) own.unsuccessful += sign;
  if (!active || node.type !== 'Pod' || !run.pods.has(node.name)) return;
  own.activePods += sign;
  // The boundary of no node has a space in it: this is the tally of the whole workflow.
  tallyOf(run, ALL).activePods += sign;
}

/** The key of the tally of the whole workflow. */
export const ALL = ' all ';

/** Asks for a pass at this moment, if none is asked for earlier. */
export function wakeAt(run: Run, time: Date): void {
  if (run.wakeAt === null || time < run.wakeAt) run.wakeAt = time;
}

/** Tells the listener of a node. */
export function emit(run: Run, node: Node): void {
  run.changes++;
  if (run.onEvent === undefined) return;
  const event: NodeEvent = {
    id: node.id,
    name: node.name,
    displayName: node.displayName,
    type: node.type,
    phase: node.phase,
    startedAt: node.startedAt,
  };
  const templateName = node.templateName ?? node.templateRef?.template;
  const place = { name: node.name, boundary: node.boundary, runName: run.name };
  const parentName = parentNameOf(place, (name) => run.nodes.has(name));
  if (templateName !== undefined) event.templateName = templateName;
  if (node.message !== '') event.message = node.message;
  if (node.error !== undefined) event.error = node.error;
  if (parentName !== undefined) event.parentName = parentName;
  if (node.finishedAt !== null) event.finishedAt = node.finishedAt;
  run.onEvent(event);
}
