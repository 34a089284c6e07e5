import { attempt, fault } from '../fault.ts';
import type { Fault } from '../fault.ts';
import { PLACEHOLDER, plainTags } from '../template-tag.ts';
import type { Catalogue, TemplateBase } from '../template-source.ts';
import type { ArgumentSource } from '../process-args.ts';
import type { Call, Template } from '../workflow.ts';

/** What lint keeps in mind while it walks through the templates. */
export interface Lint {
  catalogue: Catalogue;
  /** Variables of the whole workflow; grows when a template declares a globalName. */
  globals: Map<string, string>;
  /** Templates already looked at. */
  seen: Set<string>;
  /** The words for a reference to a WorkflowTemplate that does not exist differ offline. */
  offline: boolean;
  /** A WorkflowTemplate is checked for itself: its arguments may have no values. */
  templateOnly: boolean;
  /** Takes down every mistake; without it the first one is thrown, as Argo tells it. */
  faults: Fault[] | null;
  /** Checks one template that a task, a step or a hook names. */
  holder: (holder: HolderCheck) => Template | null;
}

export interface HolderCheck {
  call: Pick<Call, 'template' | 'templateRef' | 'inline'>;
  base: TemplateBase;
  source: ArgumentSource;
}

/**
 * One of several checks that do not hang on each other; false when it found a mistake that was taken down.
 */
export function goOn(lint: Lint, work: () => void): boolean {
  if (lint.faults === null) {
    work();
    return true;
  }
  const result = attempt(() => work());
  if ('fault' in result) lint.faults.push(result.fault);
  return !('fault' in result);
}

/** The names that tags may use at one place. */
export type Scope = Map<string, true>;

let placeholders = 0;

/** A text that stands for a value known only at run time. */
export function placeholder(): string {
  placeholders++;
  return `${PLACEHOLDER}${placeholders}`;
}

/** Arguments for a template that is checked by itself. */
export const madeUpArguments: ArgumentSource = (name) => ({ name, value: placeholder() });

const ROOTS = ['item.', 'steps.', 'inputs.', 'outputs.', 'pod.', 'workflow.', 'tasks.'];
const ALWAYS = [
  'outputs.',
  'workflow.creationTimestamp',
  'workflow.scheduledTime',
  'workflow.duration',
  'tasks.name',
  'steps.name',
  'node.name',
];

/**
 * Checks every plain tag of a value written as JSON; a fault names the first that nothing stands
 * for.
 */
export function checkTags(value: unknown, scope: Scope, lint: Lint): void {
  for (const tag of plainTags(JSON.stringify(value))) {
    const name = tag.trim();
    if (!ROOTS.some((root) => name.startsWith(root))) continue;
    if (scope.has(name) || lint.globals.has(name)) continue;
    if (name.startsWith('item.') && scope.has('item.*')) continue;
    if (scope.has(`${name.split('.', 2).join('.')}.*`)) continue;
    if (
      name.startsWith('workflow.outputs.parameters.') &&
      scope.has('workflow.outputs.parameters.*')
    ) {
      continue;
    }
    if (ALWAYS.some((start) => name.startsWith(start))) continue;
    if (lint.templateOnly && name.startsWith('workflow.parameters')) continue;
    throw fault(`failed to resolve {{${tag}}}`);
  }
}

const TAG = /\{\{[-a-zA-Z0-9]+(\.[-a-zA-Z0-9_]+)*\}\}/;

/** True when the text holds a tag that is a dotted name. */
export function holdsTag(text: string): boolean {
  return TAG.test(text);
}

/**
 * Adds what can be read of a task or step (`root` is `tasks` or `steps`) once it is known to be
 * there.
 */
