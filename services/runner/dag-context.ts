import { readDependencies } from './depends.ts';
import type { Dependencies } from './depends.ts';
import type { Node } from './node.ts';
import type { Run } from './run-state.ts';
import { addAggregate, addNode, addSkipped, itemsOf, newScope } from './scope.ts';
import type { LocalScope } from './scope.ts';
import type { TemplateBase } from './template-source.ts';
import type { DagTask, Template } from './workflow.ts';

/** One DAG node during one pass. */
export interface DagContext {
  run: Run;
  node: Node;
  template: Template;
  base: TemplateBase;
  onExit: boolean;
  tasks: ReadonlyMap<string, DagTask>;
  /** Tasks looked at in this pass. */
  visited: Set<string>;
  nodeName: (task: string) => string;
  dependencies: (task: string) => Dependencies;
}

const known = new WeakMap<
  Template,
  { tasks: Map<string, DagTask>; all: Map<string, Dependencies> }
>();

/** Sets up a pass over a DAG; what depends on the template alone is kept from pass to pass. */
export function dagContext(
  run: Run,
  { node, template, base, onExit }: Pick<DagContext, 'node' | 'template' | 'base' | 'onExit'>,
): DagContext {
  let shape = known.get(template);
  if (shape === undefined) {
    const tasks = new Map((template.dag?.tasks ?? []).map((task) => [task.name, task]));
    shape = { tasks, all: new Map() };
    known.set(template, shape);
  }
  const { tasks, all } = shape;
  const dependencies = (name: string): Dependencies => {
    let found = all.get(name);
    if (found === undefined) {
      const task = tasks.get(name) ?? { name };
      found = readDependencies(task, (other) => tasks.get(other));
      all.set(name, found);
    }
    return found;
  };
  return {
    run,
    node,
    template,
    base,
    onExit,
    tasks,
    dependencies,
    visited: new Set(),
    nodeName: (task) => `${node.name}.${task}`,
  };
}

/** The tasks that a task depends on, directly or not, those that ended first in front. */
export function ancestorsOf(dag: DagContext, name: string): string[] {
  const found = new Set<string>();
  const visit = (task: string): void => {
    for (const dependency of dag.dependencies(task).names.keys()) {
      if (found.has(dependency)) continue;
      found.add(dependency);
      visit(dependency);
    }
  };
  visit(name);
  const endOf = (task: string): number => {
    const node = dag.run.nodes.get(dag.nodeName(task));
    return (node?.finishedAt ?? node?.startedAt)?.getTime() ?? 0;
  };
  return [...found].toSorted((a, b) => endOf(a) - endOf(b));
}

/**
 * What a task can read: inputs, workflow outputs, and what its ancestors gave. A fault for results
 * that are no JSON.
 */
export function taskScope(dag: DagContext, name: string): LocalScope {
  const { run, template, base } = dag;
  const scope = newScope(run, template);
  for (const ancestor of ancestorsOf(dag, name)) {
    const node = run.nodes.get(dag.nodeName(ancestor));
    const task = dag.tasks.get(ancestor);
    if (node === undefined || task === undefined) continue;
    const path = `tasks.${ancestor}`;
    if (node.type === 'TaskGroup') addAggregate(scope, path, itemsOf(run, node, node.name));
    addNode(run, scope, path, node);
    addSkipped(run, scope, { path, node, holder: task, base });
  }
  return scope;
}
