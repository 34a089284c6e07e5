import { taskScope } from './dag-context.ts';
import type { DagContext } from './dag-context.ts';
import { expandTask } from './dag-resolve.ts';
import { dependsHolds } from './depends.ts';
import type { TaskResult } from './depends.ts';
import { attempt, fault, faultOf } from './fault.ts';
import { runExitHook, runHooks } from './hooks.ts';
import type { Hooked } from './hooks.ts';
import { releaseLocks } from './lock.ts';
import { isCompleted, isFailed, isFulfilled } from './node.ts';
import type { Node } from './node.ts';
import { addChild, initNode, outboundOf, setPhase } from './run-state.ts';
import { shouldExecute } from './when.ts';
import { exitHookOf, shouldExpand } from './workflow.ts';
import type { DagTask } from './workflow.ts';

/**
 * Looks at a task once in a pass: first at what it depends on, then whether it can start, then at
 * its hooks.
 */
export function executeTask(dag: DagContext, name: string): void {
  const { run, visited } = dag;
  if (visited.has(name)) return;
  visited.add(name);
  const task = dag.tasks.get(name);
  if (task === undefined) throw fault(`target ${name} does not exist`);
  const node = run.nodes.get(dag.nodeName(name));
  if (node !== undefined && !hooksDone(dag, task, node)) return;
  if (node !== undefined && isFulfilled(node)) {
    releaseLocks(run, node.name);
    if (isCompleted(node)) exitHook(dag, task, node);
    return;
  }
  if (node === undefined && !dependenciesAllow(dag, task)) return;
  startTask(dag, task);
}

function hooked(dag: DagContext, task: DagTask, node: Node): Hooked {
  return {
    node,
    path: `tasks.${task.name}`,
    boundary: dag.node.name,
    base: dag.base,
    scope: () => taskScope(dag, task.name).set(`tasks.${task.name}.status`, node.phase),
  };
}

/** Runs the hooks of a task that runs or has ended; false while one of them is under way. */
function hooksDone(dag: DagContext, task: DagTask, node: Node): boolean {
  if (!isFulfilled(node) && node.phase !== 'Running') return true;
  const done = attempt(() => runHooks(dag.run, task.hooks, hooked(dag, task, node)));
  if (!('fault' in done)) return done.value;
  setPhase(dag.run, node, 'Error', done.fault.message);
  return false;
}

/** Runs the exit hook of a task or of one of its items; false while it is under way. */
function exitHook(dag: DagContext, task: DagTask, node: Node): boolean {
  const { run } = dag;
  const hook = exitHookOf(task, run.spec.arguments ?? {});
  const state = attempt(() => runExitHook(run, hook, hooked(dag, task, node)));
  return !('fault' in state) && state.value !== 'running';
}

/** Makes a node that shows that the task was not run, and connects it. */
function endTask(
  dag: DagContext,
  task: DagTask,
  { phase, message }: { phase: 'Error' | 'Omitted' | 'Skipped'; message: string },
): void {
  const name = dag.nodeName(task.name);
  initNode(dag.run, {
    name,
    type: 'Skipped',
    holder: task,
    phase,
    message,
    options: { boundary: dag.node.name },
  });
  connect(dag, task, name);
}

/**
 * Hangs a node below the ends of the tasks it depends on, below its fan-out, or below the DAG
 * itself.
 */
function connect(dag: DagContext, task: DagTask, nodeName: string): void {
  const { run } = dag;
  const group = run.nodes.get(dag.nodeName(task.name));
  if (group?.type === 'TaskGroup') {
    addChild(run, group.name, nodeName);
    return;
  }
  const { names } = dag.dependencies(task.name);
  if (names.size === 0) addChild(run, dag.node.name, nodeName);
  for (const name of names.keys()) {
    for (const end of outboundOf(run, dag.nodeName(name))) addChild(run, end, nodeName);
  }
}

/** Looks at the tasks it depends on; false while one of them runs, and when the task is omitted. */
function dependenciesAllow(dag: DagContext, task: DagTask): boolean {
  const { names, condition } = dag.dependencies(task.name);
  if (condition === '') return true;
  for (const name of names.keys()) executeTask(dag, name);
  const results = new Map<string, TaskResult>();
  for (const name of names.keys()) {
    const result = resultOf(dag, name);
    if (result === null) return false;
    results.set(name, result);
  }
  const holds = attempt(() => dependsHolds(condition, results));
  if ('fault' in holds) {
    endTask(dag, task, { phase: 'Error', message: holds.fault.message });
    return false;
  }
  if (!holds.value) {
    endTask(dag, task, { phase: 'Omitted', message: 'omitted: depends condition not met' });
  }
  return holds.value;
}

