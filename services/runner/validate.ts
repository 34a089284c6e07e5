import { attempt, fault } from './fault.ts';
import type { Fault } from './fault.ts';
import { argumentSource, processArgs } from './process-args.ts';
import type { ArgumentSource } from './process-args.ts';
import { joinedSpec, referredBase, resolveTemplate, templateNamed } from './template-source.ts';
import type { Catalogue, TemplateBase } from './template-source.ts';
import { checkArguments, checkHooks, checkOutputs, typeNameOf } from './validate/arguments.ts';
import { checkDag } from './validate/dag.ts';
import { checkLeaf, checkMetrics, checkPodGc } from './validate/leaf.ts';
import { checkNames, goOn, madeUpArguments, placeholder } from './validate/scope.ts';
import type { HolderCheck, Lint, Scope } from './validate/scope.ts';
import { checkSteps } from './validate/steps.ts';
import { kindOf } from './workflow.ts';
import type { Metadata, Template, WorkflowSpec } from './workflow.ts';

/** What is checked, and how. */
export interface ValidateOptions {
  spec: WorkflowSpec;
  metadata: Metadata;
  catalogue: Catalogue;
  /**
   * `lint` takes arguments without values and has its own words for a missing WorkflowTemplate; `cron` is lint of what
   * a CronWorkflow starts, which nobody will give arguments.
   */
  as: 'lint' | 'submit' | 'template' | 'cron';
}

/**
 * Argo's own check of a workflow (workflow/validate): throws a fault with Argo's text for the first
 * mistake, in Argo's order. What Argo accepts and fails later is accepted here.
 */
export function validateWorkflow(options: ValidateOptions): void {
  checkWorkflow(options, newLint(options, null));
}

/**
 * Every mistake that the same check finds when it goes on after each, without those that come of another one.
 */
export function workflowFaults(options: ValidateOptions): Fault[] {
  const faults: Fault[] = [];
  const lint = newLint(options, faults);
  goOn(lint, () => checkWorkflow(options, lint));
  return faults;
}

function checkWorkflow(options: ValidateOptions, lint: Lint): void {
  const { spec, metadata, catalogue, as } = options;
  const own: TemplateBase = { name: '', spec };
  if ((metadata.name?.length ?? 0) > 63) {
    const size = `must not be more than 63 characters long (currently ${metadata.name?.length ?? 0})`;
    const what = as === 'template' ? 'workflow template' : 'workflow';
    throw fault(`${what} name "${metadata.name ?? ''}" ${size}`);
  }
  const referred = referredTemplate(spec, catalogue, as);
  const names = attempt(() => checkNames(spec.templates, 'field'), 'spec.templates');
  if ('fault' in names) throw names.fault;
  const whole = referred === null ? spec : joinedSpec(spec, referred.spec);
  goOn(lint, () =>
    checkArguments('spec.arguments.', whole.arguments, as === 'lint' || as === 'template'),
  );
  addGlobals(lint, whole, metadata);
  const entrypoint = whole.entrypoint ?? '';
  if (entrypoint === '' && as !== 'template') throw fault('spec.entrypoint is required');
  const check = (name: string, source: ArgumentSource): void => {
    const call =
      referred === null
        ? { template: name }
        : { templateRef: { ...spec.workflowTemplateRef, template: name } };
    lint.holder({ call, base: own, source });
  };
  const given = as === 'template' ? madeUpArguments : argumentSource(whole.arguments);
  if (entrypoint !== '') goOn(lint, () => check(entrypoint, given));
  if ((whole.onExit ?? '') !== '') {
    lint.globals.set('workflow.failures', placeholder());
    goOn(lint, () => check(whole.onExit ?? '', argumentSource(spec.arguments)));
  }
  goOn(lint, () => checkHooks(spec.hooks, 'hooks'));
  goOn(lint, () => checkPodGc(spec));
  for (const { name } of (referred?.spec ?? spec).templates ?? []) {
    goOn(lint, () => {
      const result = attempt(() => check(name, madeUpArguments), `templates.${name} `);
      if ('fault' in result) throw result.fault;
    });
  }
}

function newLint({ catalogue, as }: ValidateOptions, faults: Fault[] | null): Lint {
  const lint: Lint = {
    catalogue,
    globals: new Map(),
    seen: new Set(),
    offline: as !== 'submit',
    templateOnly: as === 'template',
    faults,
    holder: (check) => checkHolder(lint, check),
  };
  return lint;
}

function referredTemplate(
  spec: WorkflowSpec,
  catalogue: Catalogue,
  as: ValidateOptions['as'],
): TemplateBase | null {
  const reference = spec.workflowTemplateRef;
  if (reference === undefined) return null;
  if ((spec.templates?.length ?? 0) > 0) {
    throw fault(
      'Templates is invalid field in spec if workflow referred WorkflowTemplate reference',
    );
  }
  const found = referredBase(catalogue, reference);
  if (found !== undefined) return found;
  const name = reference.name ?? '';
  throw fault(
    as === 'submit'
      ? `workflowtemplates.argoproj.io "${name}" not found`
      : `couldn't find workflow template "${name}" in namespace ""`,
  );
}

