import { secondsText } from './go-text.ts';
import { aggregateOutputs } from './aggregate.ts';
import { attempt } from './fault.ts';
import { ABSENT } from './process-args.ts';
import type { Node } from './node.ts';
import { resolveTemplate } from './template-source.ts';
import type { TemplateBase, TemplateHolder } from './template-source.ts';
import type { Run } from './run-state.ts';
import type { VariableValue } from './variables.ts';
import type { Arguments, Template } from './workflow.ts';

/**
 * The variables inside one DAG or steps node; `null` is the output of a skipped node without a
 * default.
 */
export type LocalScope = Map<string, VariableValue>;

/** A scope with the template's inputs and the workflow's outputs. */
export function newScope(run: Run, template: Template): LocalScope {
  const scope: LocalScope = new Map();
  for (const { name, value } of template.inputs?.parameters ?? []) {
    scope.set(`inputs.parameters.${name}`, value ?? '');
  }
  for (const [name, value] of run.outputs ?? []) {
    if (value !== null) scope.set(`workflow.outputs.parameters.${name}`, value);
  }
  return scope;
}

/** The attempt that a Retry node stands for: the last one. */
export function lastAttempt(run: Run, node: Node): Node {
  if (node.type !== 'Retry') return node;
  const last = node.children.findLast((name) => run.nodes.get(name)?.flag.hooked !== true);
  return (last === undefined ? undefined : run.nodes.get(last)) ?? node;
}

/** Adds what a task or step gave; `path` is `tasks.NAME` or `steps.NAME`. */
export function addNode(run: Run, scope: LocalScope, path: string, given: Node): void {
  const node = lastAttempt(run, given);
  scope.set(`${path}.id`, node.id);
  scope.set(`${path}.startedAt`, secondsText(node.startedAt));
  if (node.finishedAt !== null) scope.set(`${path}.finishedAt`, secondsText(node.finishedAt));
  scope.set(`${path}.status`, node.phase);
  addOutputs(scope, path, node);
}

/** Adds the outputs of a node. */
export function addOutputs(scope: LocalScope, path: string, { outputs }: Node): void {
  if (outputs?.result !== undefined) scope.set(`${path}.outputs.result`, outputs.result);
  if (outputs?.exitCode !== undefined) scope.set(`${path}.exitCode`, outputs.exitCode);
  for (const { name, value } of outputs?.parameters ?? []) {
    if (value !== undefined) scope.set(`${path}.outputs.parameters.${name}`, value);
  }
}

/**
 * Adds the aggregate of a fan-out, of the items in their order; a fault when a printed result is no
 * JSON.
 */
export function addAggregate(scope: LocalScope, path: string, items: readonly Node[]): void {
  if (items.length === 0) return;
  for (const [name, value] of aggregateOutputs(items)) scope.set(`${path}.${name}`, value);
}

/** The items of a fan-out, without attempts and hooks. `prefix` is the name before the bracket. */
export function itemsOf(run: Run, parent: Node, prefix: string): Node[] {
  const items: Node[] = [];
  for (const name of parent.children) {
    const node = run.nodes.get(name);
    if (node === undefined || !name.startsWith(`${prefix}(`)) continue;
    if (node.flag.hooked !== true && node.flag.retried !== true) items.push(node);
  }
  return items;
}

/** Adds the outputs that a skipped node would have given: their defaults, or `null`. */
export function addSkipped(
  run: Run,
  scope: LocalScope,
  {
    path,
    node,
    holder,
    base,
  }: { path: string; node: Node; holder: TemplateHolder; base: TemplateBase },
): void {
  if (node.outputs !== undefined) return;
  if (node.phase !== 'Skipped' && node.phase !== 'Omitted') return;
  const found = attempt(() => resolveTemplate(run.catalogue, base, holder));
  if ('fault' in found) return;
  for (const { name, valueFrom } of found.value.template.outputs?.parameters ?? []) {
    scope.set(`${path}.outputs.parameters.${name}`, valueFrom?.default ?? null);
  }
}

/**
 * The arguments, with a mark in place of those that are nothing but a reference to an absent
 * output.
 */
export function markAbsent(given: Arguments | undefined, scope: LocalScope): Arguments | undefined {
  if (given?.parameters === undefined) return given;
  const parameters = given.parameters.map((parameter) => {
    const name = /^\{\{((?:(?!\{\{|\}\}).)*)\}\}$/s.exec(parameter.value ?? '')?.[1]?.trim();
    return name !== undefined && scope.get(name) === null
      ? { ...parameter, value: ABSENT }
      : parameter;
  });
  return { ...given, parameters };
}
