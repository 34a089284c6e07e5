import { executeTask } from './dag-task.ts';
import { ancestorsOf, dagContext, taskScope } from './dag-context.ts';
import type { DagContext } from './dag-context.ts';
import { runHooks } from './hooks.ts';
import { isCompleted, isFailed, isFulfilled } from './node.ts';
import type { Node } from './node.ts';
import { outputsFromScope, publishOutputs } from './outputs.ts';
import { attemptsOf } from './retry.ts';
import { initNode, outboundOf, setPhase } from './run-state.ts';
import type { Execution, Run } from './run-state.ts';
import { addAggregate, addNode, addSkipped, itemsOf, newScope } from './scope.ts';
import type { TemplateBase } from './template-source.ts';
import type { Template } from './workflow.ts';

/**
 * Takes a DAG one step further: every task that can start, and the phase of the whole once nothing
 * runs.
 */
export function executeDag(
  run: Run,
  execution: Execution,
  { template, base }: { template: Template; base: TemplateBase },
): Node {
  const { name, holder, options } = execution;
  const node =
    run.nodes.get(name) ??
    initNode(run, {
      name,
      type: 'DAG',
      holder,
      phase: 'Running',
      options,
      inputs: template.inputs?.parameters,
    });
  if (node.phase === 'Pending') setPhase(run, node, 'Running', '');
  const dag = dagContext(run, { node, template, base, onExit: options.onExit });
  const target = template.dag?.target ?? '';
  const targets = target === '' ? leavesOf(dag) : target.split(' ');
  let exitsDone = true;
  for (const taskName of targets) {
    executeTask(dag, taskName);
    exitsDone = watchTarget(dag, taskName) && exitsDone;
  }
  const phase = assessPhase(dag, targets, run.shutdown && exitsDone && !options.onExit);
  if (phase === 'Running') return node;
  node.outbound = targets.flatMap((task) => {
    return run.nodes.has(dag.nodeName(task)) ? outboundOf(run, dag.nodeName(task)) : [];
  });
  if (phase !== 'Succeeded') return setPhase(run, node, phase);
  const outputs = outputsFromScope(template, endScope(dag));
  if (outputs !== undefined) node.outputs = outputs;
  return setPhase(run, node, 'Succeeded');
}

/** The tasks on which no other depends, by name. */
function leavesOf(dag: DagContext): string[] {
  const inner = new Set(
    [...dag.tasks.keys()].flatMap((name) => [...dag.dependencies(name).names.keys()]),
  );
  return [...dag.tasks.keys()].filter((name) => !inner.has(name)).toSorted();
}

/** Runs the hooks of a target; false while its exit hook runs. */
function watchTarget(dag: DagContext, name: string): boolean {
  const { run } = dag;
  const node = run.nodes.get(dag.nodeName(name));
  const task = dag.tasks.get(name);
  if (node === undefined || task === undefined) return true;
  // Argo reads what the ancestors gave even without a hook; results that are no JSON are found out
  // here.
  if (ancestorsOf(dag, name).some((ancestor) => isGroup(dag, ancestor))) taskScope(dag, name);
  runHooks(run, task.hooks, {
    node,
    path: `tasks.${name}`,
    boundary: dag.node.name,
    base: dag.base,
    scope: () => taskScope(dag, name).set(`tasks.${name}.status`, node.phase),
  });
  const exit = run.nodes.get(`${node.name}.onExit`);
  return !isCompleted(node) || exit === undefined || isFulfilled(exit);
}

function isGroup({ run, nodeName }: DagContext, task: string): boolean {
  return run.nodes.get(nodeName(task))?.type === 'TaskGroup';
}

type DagPhase = 'Running' | 'Succeeded' | 'Failed' | 'Error';

interface Visit {
  name: string;
  phase: Node['phase'];
}

/**
 * The phase of a DAG: Running while anything below it runs, else that of its targets. A target that
 * was skipped or omitted has the phase of the branch above it.
 */
function assessPhase(dag: DagContext, targets: readonly string[], stopped: boolean): DagPhase {
  if (stopped) return 'Failed';
  const { run } = dag;
  const phases = new Map<string, Node['phase'] | null>();
  for (const target of targets) phases.set(dag.nodeName(target), null);
  const queue: Visit[] = dag.node.children.map((name) => ({ name, phase: 'Succeeded' }));
  const seen = new Set<string>();
  for (const visit of queue) {
    const key = `${visit.phase} ${visit.name}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const node = run.nodes.get(visit.name);
    if (node === undefined || !(isFulfilled(node) || completeGroup(run, node))) return 'Running';
    const phase = isCompleted(node) ? node.phase : visit.phase;
    const before = phases.get(node.name);
    if (before !== undefined && (before === null || !isFailed({ phase: before }))) {
      phases.set(node.name, phase);
    }
    for (const name of nextNodes(run, node)) queue.push({ name, phase });
  }
  return combinedPhase(dag, targets, phases);
}

/**
 * Ends a fan-out of which every item has ended although the task could not say so yet; false when
 * one runs.
 */
function completeGroup(run: Run, node: Node): boolean {
  if (node.type !== 'TaskGroup' || node.children.length === 0) return false;
  let phase: Node['phase'] = 'Succeeded';
  for (const name of node.children) {
    const child = run.nodes.get(name);
    if (child === undefined || !isFulfilled(child)) return false;
    if (isFailed(child)) phase = child.phase;
  }
  setPhase(run, node, phase);
  return true;
}

/** What comes after a node: of a Retry node, what comes after its attempts, and its hooks. */
function nextNodes(run: Run, node: Node): readonly string[] {
  if (node.type !== 'Retry') return node.children;
  const hooks = node.children.filter((name) => run.nodes.get(name)?.flag.hooked === true);
  return [...attemptsOf(run, node).flatMap((child) => child.children), ...hooks];
}

function combinedPhase(
  dag: DagContext,
  targets: readonly string[],
  phases: ReadonlyMap<string, Node['phase'] | null>,
): DagPhase {
  const failFast = dag.template.dag?.failFast ?? true;
  let result: DagPhase = 'Succeeded';
  for (const target of targets) {
    const phase = phases.get(dag.nodeName(target)) ?? null;
    if (phase === null) {
      result = 'Running';
      if (!failFast) break;
    } else if (phase === 'Failed' || phase === 'Error') {
      const continueOn = dag.tasks.get(target)?.continueOn;
      if (phase === 'Failed' ? continueOn?.failed === true : continueOn?.error === true) continue;
      result = phase;
      if (failFast) break;
    }
  }
  return result;
}

/** What the outputs of the DAG can read: everything that its tasks gave. */
function endScope(dag: DagContext): Map<string, string | null> {
  const { run, template, base } = dag;
  const scope = newScope(run, template);
  for (const [name, task] of dag.tasks) {
    const node = run.nodes.get(dag.nodeName(name));
    if (node === undefined) continue;
    const path = `tasks.${name}`;
    if (node.type === 'TaskGroup') addAggregate(scope, path, itemsOf(run, node, node.name));
    addNode(run, scope, path, node);
    addSkipped(run, scope, { path, node, holder: task, base });
    publishOutputs(run, node.outputs);
  }
  return scope;
}