export function addOutputs(
  template: Template | null,
  { root, name, lint, scope }: { root: 'tasks' | 'steps'; name: string; lint: Lint; scope: Scope },
  { aggregate, ancestor }: { aggregate: boolean; ancestor: boolean },
): void {
  const path = `${root}.${name}`;
  for (const field of ['id', 'startedAt', 'finishedAt', 'hostNodeName'])
    scope.set(`${path}.${field}`, true);
  if (template === null) return;
  if (template.container !== undefined) {
    scope.set(`${path}.outputs.result`, true).set(`${path}.exitCode`, true);
  }
  for (const { name: output, globalName } of template.outputs?.parameters ?? []) {
    scope.set(`${path}.outputs.parameters.${output}`, true);
    if (globalName === undefined || globalName === '') continue;
    if (holdsTag(globalName)) scope.set('workflow.outputs.parameters.*', true);
    else {
      scope.set(`workflow.outputs.parameters.${globalName}`, true);
      lint.globals.set(`workflow.outputs.parameters.${globalName}`, placeholder());
    }
  }
  for (const { name: artifact } of template.outputs?.artifacts ?? []) {
    scope.set(`${path}.outputs.artifacts.${artifact ?? ''}`, true);
  }
  if (aggregate) scope.set(`${path}.outputs.parameters`, true);
  if (ancestor) scope.set(`${path}.status`, true);
}

/**
 * Adds `item` and `item.k` for a fan-out; a fault when more than one way of fanning out is given.
 */
export function addItems(call: Call, scope: Scope): void {
  const items = call.withItems ?? [];
  const hasParam = call.withParam !== undefined && call.withParam !== '';
  const ways = [items.length > 0, hasParam, call.withSequence !== undefined].filter(Boolean).length;
  if (ways > 1) throw fault('only one of withItems, withParam, withSequence can be specified');
  for (const item of items) {
    if (Array.isArray(item)) item.forEach((_, index) => scope.set(`item.[${index}]`, true));
    else if (typeof item === 'object' && item !== null) {
      for (const key of Object.keys(item)) scope.set(`item.${key}`, true);
    } else scope.set('item', true);
  }
  if (hasParam) scope.set('item', true).set('item.*', true);
  if (call.withSequence === undefined) return;
  if (call.withSequence.count !== undefined && call.withSequence.end !== undefined) {
    throw fault('only one of count or end can be defined in withSequence');
  }
  scope.set('item', true);
}

const FIELD_NAME = /^[a-zA-Z0-9][-a-zA-Z0-9]*$/;
const PARAMETER_NAME = /^[-a-zA-Z0-9_]+$/;

/** Checks that every element has a name, that it is well formed, and that no two are the same. */
export function checkNames(
  items: readonly { name?: string }[] | undefined,
  kind: 'parameter' | 'field',
): void {
  const names = new Set<string>();
  for (const [index, { name = '' }] of (items ?? []).entries()) {
    if (name === '') throw fault(`[${index}].name is required`);
    const wrong = kind === 'parameter' ? wrongParameterName(name) : wrongFieldName(name);
    if (wrong !== null) throw fault(`[${index}].name: '${name}' is invalid: ${wrong}`);
    if (names.has(name)) throw fault(`[${index}].name '${name}' is not unique`);
    names.add(name);
  }
}

function wrongParameterName(name: string): string | null {
  if (PARAMETER_NAME.test(name)) return null;
  return "Parameter/Artifact name must consist of alpha-numeric characters, '_' or '-' e.g. my_param_1, MY-PARAM-1";
}

/** What is wrong with the name of a template, task or step; `null` when nothing is. */
export function wrongFieldName(name: string): string | null {
  const problems: string[] = [];
  if (name.length > 128) problems.push('must be no more than 128 characters');
  if (!FIELD_NAME.test(name)) {
    problems.push(
      "name must consist of alpha-numeric characters or '-', and must start with an alpha-numeric character (e.g. My-name1-2, 123-NAME)",
    );
  }
  return problems.length === 0 ? null : problems.join(';');
}

/** A fault about a global name that is no name. */
export function checkGlobalName(reference: string, globalName: string | undefined): void {
  if (globalName === undefined || globalName === '' || holdsTag(globalName)) return;
  const wrong = wrongParameterName(globalName);
  if (wrong !== null) throw fault(`${reference}.globalName: ${wrong}`);
}