/** How a task has ended; `null` while it or one of its hooks is under way. */
function resultOf({ run, nodeName }: DagContext, name: string): TaskResult | null {
  const node = run.nodes.get(nodeName(name));
  if (node === undefined || !isFulfilled(node)) return null;
  const children = node.children.flatMap((child) => run.nodes.get(child) ?? []);
  if (children.some((child) => child.flag.hooked === true && !isFulfilled(child))) return null;
  const group = node.type === 'TaskGroup' ? children : [];
  return {
    phase: node.phase,
    anySucceeded: group.some(({ phase }) => phase === 'Succeeded'),
    allFailed: group.length > 0 && group.every(({ phase }) => phase === 'Failed'),
  };
}

/** Fills in the task, spreads it over its items, and executes each. */
function startTask(dag: DagContext, task: DagTask): void {
  const { run } = dag;
  const name = dag.nodeName(task.name);
  let expansion = run.expansions.get(name);
  if (expansion === undefined) {
    const made = attempt(() => expandTask(dag, task));
    if ('fault' in made) {
      if (made.fault.reason === 'requeue') run.waiting.set(name, `${name}: ${made.fault.message}`);
      else endTask(dag, task, { phase: 'Error', message: made.fault.message });
      return;
    }
    run.waiting.delete(name);
    const open = made.value.map((item) => ({ task: item, name: dag.nodeName(item.name) }));
    expansion = { tasks: made.value, open };
    run.expansions.set(name, expansion);
    if (shouldExpand(task) && !openGroup(dag, task, made.value.length)) return;
  }
  const open: typeof expansion.open = [];
  for (const [index, item] of expansion.open.entries()) {
    // A step that is under way has nothing to be done for; there may be thousands.
    const state = run.pods.has(item.name) ? 'open' : executeItem(dag, task, item);
    if (state !== 'done') open.push(item);
    if (state !== 'stop') continue;
    open.push(...expansion.open.slice(index + 1));
    break;
  }
  expansion.open = open;
  if (open.length === 0) closeGroup(dag, name, expansion.tasks);
}

/** Makes the node of a fan-out; false when there is nothing to spread. */
function openGroup(dag: DagContext, task: DagTask, count: number): boolean {
  const { run } = dag;
  if (count === 0) {
    endTask(dag, task, { phase: 'Skipped', message: 'Skipped, empty params' });
    return false;
  }
  const name = dag.nodeName(task.name);
  connect(dag, task, name);
  initNode(run, {
    name,
    type: 'TaskGroup',
    holder: task,
    phase: 'Running',
    options: { boundary: dag.node.name },
  });
  return true;
}

function closeGroup({ run, nodeName }: DagContext, name: string, tasks: readonly DagTask[]): void {
  const group = run.nodes.get(name);
  if (group?.type !== 'TaskGroup') return;
  let phase: Node['phase'] = 'Succeeded';
  for (const item of tasks) {
    const node = run.nodes.get(nodeName(item.name));
    if (node === undefined || !isFulfilled(node)) return;
    if (isFailed(node)) phase = node.phase;
  }
  setPhase(run, group, phase);
}

/**
 * Executes one item: `done` when nothing is left to do for it, `stop` when the items after it have
 * to wait.
 */
function executeItem(
  dag: DagContext,
  task: DagTask,
  { task: item, name }: { task: DagTask; name: string },
): 'done' | 'open' | 'stop' {
  const { run } = dag;
  const known = run.nodes.get(name);
  if (known === undefined) {
    connect(dag, task, name);
    const decided = attempt(() => shouldExecute(item.when));
    const skipped =
      'fault' in decided ? decided.fault.message : decided.value ? null : skipText(item);
    if (skipped !== null) {
      initNode(run, {
        name,
        type: 'Skipped',
        holder: task,
        message: skipped,
        phase: 'fault' in decided ? 'Error' : 'Skipped',
        options: { boundary: dag.node.name },
      });
      return 'done';
    }
  } else if (known.type === 'Skipped' && isFulfilled(known)) return 'done';
  const node = executeCall(dag, item, name);
  if (node === 'stop' || node === null) return 'stop';
  if (node === 'wait') return 'open';
  if (!isCompleted(node)) return isFulfilled(node) ? 'done' : 'open';
  return exitHook(dag, task, node) ? 'done' : 'stop';
}

function skipText({ when }: DagTask): string {
  return `when '${when ?? ''}' evaluated false`;
}

function executeCall(dag: DagContext, item: DagTask, name: string): Node | 'stop' | 'wait' | null {
  const { run } = dag;
  try {
    return run.execute({
      name,
      base: dag.base,
      given: item.arguments,
      holder: {
        ...item,
        kind: 'task',
      },
      options: {
        boundary: dag.node.name,
        onExit: dag.onExit,
      },
    });
  } catch (thrown) {
    const { reason, message } = faultOf(thrown);
    const node = run.nodes.get(name);
    if (reason === 'parallelism' || reason === 'depth') {
      // Argo stops here when it has no node yet: the items behind it are not looked at either.
      return node === undefined ? 'stop' : reason === 'depth' ? node : 'wait';
    }
    if (node !== undefined) {
      if (reason === 'timeout') setPhase(run, node, 'Failed', message);
      else setPhase(run, node, 'Error', `task '${name}' errored: ${message}`);
    }
    return 'stop';
  }
}
