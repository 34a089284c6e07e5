import { evaluateCondition } from './expression.ts';
import { fault } from './fault.ts';
import { addOutputs, lastAttempt, markAbsent } from './scope.ts';
import type { LocalScope } from './scope.ts';
import { isFulfilled } from './node.ts';
import type { Node } from './node.ts';
import { addChild } from './run-state.ts';
import type { Run } from './run-state.ts';
import { replaceIn } from './template-tag.ts';
import type { TemplateBase } from './template-source.ts';
import { layered } from './variables.ts';
import type { Arguments, LifecycleHook } from './workflow.ts';

/** The task or step whose hooks are looked at; `path` is `tasks.NAME` or `steps.NAME`. */
export interface Hooked {
  node: Node;
  path: string;
  boundary: string;
  base: TemplateBase;
  /** Gives the scope of the task; asked for only when there is a hook. */
  scope: () => LocalScope;
}

/** The arguments of a hook, filled in with what the node it hangs on gave. */
function hookArguments(
  run: Run,
  hook: LifecycleHook,
  { node, path, scope }: { node: Node; path: string; scope: LocalScope },
): Arguments | undefined {
  if ((hook.arguments?.parameters?.length ?? 0) === 0) return hook.arguments;
  const own: LocalScope = new Map(scope);
  addOutputs(own, path, node);
  const marked = markAbsent(hook.arguments, own);
  return replaceIn(marked, layered(run.globals, own), 'keep');
}

/**
 * Runs the hooks with an expression, each once its expression holds; false while one of them runs.
 * A fault when an expression cannot be evaluated.
 */
export function runHooks(
  run: Run,
  hooks: Record<string, LifecycleHook> | undefined,
  hooked: Hooked,
): boolean {
  const named = Object.entries(hooks ?? {}).filter(([name]) => name !== 'exit');
  if (named.length === 0) return true;
  const scope = hooked.scope();
  let done = true;
  for (const [name, hook] of named) {
    const hookName = `${hooked.node.name}.hooks.${name}`;
    if ((hook.expression ?? '') === '') throw fault(`Expression required for hook ${hookName}`);
    const holds = evaluateCondition(hook.expression ?? '', layered(run.globals, scope).env());
    if (!holds && !run.nodes.has(hookName)) continue;
    const source = lastAttempt(run, hooked.node);
    const given =
      source.outputs === undefined
        ? hook.arguments
        : hookArguments(run, hook, { node: source, path: hooked.path, scope });
    const node = run.execute({
      name: hookName,
      holder: { ...holderOf(hook), kind: 'step' },
      base: hooked.base,
      given,
      options: { boundary: hooked.boundary, onExit: false, hooked: true },
    });
    addChild(run, hooked.node.name, hookName);
    if (node === null || !isFulfilled(node)) done = false;
  }
  return done;
}

/** What a hook names. */
export function holderOf(hook: LifecycleHook): Pick<LifecycleHook, 'template' | 'templateRef'> {
  return {
    ...(hook.template === undefined ? {} : { template: hook.template }),
    ...(hook.templateRef === undefined ? {} : { templateRef: hook.templateRef }),
  };
}

/** Runs the exit hook of a node that has run to its end; `none` when there is nothing to run. */
export function runExitHook(
  run: Run,
  hook: LifecycleHook | undefined,
  hooked: Hooked,
): 'none' | 'running' | 'done' {
  if (hook === undefined) return 'none';
  const scope = hooked.scope();
  if ((hook.expression ?? '') !== '') {
    const holds = evaluateCondition(hook.expression ?? '', layered(run.globals, scope).env());
    if (!holds) return 'none';
  }
  const name = `${hooked.node.name}.onExit`;
  const source = lastAttempt(run, hooked.node);
  const node = run.execute({
    name,
    holder: { ...holderOf(hook), kind: 'step' },
    base: hooked.base,
    given: hookArguments(run, hook, { node: source, path: hooked.path, scope }),
    options: { boundary: hooked.boundary, onExit: true, hooked: true },
  });
  addChild(run, hooked.node.name, name);
  return node !== null && isFulfilled(node) ? 'done' : 'running';
}
