import { parseCached, walk } from '../expression.ts';
import type { Tree } from '../expression/tree.ts';
import { attempt } from '../fault.ts';
import { EVENT_ENV, EVENT_METADATA_ENV, judgeExpression } from './expression.ts';
import { below } from './report.ts';
import type { Report, Spot } from './report.ts';
import type { LintScene } from './walk.ts';
import type { LoadedBinding } from '../load.ts';
import { referredBase } from '../template-source.ts';
import type { TemplateBase } from '../template-source.ts';
import type { Metadata, Parameter } from '../workflow.ts';

/** WorkflowEventBindings, which Argo's lint does not look at and whose errors only the server's log shows. */
export function lintBindings(scene: LintScene, report: Report): void {
  for (const binding of scene.set.bindings) {
    const spot = { document: binding, path: 'spec' };
    lintSelector(below(spot, '.event.selector'), binding.spec.event?.selector ?? '', report);
    const { submit } = binding.spec;
    if (submit === undefined) continue;
    lintMetadata(below(spot, '.submit.metadata'), submit.metadata ?? {}, report);
    lintArguments(binding, { base: baseOf(scene, binding, report), report });
  }
}

function baseOf(scene: LintScene, binding: LoadedBinding, report: Report): TemplateBase | null {
  const reference = binding.spec.submit?.workflowTemplateRef ?? {};
  const base = referredBase(scene.catalogue, reference);
  if (base !== undefined) return base;
  const spot = { document: binding, path: 'spec.submit.workflowTemplateRef' };
  const message = `the set has no WorkflowTemplate ${reference.name ?? ''}`;
  report(spot, 'workflow-template-missing', message);
  return null;
}

function lintSelector(spot: Spot, selector: string, report: Report): void {
  if (selector.trim() === '') {
    report(spot, 'event-selector', 'the binding has no selector');
    return;
  }
  const { faults, kind } = judgeExpression(selector, EVENT_ENV);
  for (const { message } of faults) report(spot, 'event-selector', message);
  if (faults.length > 0) return;
  if (kind !== 'bool' && kind !== 'unknown') {
    report(spot, 'event-selector', `the selector ${selector} gives a ${kind}, not true or false`);
  }
  const literal = plainKey(selector);
  if (literal === null) return;
  const message = `the key of an S3 event is form-encoded, so "${literal}" matches none: the slash is %2F there`;
  report(spot, 'event-key', message);
}

const COMPARISONS = new Set(['==', '!=', 'startsWith', 'endsWith', 'contains', 'matches', 'in']);

/** A text with a slash that is compared with `….s3.object.key`, where no other one has `%2F`. */
function plainKey(selector: string): string | null {
  const parsed = attempt(() => parseCached(selector));
  if ('fault' in parsed) return null;
  const texts: string[] = [];
  walk(parsed.value, (node) => {
    if (node.op !== 'binary' || !COMPARISONS.has(node.symbol)) return;
    if (isKey(node.left)) texts.push(...textsOf(node.right));
    if (isKey(node.right)) texts.push(...textsOf(node.left));
  });
  if (texts.some((text) => /%2f/i.test(text))) return null;
  return texts.find((text) => text.includes('/')) ?? null;
}

function isKey(tree: Tree): boolean {
  if (tree.op === 'chain') return isKey(tree.inner);
  return isMember(tree, 'key') && tree.op === 'member' && isMember(tree.base, 'object');
}

function isMember(tree: Tree, name: string): boolean {
  return tree.op === 'member' && tree.property.op === 'literal' && tree.property.value === name;
}

function textsOf(tree: Tree): string[] {
  const texts: string[] = [];
  walk(tree, (node) => {
    if (node.op === 'literal' && typeof node.value === 'string') texts.push(node.value);
  });
  return texts;
}

function lintMetadata(spot: Spot, metadata: Metadata, report: Report): void {
  const { name = '', generateName = '', labels = {}, annotations = {} } = metadata;
  if (name !== '') {
    report(
      below(spot, '.name'),
      'event-name',
      'the name of the workflow is fixed, so a repeated event is an error',
    );
  }
  const statements: [string, string][] = [
    ['.name', name],
    ['.generateName', generateName],
    ...Object.entries(labels).map(([key, text]): [string, string] => [`.labels.${key}`, text]),
    ...Object.entries(annotations).map(([key, text]): [string, string] => [
      `.annotations.${key}`,
      text,
    ]),
  ];
  for (const [path, statement] of statements) {
    if (statement === '') continue;
    const { faults, kind } = judgeExpression(statement, EVENT_METADATA_ENV);
    for (const { message } of faults) report(below(spot, path), 'event-metadata', message);
    if (faults.length > 0 || kind === 'string' || kind === 'unknown') continue;
    report(
      below(spot, path),
      'event-metadata',
      `the expression ${statement} gives a ${kind}, not a text`,
    );
  }
}

function lintArguments(
  binding: LoadedBinding,
  { base, report }: { base: TemplateBase | null; report: Report },
): void {
  const spot = { document: binding, path: 'spec.submit.arguments' };
  const given = binding.spec.submit?.arguments?.parameters ?? [];
  const declared = base?.spec.arguments?.parameters ?? [];
  for (const [index, parameter] of given.entries()) {
    const at = below(spot, `.parameters[${index}]`);
    lintArgument(at, parameter, report);
    if (base === null || declared.some(({ name }) => name === parameter.name)) continue;
    report(
      at,
      'argument-extra',
      `WorkflowTemplate ${base.name} has no parameter ${parameter.name}`,
    );
  }
  for (const { name, value } of declared) {
    if (value !== undefined || given.some((parameter) => parameter.name === name)) continue;
    report(
      spot,
      'argument-missing',
      `WorkflowTemplate ${base?.name ?? ''} needs the parameter ${name}`,
    );
  }
}

function lintArgument(spot: Spot, { name, valueFrom }: Parameter, report: Report): void {
  const source = valueFrom?.event ?? '';
  if (source === '') {
    report(spot, 'event-argument', `the argument ${name} of an event needs valueFrom.event`);
    return;
  }
  const { faults } = judgeExpression(source, EVENT_ENV);
  for (const { message } of faults)
    report(below(spot, '.valueFrom.event'), 'event-argument', message);
}
