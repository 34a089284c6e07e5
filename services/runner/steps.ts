import { isFailed, isFulfilled } from './node.ts';
import type { Node } from './node.ts';
import { outputsFromScope, publishOutputs } from './outputs.ts';
import { addChild, initNode, outboundOf, setPhase } from './run-state.ts';
import type { Execution, Run } from './run-state.ts';
import { addAggregate, addNode, addSkipped, itemsOf, newScope } from './scope.ts';
import type { LocalScope } from './scope.ts';
import { executeGroup } from './step-group.ts';
import type { TemplateBase } from './template-source.ts';
import { attempt } from './fault.ts';
import type { Call, Template } from './workflow.ts';

/** One steps node during one pass. */
export interface StepsContext {
  run: Run;
  node: Node;
  base: TemplateBase;
  onExit: boolean;
  scope: LocalScope;
}

/**
 * Takes a steps template one step further: its groups one after another, each once the one before
 * has succeeded.
 */
export function executeSteps(
  run: Run,
  execution: Execution,
  { template, base }: { template: Template; base: TemplateBase },
): Node {
  const { name, holder, options } = execution;
  const node =
    run.nodes.get(name) ??
    initNode(run, {
      name,
      type: 'Steps',
      holder,
      phase: 'Running',
      options,
      inputs: template.inputs?.parameters,
    });
  if (node.phase === 'Pending') setPhase(run, node, 'Running', '');
  const scope = newScope(run, template);
  const context: StepsContext = { run, node, base, onExit: options.onExit, scope };
  for (const [index, steps] of (template.steps ?? []).entries()) {
    const group = openGroup(context, index);
    const result = attempt(() => executeGroup(context, group, steps));
    if ('fault' in result) return setPhase(run, group, 'Error', result.fault.message);
    if (!isFulfilled(group)) return node;
    if (isFailed(group)) {
      node.outbound = endsOf(run, name, template);
      return setPhase(run, node, 'Failed', group.message);
    }
    for (const step of steps) addStep(context, group, step);
  }
  node.outbound = endsOf(run, name, template);
  const outputs = outputsFromScope(template, scope);
  if (outputs !== undefined) {
    node.outputs = outputs;
    publishOutputs(run, outputs);
  }
  return setPhase(run, node, 'Succeeded');
}

/** The node of a group, made and connected to the ends of the group before it. */
function openGroup({ run, node }: StepsContext, index: number): Node {
  const name = `${node.name}[${index}]`;
  const group =
    run.nodes.get(name) ??
    initNode(run, {
      name,
      type: 'StepGroup',
      holder: {},
      phase: 'Running',
      options: { boundary: node.name },
    });
  if (index === 0) addChild(run, node.name, name);
  else {
    const before = run.nodes.get(`${node.name}[${index - 1}]`);
    if (before !== undefined && before.children.length === 0) addChild(run, before.name, name);
    for (const child of before?.children ?? []) {
      for (const end of outboundOf(run, child)) addChild(run, end, name);
    }
  }
  return group;
}

/** Where a steps node ends: at the ends of its last group. */
function endsOf(run: Run, name: string, template: Template): string[] {
  const count = template.steps?.length ?? 0;
  for (let index = count - 1; index >= 0; index--) {
    const group = run.nodes.get(`${name}[${index}]`);
    if (group !== undefined) return group.children.flatMap((child) => outboundOf(run, child));
  }
  return [];
}

/** Adds what a step of a finished group gave to what later groups can read. */
function addStep({ run, scope, base }: StepsContext, group: Node, step: Call): void {
  const path = `steps.${step.name}`;
  const name = `${group.name}.${step.name}`;
  const node = run.nodes.get(name);
  if (node === undefined) {
    const items = itemsOf(run, group, name).filter(({ type }) => type !== 'Skipped');
    addAggregate(scope, path, items);
    addNode(run, scope, path, group);
    return;
  }
  addNode(run, scope, path, node);
  addSkipped(run, scope, { path, node, holder: step, base });
}