function addGlobals(lint: Lint, spec: WorkflowSpec, metadata: Metadata): void {
  const names = [
    'workflow.name',
    'workflow.namespace',
    'workflow.mainEntrypoint',
    'workflow.serviceAccountName',
    'workflow.uid',
    'workflow.status',
    'workflow.annotations',
    'workflow.annotations.json',
    'workflow.labels',
    'workflow.labels.json',
  ];
  const parameters = spec.arguments?.parameters ?? [];
  if (parameters.length > 0) names.push('workflow.parameters', 'workflow.parameters.json');
  for (const name of names) lint.globals.set(name, placeholder());
  for (const { name, value } of parameters) {
    lint.globals.set(`workflow.parameters.${name}`, value ?? placeholder());
  }
  const more = spec.workflowMetadata;
  for (const key of Object.keys({ ...metadata.annotations, ...more?.annotations })) {
    lint.globals.set(`workflow.annotations.${key}`, placeholder());
  }
  for (const key of Object.keys({ ...metadata.labels, ...more?.labels, ...more?.labelsFrom })) {
    lint.globals.set(`workflow.labels.${key}`, placeholder());
  }
  if (spec.priority !== undefined) lint.globals.set('workflow.priority', String(spec.priority));
}

function checkHolder(lint: Lint, { call, base, source }: HolderCheck): Template | null {
  const { templateRef } = call;
  if (templateRef !== undefined) {
    if ((call.template ?? '') !== '')
      throw fault('template name cannot be specified with templateRef');
    if ((templateRef.name ?? '') === '') throw fault('resource name is required');
    if ((templateRef.template ?? '') === '') throw fault('template name is required');
    // A reference that holds a tag is known only at run time.
    if (JSON.stringify(templateRef).includes('{{')) return null;
    checkReference(lint, base, templateRef);
  } else if (call.inline === undefined) {
    const name = call.template ?? '';
    if (name === '') throw fault('failed to get a template');
    if (templateNamed(base, name) === undefined) throw fault(`template name '${name}' undefined`);
  }
  const resolved = resolveTemplate(lint.catalogue, base, call);
  const policy = resolved.template.retryStrategy?.retryPolicy ?? '';
  if (!['', 'Always', 'OnError', 'OnFailure', 'OnTransientError'].includes(policy)) {
    throw fault(`${policy} is not a valid RetryPolicy`);
  }
  checkTemplate(lint, resolved, source);
  return resolved.template;
}

function checkReference(
  lint: Lint,
  base: TemplateBase,
  reference: NonNullable<HolderCheck['call']['templateRef']>,
): void {
  const { name = '', template = '' } = reference;
  const referred = referredBase(lint.catalogue, reference);
  if (referred === undefined && lint.offline) {
    throw fault(`couldn't find workflow template "${name}" in namespace ""`);
  }
  if (referred !== undefined && templateNamed(referred, template) !== undefined) return;
  throw fault(`template reference ${name}.${template} not found`);
}

const LAST_RETRY = [
  'retries',
  ...['exitCode', 'status', 'duration', 'message'].map((x) => `lastRetry.${x}`),
];

function checkTemplate(
  lint: Lint,
  { template, base }: { template: Template; base: TemplateBase },
  source: ArgumentSource,
): void {
  const path = `templates.${template.name}`;
  checkTemplateType(template);
  const inputs = attempt(
    () => checkNames(template.inputs?.parameters, 'parameter'),
    `${path}.inputs.parameters`,
  );
  if ('fault' in inputs) throw inputs.fault;
  const locals = new Map<string, string>();
  if (template.container !== undefined) locals.set('pod.name', placeholder());
  if (template.retryStrategy !== undefined) {
    for (const name of LAST_RETRY) locals.set(name, placeholder());
  }
  const scope = templateScope(template, locals);
  const processed = attempt(
    () => processArgs(template, source, { globals: lint.globals, locals }),
    `${path} `,
  );
  if ('fault' in processed) throw processed.fault;
  const filled = processed.value;
  checkTimeouts(filled);
  const id = `${base.name}/${template.name}`;
  if (lint.seen.has(id)) return;
  lint.seen.add(id);
  for (const name of lint.globals.keys()) scope.set(name, true);
  const kind = kindOf(filled);
  if (kind === 'steps') checkSteps({ template: filled, base, scope, lint });
  else if (kind === 'dag') checkDag(filled, base, { scope, lint });
  else checkLeaf(filled, base, { scope, lint });
  checkOutputs(filled, scope, lint);
  checkMetrics(filled);
}

function checkTemplateType(template: Template): void {
  const kinds = [template.container, template.dag, template.steps, template.suspend];
  const count = kinds.filter((kind) => kind !== undefined).length;
  if (count === 1) return;
  const choose =
    'choose one of: container, containerSet, steps, script, resource, dag, suspend, template, template ref';
  const what = count === 0 ? 'template type unspecified' : 'multiple template types specified';
  throw fault(`templates.${template.name} ${what}. ${choose}`);
}

function templateScope(template: Template, locals: ReadonlyMap<string, string>): Scope {
  const scope: Scope = new Map();
  const inputs = template.inputs?.parameters ?? [];
  for (const { name } of inputs) scope.set(`inputs.parameters.${name}`, true);
  if (inputs.length > 0) scope.set('inputs.parameters', true);
  for (const name of locals.keys()) scope.set(name, true);
  return scope;
}

function checkTimeouts(template: Template): void {
  const leaf = template.container !== undefined;
  for (const field of ['timeout', 'pendingTimeout'] as const) {
    if ((template[field] ?? '') === '' || leaf) continue;
    throw fault(`${typeNameOf(template)} template doesn't support ${field} field`);
  }
  if (/^[+-]?\d+$/.test(template.timeout ?? '')) {
    throw fault(`${template.name} has invalid duration format in timeout`);
  }
}
