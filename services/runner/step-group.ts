import { expandCall } from './fan-out.ts';
import { attempt, fault, faultOf, isMissingVariable } from './fault.ts';
import { runExitHook, runHooks } from './hooks.ts';
import type { Hooked } from './hooks.ts';
import { isCompleted, isFailed, isFulfilled } from './node.ts';
import type { Node } from './node.ts';
import { addChild, initNode, nodeIdOf, setPhase } from './run-state.ts';
import { markAbsent } from './scope.ts';
import type { StepsContext } from './steps.ts';
import { replaceIn } from './template-tag.ts';
import { layered } from './variables.ts';
import { shouldExecute } from './when.ts';
import { exitHookOf, shouldExpand } from './workflow.ts';
import type { Call } from './workflow.ts';

/**
 * Takes one group of parallel steps further and sets its phase once every step and hook has ended.
 */
export function executeGroup(context: StepsContext, group: Node, written: readonly Call[]): void {
  const { run } = context;
  if (isFulfilled(group)) return;
  const prepared = attempt(() => prepareGroup(context, group, written));
  if ('fault' in prepared) {
    const { reason, message } = prepared.fault;
    if (reason === 'requeue') run.waiting.set(group.name, `${group.name}: ${message}`);
    else setPhase(run, group, 'Error', message);
    return;
  }
  run.waiting.delete(group.name);
  const steps = new Map<string, Call>();
  let held = false;
  for (const step of prepared.value) {
    const outcome = startStep(context, group, step);
    if (outcome === 'stop') return;
    if (outcome === 'held') held = true;
    if (outcome === 'started') steps.set(`${group.name}.${step.name}`, step);
  }
  if (!stepsDone(context, group, steps) || held) return;
  const failed = group.children.find((name) => {
    const child = run.nodes.get(name);
    if (child === undefined || !isFailed(child)) return false;
    const continueOn = steps.get(name)?.continueOn;
    return child.phase === 'Failed' ? continueOn?.failed !== true : continueOn?.error !== true;
  });
  if (failed === undefined) setPhase(run, group, 'Succeeded');
  else setPhase(run, group, 'Failed', `child '${nodeIdOf(run, failed)}' failed`);
}

/** The steps of the group with every tag filled in, once per item. Kept while the group runs. */
function prepareGroup(
  context: StepsContext,
  group: Node,
  written: readonly Call[],
): readonly Call[] {
  const { run, scope } = context;
  const known = run.expansions.get(group.name);
  if (known !== undefined) return known.tasks;
  const resolved = written.map((step) => resolveStep(context, step));
  const variables = layered(run.globals, scope);
  const all: Call[] = [];
  for (const step of resolved) {
    const items = expandCall(step, variables, false);
    all.push(...items);
    const name = `${group.name}.${step.name}`;
    if (items.length > 0 || run.nodes.has(name)) continue;
    initNode(run, {
      name,
      type: 'Skipped',
      holder: step,
      phase: 'Skipped',
      message: 'Skipped, empty params',
      options: { boundary: context.node.name },
    });
    addChild(run, group.name, name);
  }
  run.expansions.set(group.name, { tasks: all, open: [] });
  return all;
}

const STRICT = ['steps', 'tasks'];

function resolveStep({ run, scope }: StepsContext, step: Call): Call {
  const variables = layered(run.globals, scope);
  const { hooks, ...body } = step;
  const restore = (filled: Call): Call => (hooks === undefined ? filled : { ...filled, hooks });
  const result = attempt((): Call => {
    if ((step.when ?? '') !== '') {
      const when = replaceIn(step.when ?? '', variables, STRICT);
      const decided = attempt(() => shouldExecute(when));
      if ('fault' in decided) {
        // It may hold {{item}}, which is known only later.
        if (!shouldExpand(step)) throw decided.fault;
      } else if (!decided.value) return { ...body, when };
    }
    const marked = markAbsent(body.arguments, scope);
    return replaceIn(
      marked === undefined ? body : { ...body, arguments: marked },
      variables,
      STRICT,
    );
  });
  if (!('fault' in result)) return restore(result.value);
  const { message } = result.fault;
  if (isMissingVariable(message)) throw fault(message, 'requeue');
  throw fault(`failed to resolve references: ${message}`);
}

/**
 * Starts a step or looks at it again; `stop` when the group has ended or has to wait because of it.
 */
function startStep(
  context: StepsContext,
  group: Node,
  step: Call,
): 'started' | 'none' | 'held' | 'stop' {
  const { run, node } = context;
  const name = `${group.name}.${step.name}`;
  const decided = attempt(() => shouldExecute(step.when));
  const options = { boundary: node.name };
  if ('fault' in decided) {
    const { message } = decided.fault;
    if (!run.nodes.has(name)) {
      initNode(run, { name, type: 'Skipped', holder: step, phase: 'Error', options, message });
    }
    addChild(run, group.name, name);
    setPhase(run, group, 'Error', message);
    return 'stop';
  }
  if (!decided.value) {
    if (!run.nodes.has(name)) {
      const message = `when '${step.when ?? ''}' evaluated false`;
      initNode(run, { name, type: 'Skipped', holder: step, phase: 'Skipped', options, message });
      addChild(run, group.name, name);
    }
    return 'none';
  }
  return callStep(context, group, { step, name });
}

function callStep(
  { run, node, base, onExit }: StepsContext,
  group: Node,
  { step, name }: { step: Call; name: string },
): 'started' | 'none' | 'held' | 'stop' {
  try {
    const child = run.execute({
      name,
      base,
      given: step.arguments,
      holder: {
        ...step,
        kind: 'step',
      },
      options: {
        boundary: node.name,
        onExit,
      },
    });
    if (child === null) return 'held';
  } catch (thrown) {
    const { reason, message } = faultOf(thrown);
    if (reason === 'timeout') setPhase(run, group, 'Failed', message);
    if (reason === 'timeout') return 'stop';
    if (reason !== 'parallelism' && reason !== 'depth') {
      addChild(run, group.name, name);
      const text = `step group deemed errored due to child ${name} error: ${message}`;
      setPhase(run, group, 'Error', text);
      return 'stop';
    }
    if (!run.nodes.has(name)) return 'held';
  }
  addChild(run, group.name, name);
  return 'started';
}

/** Runs the hooks of every step; false while a step or a hook is under way. */
function stepsDone(context: StepsContext, group: Node, steps: ReadonlyMap<string, Call>): boolean {
  const { run, scope } = context;
  let done = true;
  for (const name of group.children) {
    const child = run.nodes.get(name);
    if (child === undefined) continue;
    const step = steps.get(name);
    scope.set(`steps.${child.displayName}.status`, child.phase);
    const hooked: Hooked = {
      node: child,
      path: `steps.${step?.name ?? ''}`,
      boundary: context.node.name,
      base: context.base,
      scope: () => scope,
    };
    const hooks = attempt(() => runHooks(run, step?.hooks, hooked));
    if ('fault' in hooks) setPhase(run, group, 'Error', hooks.fault.message);
    if ('fault' in hooks || !hooks.value) return false;
    if (!isFulfilled(child)) done = false;
    else if (isCompleted(child) && step !== undefined) {
      const exit = runExitHook(run, exitHookOf(step, run.spec.arguments ?? {}), hooked);
      if (exit === 'running') done = false;
    }
  }
  return done;
}
