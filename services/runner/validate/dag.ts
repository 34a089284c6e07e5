import { readDependencies, unknownResult } from '../depends.ts';
import type { DependencyKind } from '../depends.ts';
import { attempt, fault } from '../fault.ts';
import { argumentSource } from '../process-args.ts';
import type { TemplateBase } from '../template-source.ts';
import { checkArguments } from './arguments.ts';
import {
  addItems,
  addOutputs,
  checkNames,
  checkTags,
  goOn,
  holdsTag,
  madeUpArguments,
} from './scope.ts';
import type { Lint, Scope } from './scope.ts';
import type { DagTask, Template } from '../workflow.ts';

type Graph = ReadonlyMap<string, ReadonlyMap<string, DependencyKind>>;

interface Dag {
  template: Template;
  base: TemplateBase;
  tasks: readonly DagTask[];
  byName: ReadonlyMap<string, DagTask>;
  graph: Graph;
  resolved: Map<string, Template | null>;
}

/**
 * Checks a DAG template in the order in which Argo does, so that of two mistakes the same one is
 * told.
 */
export function checkDag(template: Template, base: TemplateBase, { scope, lint }: Around): void {
  const path = `templates.${template.name}`;
  if (template.activeDeadlineSeconds !== undefined) {
    throw fault(`${path}.activeDeadlineSeconds is only valid for leaf templates`);
  }
  const tasks = template.dag?.tasks ?? [];
  if (tasks.length === 0) throw fault(`${path} must have at least one task`);
  const byName = new Map(tasks.map((task) => [task.name, task]));
  const read = (task: DagTask): ReadonlyMap<string, DependencyKind> =>
    readDependencies(task, (name) => byName.get(name)).names;
  const sorted = prefixed(`${path} sorting failed: `, () => sortTasks(tasks, read));
  prefixed(`${path}.tasks`, () => checkNames(sorted, 'field'));
  const graph = new Map(sorted.map((task) => [task.name, read(task)]));
  const dag: Dag = { template, base, tasks: sorted, byName, graph, resolved: new Map() };
  const usesDepends = tasks.some(({ depends }) => depends !== undefined && depends !== '');
  const broken = new Set<DagTask>();
  for (const task of sorted) {
    if (goOn(lint, () => checkTaskShape(dag, task, { usesDepends, scope, lint }))) continue;
    broken.add(task);
    // What a broken task gives is not known; whoever reads it has made no mistake.
    scope.set(`tasks.${task.name}.*`, true);
  }
  goOn(lint, () => checkTarget(dag, { scope, lint }));
  for (const task of sorted) {
    if (!broken.has(task)) goOn(lint, () => checkTaskTags(dag, task, { scope, lint }));
  }
}

interface Around {
  scope: Scope;
  lint: Lint;
}

function prefixed<T>(prefix: string, work: () => T): T {
  const result = attempt(work, prefix);
  if ('fault' in result) throw result.fault;
  return result.value;
}

/**
 * Orders the tasks so that each comes after what it depends on; a fault for a double name, a
 * stranger or a cycle.
 */
function sortTasks(
  tasks: readonly DagTask[],
  read: (task: DagTask) => ReadonlyMap<string, DependencyKind>,
): DagTask[] {
  const byName = new Map<string, DagTask>();
  const waits = new Map<string, number>();
  for (const task of tasks) {
    if (byName.has(task.name)) throw fault(`duplicated nodeName ${task.name}`);
    byName.set(task.name, task);
    waits.set(task.name, read(task).size);
  }
  const followers = new Map<string, string[]>();
  for (const task of tasks) {
    for (const name of read(task).keys()) {
      if (!byName.has(name)) throw fault(`invalid dependency ${name}`);
      followers.set(name, [...(followers.get(name) ?? []), task.name]);
    }
  }
  const queue = tasks.filter(({ name }) => waits.get(name) === 0);
  for (const task of queue) {
    for (const name of followers.get(task.name) ?? []) {
      const left = (waits.get(name) ?? 0) - 1;
      waits.set(name, left);
      const follower = byName.get(name);
      if (left === 0 && follower !== undefined) queue.push(follower);
    }
  }
  if (queue.length < tasks.length) throw fault('graph with cycle');
  return queue;
}

