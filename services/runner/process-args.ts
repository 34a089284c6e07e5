import { fault } from './fault.ts';
import { escapeHtml } from './json-text.ts';
import { replaceIn } from './template-tag.ts';
import { layered } from './variables.ts';
import type { VariableValue } from './variables.ts';
import type { Arguments, Parameter, Template } from './workflow.ts';

/**
 * The mark of an argument that refers to the output of a skipped node without a default: as if it
 * were not given.
 */
export const ABSENT = '__argo-internal.absent-optional-output__';

/** Gives the argument for an input; lint gives made-up ones. */
export type ArgumentSource = (name: string) => Parameter | undefined;

/** The variables around a template: those of the workflow, and those of this one node. */
export interface Surroundings {
  globals: ReadonlyMap<string, VariableValue>;
  locals: ReadonlyMap<string, VariableValue>;
}

/** The arguments as a source. */
export function argumentSource(given: Arguments | undefined): ArgumentSource {
  const byName = new Map((given?.parameters ?? []).map((parameter) => [parameter.name, parameter]));
  return (name) => byName.get(name);
}

/**
 * The template with its inputs set (argument over default) and every tag replaced that can be by
 * now. A fault when an input has neither.
 */
export function processArgs(
  template: Template,
  source: ArgumentSource,
  surroundings: Surroundings,
): Template {
  const inputs = template.inputs?.parameters ?? [];
  const parameters = inputs.map((input) => setInput(input, source(input.name)));
  const filled =
    inputs.length === 0 ? template : { ...template, inputs: { ...template.inputs, parameters } };
  return substituteParams(filled, surroundings);
}

function setInput(input: Parameter, given: Parameter | undefined): Parameter {
  const set: Parameter = { ...input };
  if (set.value === undefined && set.default !== undefined) set.value = set.default;
  if (given?.value === ABSENT) {
    if (set.value === undefined && set.valueFrom === undefined) {
      const why =
        'argument references an absent optional (skipped/omitted node output with no default)';
      throw fault(`inputs.parameters.${input.name}: ${why}`);
    }
  } else if (given !== undefined) {
    delete set.value;
    delete set.valueFrom;
    if (given.value !== undefined) set.value = given.value;
    else if (given.valueFrom !== undefined) set.valueFrom = given.valueFrom;
  }
  if (set.value === undefined) throw fault(`inputs.parameters.${input.name} was not supplied`);
  return set;
}

/**
 * Replaces tags in two passes: first the workflow's and the node's variables, then the inputs,
 * whose values may by then hold what the first pass put there.
 */
export function substituteParams(template: Template, { globals, locals }: Surroundings): Template {
  const first = replaceIn(template, layered(globals, locals), 'keep');
  const own = new Map<string, VariableValue>();
  const inputs = first.inputs?.parameters ?? [];
  for (const { name, value } of inputs) {
    if (value === undefined) throw fault(`inputs.parameters.${name} had no value`);
    own.set(`inputs.parameters.${name}`, value);
  }
  own.set('inputs.parameters', inputs.length === 0 ? 'null' : escapeHtml(JSON.stringify(inputs)));
  for (const { name, path } of first.outputs?.artifacts ?? []) {
    if (path !== undefined) own.set(`outputs.artifacts.${name ?? ''}.path`, path);
  }
  for (const { name, valueFrom } of first.outputs?.parameters ?? []) {
    if (valueFrom?.path !== undefined) own.set(`outputs.parameters.${name}.path`, valueFrom.path);
  }
  return replaceIn(first, layered(globals, locals, own), 'keep');
}
