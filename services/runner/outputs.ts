import { evaluateExpression, expressionEnv } from './expression.ts';
import { valueText } from './expression/value.ts';
import type { Value } from './expression/value.ts';
import { attempt, fault } from './fault.ts';
import type { LocalScope } from './scope.ts';
import type { NodeOutputs } from './node.ts';
import type { Run } from './run-state.ts';
import type { Parameter, Template, ValueFrom } from './workflow.ts';

/**
 * The outputs of a DAG or steps template, out of what its tasks gave; `undefined` when it declares
 * none.
 */
export function outputsFromScope(template: Template, scope: LocalScope): NodeOutputs | undefined {
  const declared = template.outputs?.parameters ?? [];
  if (declared.length === 0) return undefined;
  return { parameters: declared.map((parameter) => outputFromScope(parameter, scope)) };
}

function outputFromScope(parameter: Parameter, scope: LocalScope): Parameter {
  const { name, globalName, valueFrom } = parameter;
  if (valueFrom === undefined) throw fault('output parameters must have a valueFrom specified');
  const found = attempt(() => valueOf(valueFrom, scope));
  const otherwise = valueFrom.default;
  let value: Value;
  if ('fault' in found) {
    if (otherwise === undefined) throw found.fault;
    value = otherwise;
  } else value = found.value ?? otherwise ?? null;
  if (value === null) {
    const why = 'is an absent optional (skipped/omitted node output with no default)';
    throw fault(`output parameter "${name}": "${valueFrom.parameter ?? ''}" ${why}`);
  }
  const output: Parameter = { name, value: valueText(value) };
  if (globalName !== undefined) output.globalName = globalName;
  return output;
}

function valueOf(from: ValueFrom, scope: LocalScope): Value {
  if ((from.expression ?? '') !== '') return expressionValue(from.expression ?? '', scope);
  const written = from.parameter ?? '';
  if (written === '') return '';
  const tag = written.replace(/^\{\{/, '').replace(/\}\}$/, '').trim();
  if (tag.startsWith('=')) {
    const source = tag.slice(1);
    const result = attempt(() => evaluateExpression(source, expressionEnv(scope)));
    if ('fault' in result) throw fault(`Invalid expression: ${JSON.stringify(source)}`);
    if (result.value !== null) return result.value;
    throw fault(`Unable to resolve: ${JSON.stringify(tag)}`);
  }
  const value = scope.get(tag);
  if (value === undefined) throw fault(`Unable to resolve: ${JSON.stringify(tag)}`);
  return value;
}

function expressionValue(source: string, scope: LocalScope): Value {
  const value = evaluateExpression(source, expressionEnv(scope));
  if (value === null) throw fault(`failed to evaluate expression ${JSON.stringify(source)}`);
  return value;
}

/** Makes the outputs with a `globalName` the workflow's. */
export function publishOutputs(run: Run, outputs: NodeOutputs | undefined): void {
  for (const { globalName, value } of outputs?.parameters ?? []) {
    if (globalName === undefined || globalName === '') continue;
    run.outputs ??= new Map();
    const known = run.outputs.get(globalName);
    if (known === (value ?? null) && run.globals.has(`workflow.outputs.parameters.${globalName}`))
      continue;
    run.outputs.set(globalName, value ?? null);
    run.globals.set(`workflow.outputs.parameters.${globalName}`, value ?? '');
    run.globalsVersion++;
  }
}
