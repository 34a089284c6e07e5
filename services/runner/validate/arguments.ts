import { attempt, fault } from '../fault.ts';
import { checkGlobalName, checkNames, checkTags } from './scope.ts';
import type { Lint, Scope } from './scope.ts';
import { kindOf } from '../workflow.ts';
import type { Arguments, LifecycleHook, Parameter, Template } from '../workflow.ts';

/** Checks names and values of arguments; `prefix` begins every message. */
export function checkArguments(
  prefix: string,
  given: Arguments | undefined,
  emptyAllowed: boolean,
): void {
  const names = attempt(() => checkNames(given?.parameters, 'parameter'), `${prefix}parameters`);
  if ('fault' in names) throw names.fault;
  for (const parameter of given?.parameters ?? []) {
    if (!checkArgument(prefix, parameter, emptyAllowed)) return;
  }
}

/** False when Argo stops looking at further arguments (one with an enum and no value yet). */
function checkArgument(prefix: string, parameter: Parameter, emptyAllowed: boolean): boolean {
  const { name, value, valueFrom } = parameter;
  const path = `${prefix}${name}`;
  if (valueFrom === undefined && value === undefined && !emptyAllowed) {
    throw fault(`${path}.value or ${path}.valueFrom is required`);
  }
  if (valueFrom !== undefined) {
    const allowed = valueFrom.event !== undefined || valueFrom.supplied !== undefined;
    const other = [valueFrom.path, valueFrom.parameter, valueFrom.expression];
    if (!allowed || other.some((text) => text !== undefined && text !== '')) {
      throw fault(`${path}.valueFrom only allows: default, configMapKeyRef and supplied`);
    }
  }
  if (parameter.enum === undefined) return true;
  if (parameter.enum.length === 0) throw fault(`${path}.enum should contain at least one value`);
  if (value === undefined) {
    if (emptyAllowed) return false;
    throw fault(`${path}.value is required`);
  }
  if (!parameter.enum.includes(value)) {
    throw fault(`${path}.value should be present in ${path}.enum list`);
  }
  return true;
}

/** A hook other than `exit` needs an expression. */
export function checkHooks(hooks: Record<string, LifecycleHook> | undefined, prefix: string): void {
  for (const [name, hook] of Object.entries(hooks ?? {})) {
    if (name !== 'exit' && (hook.expression ?? '') === '') {
      throw fault(`${prefix}.${name} Expression required`);
    }
  }
}

const TYPE_NAMES = {
  container: 'Container',
  dag: 'DAG',
  steps: 'Steps',
  suspend: 'Suspend',
} as const;

/** The name Argo has for the kind of a template. */
export function typeNameOf(template: Template): string {
  const kind = kindOf(template);
  return kind === null ? 'Unknown' : TYPE_NAMES[kind];
}

/** Checks the outputs of a template. */
export function checkOutputs(template: Template, scope: Scope, lint: Lint): void {
  const path = `templates.${template.name}.outputs`;
  const { parameters = [], artifacts = [] } = template.outputs ?? {};
  for (const [field, list] of Object.entries({ parameters, artifacts })) {
    const names = attempt(() => checkNames(list, 'parameter'), `${path}.${field} `);
    if ('fault' in names) throw names.fault;
  }
  const tags = attempt(() => checkTags(template.outputs ?? {}, scope, lint), `${path} `);
  if ('fault' in tags) throw tags.fault;
  for (const parameter of parameters) checkOutput(template, parameter);
}

function checkOutput(template: Template, parameter: Parameter): void {
  const path = `templates.${template.name}.outputs.parameters.${parameter.name}`;
  const { value, valueFrom } = parameter;
  if (valueFrom !== undefined && value !== undefined) {
    throw fault(`${path} has both valueFrom and value specified, choose one`);
  }
  if (valueFrom === undefined) {
    if (value === undefined) throw fault(`${path} does not have valueFrom or value specified`);
    return;
  }
  const sources = [valueFrom.path, valueFrom.parameter, valueFrom.expression];
  const count =
    sources.filter((text) => text !== undefined && text !== '').length +
    (valueFrom.supplied === undefined ? 0 : 1);
  if (count === 0) {
    throw fault(
      'valueFrom type unspecified. choose one of: path, jqFilter, jsonPath, parameter, raw, expression',
    );
  }
  if (count > 1) {
    throw fault(
      'multiple valueFrom types specified. choose one of: path, jqFilter, jsonPath, parameter, raw',
    );
  }
  const kind = kindOf(template);
  if (kind === 'container' && (valueFrom.path ?? '') === '') {
    throw fault(`${path}.path must be specified for Container templates`);
  }
  if (kind === 'dag' || kind === 'steps') {
    if ((valueFrom.parameter ?? '') === '' && (valueFrom.expression ?? '') === '') {
      throw fault(
        `${path}.parameter or expression must be specified for ${typeNameOf(template)} templates`,
      );
    }
  }
  checkGlobalName(path, parameter.globalName);
}