function checkTaskShape(
  dag: Dag,
  task: DagTask,
  { usesDepends, scope, lint }: Around & { usesDepends: boolean },
): void {
  const path = `templates.${dag.template.name}`;
  const taskPath = `${path}.tasks.${task.name}`;
  const dependencies = task.dependencies ?? [];
  if ((usesDepends || dependencies.length > 0) && /^[0-9]/.test(task.name)) {
    throw fault(
      `${taskPath} name cannot begin with a digit when using either 'depends' or 'dependencies'`,
    );
  }
  if (usesDepends && dependencies.length > 0) {
    throw fault(`${path} cannot use both 'depends' and 'dependencies' in the same DAG template`);
  }
  if (usesDepends && task.continueOn !== undefined) {
    const instead = "Instead use 'dep-task.Failed'/'dep-task.Errored'";
    throw fault(`${path} cannot use 'continueOn' when using 'depends'. ${instead}`);
  }
  const resolved = prefixed(`${taskPath} `, () => {
    return lint.holder({ call: task, base: dag.base, source: madeUpArguments });
  });
  dag.resolved.set(task.name, resolved);
  const around = { root: 'tasks' as const, name: task.name, lint, scope };
  addOutputs(resolved, around, { aggregate: isAggregate(task), ancestor: false });
  const wrong = unknownResult(task.depends);
  if (wrong !== null) throw fault(`${taskPath} ${wrong}`);
  for (const [name, kind] of dag.graph.get(task.name) ?? []) {
    const dependency = dag.byName.get(name);
    const fansOut =
      dependency !== undefined &&
      (isAggregate(dependency) || dependency.withSequence !== undefined);
    if (kind === 'task' || fansOut) continue;
    const why =
      'uses an items-based condition such as .AnySucceeded or .AllFailed but does not contain any items';
    throw fault(`${path}.tasks.${name} dependency '${name}' ${why}`);
  }
}

function isAggregate(task: DagTask): boolean {
  return (task.withItems?.length ?? 0) > 0 || (task.withParam ?? '') !== '';
}

function checkTarget({ template, byName }: Dag, { scope, lint }: Around): void {
  const target = template.dag?.target ?? '';
  if (target === '') return;
  const path = `templates.${template.name}.targets`;
  prefixed(`${path} `, () => checkTags(target, scope, lint));
  const unknown = target.split(' ').find((name) => !holdsTag(name) && !byName.has(name));
  if (unknown !== undefined) throw fault(`${path}: target '${unknown}' is not defined`);
}

/** The tasks that a task depends on, directly or not. */
function ancestorsOf(graph: Graph, name: string): Set<string> {
  const found = new Set<string>();
  const pending = [...(graph.get(name)?.keys() ?? [])];
  for (const next of pending) {
    if (found.has(next)) continue;
    found.add(next);
    pending.push(...(graph.get(next)?.keys() ?? []));
  }
  return found;
}

function checkTaskTags(dag: Dag, task: DagTask, { scope, lint }: Around): void {
  const path = `templates.${dag.template.name}.tasks.${task.name}`;
  if (task.hooks !== undefined) scope.set(`tasks.${task.name}.status`, true);
  const own = { root: 'tasks' as const, name: task.name, lint, scope };
  addOutputs(dag.resolved.get(task.name) ?? null, own, { aggregate: false, ancestor: false });
  const taskScope: Scope = new Map(scope);
  const ancestors = ancestorsOf(dag.graph, task.name);
  for (const name of ancestors) {
    const ancestor = dag.byName.get(name);
    addOutputs(
      dag.resolved.get(name) ?? null,
      { root: 'tasks', name, lint, scope: taskScope },
      { aggregate: ancestor !== undefined && isAggregate(ancestor), ancestor: true },
    );
  }
  for (const { name } of task.inline?.inputs?.parameters ?? []) {
    taskScope.set(`inputs.parameters.${name}`, true);
  }
  prefixed(`${path} `, () => addItems(task, taskScope));
  prefixed(`${path} `, () => checkTags(task, taskScope, lint));
  checkArguments(`${path}.arguments.`, task.arguments, false);
  for (const { name, value } of task.arguments?.parameters ?? []) {
    if (value?.startsWith('{{tasks.') !== true) continue;
    const dependency = value.split('.')[1] ?? '';
    if (ancestors.has(dependency)) continue;
    throw fault(`${path} missing dependency '${dependency}' for parameter '${name}'`);
  }
  prefixed(`${path} `, () => {
    return lint.holder({ call: task, base: dag.base, source: argumentSource(task.arguments) });
  });
}
