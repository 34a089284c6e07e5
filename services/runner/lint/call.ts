import { attempt } from '../fault.ts';
import { judgeExpression, namesRead, WORKFLOW_ENV } from './expression.ts';
import { below, meant } from './report.ts';
import type { Report, Spot } from './report.ts';
import { eachText, lintSubset } from './text.ts';
import { effectiveSpec, hooksOf, namesOf, rootOf, titleOf } from './walk.ts';
import type { CallSite, LintScene, TemplateSite } from './walk.ts';
import { referredBase, resolveTemplate } from '../template-source.ts';
import type { TemplateBase, TemplateHolder } from '../template-source.ts';
import { shouldExpand } from '../workflow.ts';
import type { Arguments, LifecycleHook, Template } from '../workflow.ts';

/** Arguments, items and hooks of every task and step, and the hooks of the workflows. */
export function lintCalls(scene: LintScene, report: Report): void {
  for (const site of scene.calls) {
    const template = called(scene, site.base, site.call);
    if (template !== null) lintExtra(site, site.call.arguments, { template, report });
    if (!shouldExpand(site.call)) lintItem(site, report);
    for (const one of hooksOf(site.call, site)) lintHook(scene, site.base, { ...one, report });
  }
  for (const site of scene.templates) lintItemInLeaf(site, report);
  for (const document of scene.set.documents) {
    const spot = { document, path: rootOf(document) };
    const { workflowTemplateRef: reference } = document.spec;
    const referred = reference === undefined ? undefined : referredBase(scene.catalogue, reference);
    const base = referred ?? { name: '', spec: document.spec };
    for (const one of hooksOf(document.spec, spot)) {
      // That of the workflow is among what Argo itself refuses.
      if (one.name !== 'onExit') lintHook(scene, base, { ...one, report });
    }
    if (referred === undefined) continue;
    lintWorkflowArguments(spot, document.spec.arguments, { referred, report });
  }
}

function called(scene: LintScene, base: TemplateBase, holder: TemplateHolder): Template | null {
  // A name that holds a tag is known only at run time.
  if (JSON.stringify([holder.template, holder.templateRef]).includes('{{')) return null;
  const found = attempt(() => resolveTemplate(scene.catalogue, base, holder).template);
  return 'fault' in found ? null : found.value;
}

function lintExtra(
  spot: Spot,
  given: Arguments | undefined,
  { template, report }: { template: Template; report: Report },
): void {
  const inputs = namesOf(template.inputs?.parameters);
  for (const [index, name] of namesAt(given)) {
    if (inputs.includes(name)) continue;
    const at = below(spot, `.arguments.parameters[${index}]`);
    const known = inputs.length === 0 ? 'it has no inputs' : `it has ${inputs.join(', ')}`;
    report(at, 'argument-extra', `template ${titleOf(template)} has no input ${name}; ${known}`);
  }
}

/** The arguments that have a name, each with its place in the list. */
function namesAt(given: Arguments | undefined): [number, string][] {
  const parameters: readonly { name?: string }[] = given?.parameters ?? [];
  return parameters.flatMap(({ name }, index) => (name === undefined ? [] : [[index, name]]));
}

function lintWorkflowArguments(
  spot: Spot,
  given: Arguments | undefined,
  { referred, report }: { referred: TemplateBase; report: Report },
): void {
  const declared = referred.spec.arguments?.parameters ?? [];
  const names = namesOf(declared);
  for (const [index, name] of namesAt(given)) {
    const at = below(spot, `.arguments.parameters[${index}]`);
    if (!names.includes(name)) {
      const message = `WorkflowTemplate ${referred.name} has no parameter ${name}${meant(name, names)}`;
      report(at, 'argument-extra', message);
      continue;
    }
    const choices = declared.find((parameter) => parameter.name === name)?.enum;
    const value = given?.parameters?.[index]?.value;
    if (choices === undefined || value === undefined || value.includes('{{')) continue;
    if (choices.includes(value)) continue;
    const message = `${name} is "${value}", which is not in its enum in WorkflowTemplate ${referred.name}`;
    report(at, 'enum-value', message);
  }
}

const readsItem = (text: string): boolean =>
  namesRead(text).some((name) => name === 'item' || name.startsWith('item.'));

