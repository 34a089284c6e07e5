import { ancestorsOf, taskScope } from './dag-context.ts';
import type { DagContext } from './dag-context.ts';
import { expandCall } from './fan-out.ts';
import { attempt, fault, isMissingVariable } from './fault.ts';
import { markAbsent } from './scope.ts';
import type { LocalScope } from './scope.ts';
import { replaceIn } from './template-tag.ts';
import { layered } from './variables.ts';
import { shouldExecute } from './when.ts';
import { shouldExpand } from './workflow.ts';
import type { DagTask } from './workflow.ts';

/** The task with every tag filled in, once per item. */
export function expandTask(dag: DagContext, task: DagTask): DagTask[] {
  const { run } = dag;
  const missing = ancestorsOf(dag, task.name).find((other) => !run.nodes.has(dag.nodeName(other)));
  if (missing !== undefined) throw fault(`Ancestor task node ${missing} not found`);
  const scope = taskScope(dag, task.name);
  const resolved = resolveTask(dag, task, scope);
  return expandCall(resolved, layered(run.globals, scope), true);
}

const STRICT = ['tasks', 'steps'];

function resolveTask({ run }: DagContext, task: DagTask, scope: LocalScope): DagTask {
  const variables = layered(run.globals, scope);
  const { hooks, ...body } = task;
  const restore = (filled: DagTask): DagTask =>
    hooks === undefined ? filled : { ...filled, hooks };
  const late = <T>(work: () => T): T => {
    const result = attempt(work);
    if (!('fault' in result)) return result.value;
    const { message } = result.fault;
    throw isMissingVariable(message) ? fault(message, 'requeue') : result.fault;
  };
  if ((task.when ?? '') !== '') {
    const when = late(() => replaceIn(task.when ?? '', variables, STRICT));
    const decided = attempt(() => shouldExecute(when));
    if ('fault' in decided) {
      // It may hold {{item}}, which is known only later.
      if (!shouldExpand(task)) throw decided.fault;
    } else if (!decided.value) return restore({ ...body, when });
  }
  const marked = markAbsent(body.arguments, scope);
  const whole = marked === undefined ? body : { ...body, arguments: marked };
  return restore(late(() => replaceIn(whole, variables, STRICT)));
}