/** `{{item}}` in a task without items stays as it is written; Argo's lint sees only `{{item.x}}`. */
function lintItem(site: CallSite, report: Report): void {
  const { arguments: given, when, template, templateRef } = site.call;
  eachText({ arguments: given, when, template, templateRef }, site.path, (text, path) => {
    if (!readsItem(text)) return;
    const spot = { document: site.document, path };
    report(spot, 'item-outside-loop', `'${site.call.name}' reads item and has no items`);
  });
}

function lintItemInLeaf({ template, document, path }: TemplateSite, report: Report): void {
  if (template.container === undefined || path.endsWith('.inline')) return;
  eachText(template.container, `${path}.container`, (text, at) => {
    if (!readsItem(text)) return;
    const spot = { document, path: at };
    const hint = 'take it as an input: inputs.parameters, with the argument "{{item}}" at the task';
    const message = `template ${titleOf(template)} reads item, which only the task that calls it knows`;
    report(spot, 'item-outside-loop', message, hint);
  });
}

interface NamedHook {
  hook: LifecycleHook;
  spot: Spot;
  name: string;
  report: Report;
}

function lintHook(
  scene: LintScene,
  base: TemplateBase,
  { hook, spot, name, report }: NamedHook,
): void {
  if ((hook.expression ?? '') !== '') lintHookExpression(below(spot, '.expression'), hook, report);
  else if (name !== 'exit' && name !== 'onExit') {
    report(spot, 'hook-expression', `the hook ${name} has no expression`);
  }
  const written = JSON.stringify([hook.template, hook.templateRef]);
  if (written.includes('{{')) return;
  const found = attempt(() => resolveTemplate(scene.catalogue, base, hook).template);
  if ('fault' in found) {
    const what = hook.templateRef === undefined ? hook.template : hook.templateRef.template;
    report(
      spot,
      'hook-template',
      `the hook ${name} names ${what ?? 'no template'}, which is not there`,
    );
    return;
  }
  lintExtra(spot, hook.arguments, { template: found.value, report });
}

function lintHookExpression(spot: Spot, { expression = '' }: LifecycleHook, report: Report): void {
  const { faults, kind } = judgeExpression(expression, WORKFLOW_ENV);
  for (const { message } of faults) report(spot, 'hook-expression', message);
  if (faults.length === 0 && kind !== 'bool' && kind !== 'unknown') {
    report(
      spot,
      'hook-expression',
      `the expression ${expression} gives a ${kind}, not true or false`,
    );
  }
  lintSubset(spot, expression, { report, isSound: faults.length === 0 });
}

/** Parameters of the workflow that a WorkflowTemplate reads and nobody declares. */
export function lintParameters(scene: LintScene, report: Report): void {
  for (const document of scene.set.documents) {
    const declared = declaredFor(scene, document);
    if (declared === null) continue;
    eachText(document.spec, rootOf(document), (text, path) => {
      const isExpression = /\.(?:expression|event)$/.test(path);
      const names = isExpression ? namesRead(`{{=${text}}}`) : namesRead(text);
      for (const name of names) lintParameter({ document, path }, name, { declared, report });
    });
  }
}

function lintParameter(
  spot: Spot,
  name: string,
  { declared, report }: { declared: ReadonlySet<string>; report: Report },
): void {
  const parameter = /^workflow\.parameters\.([-\w]+)$/.exec(name)?.[1];
  if (parameter === undefined || parameter === 'json' || declared.has(parameter)) return;
  const message = `nobody declares the parameter ${parameter}${meant(parameter, [...declared])}`;
  report(spot, 'parameter-undeclared', message);
}

/**
 * The parameters a document may read: its own, those of what it refers to, and those of whoever calls it. `null` when
 * it is a collection of templates that nobody in the set calls.
 */
function declaredFor(
  scene: LintScene,
  document: LintScene['set']['documents'][number],
): ReadonlySet<string> | null {
  const { kind, spec, metadata } = document;
  const own = effectiveSpec(document, scene.catalogue).arguments?.parameters ?? [];
  const isTemplate = kind === 'WorkflowTemplate' || kind === 'ClusterWorkflowTemplate';
  if (!isTemplate || (spec.entrypoint ?? '') !== '') return new Set(namesOf(own));
  const callers = scene.set.documents.filter((other) => {
    return (
      other !== document &&
      JSON.stringify(other.spec).includes(`"name":${JSON.stringify(metadata.name)}`)
    );
  });
  if (callers.length === 0) return null;
  const theirs = callers.flatMap(
    (other) => effectiveSpec(other, scene.catalogue).arguments?.parameters ?? [],
  );
  return new Set(namesOf([...own, ...theirs]));
}
