import type { LoadedDocument, LoadedSet } from '../load.ts';
import { below } from './report.ts';
import type { Spot } from './report.ts';
import { catalogueOf, joinedSpec, referredBase } from '../template-source.ts';
import type { Catalogue, TemplateBase } from '../template-source.ts';
import type { Call, DagTask, LifecycleHook, Template, WorkflowSpec } from '../workflow.ts';

/** A template where it is written, inline ones too. */
export interface TemplateSite extends Spot {
  document: LoadedDocument;
  template: Template;
  /** In which its own names are looked up. */
  base: TemplateBase;
  calls: CallSite[];
}

/** A task or a step where it is written. */
export interface CallSite extends Spot {
  document: LoadedDocument;
  call: Call & Pick<DagTask, 'depends' | 'dependencies'>;
  kind: 'task' | 'step';
  base: TemplateBase;
  owner: Template;
}

/** What every rule looks at. */
export interface LintScene {
  set: LoadedSet;
  catalogue: Catalogue;
  templates: readonly TemplateSite[];
  calls: readonly CallSite[];
}

/** A template in a message: an inline one has no name. */
export function titleOf({ name }: { name?: string }): string {
  return name === undefined ? 'the inline template' : `'${name}'`;
}

/** Where the workflow's spec is in a document. */
export function rootOf({ kind }: LoadedDocument): string {
  return kind === 'CronWorkflow' ? 'spec.workflowSpec' : 'spec';
}

/** Finds every template and call of the set. */
export function sceneOf(set: LoadedSet): LintScene {
  const templates = set.documents.flatMap((document) => sitesOf(document));
  return {
    set,
    catalogue: catalogueOf(set),
    templates,
    calls: templates.flatMap(({ calls }) => calls),
  };
}

function sitesOf(document: LoadedDocument): TemplateSite[] {
  const base = { name: document.metadata.name ?? '', spec: document.spec };
  const found: TemplateSite[] = [];
  const visit = (template: Template, spot: Spot): void => {
    const calls = callsOf(template, spot).map((site) => ({
      ...site,
      document,
      base,
      owner: template,
    }));
    found.push({ ...spot, document, template, base, calls });
    for (const { call, path } of calls) {
      if (call.inline !== undefined) visit(call.inline, { document, path: `${path}.inline` });
    }
  };
  for (const [index, template] of (document.spec.templates ?? []).entries()) {
    visit(template, { document, path: `${rootOf(document)}.templates[${index}]` });
  }
  return found;
}

function callsOf(
  template: Template,
  spot: Spot,
): { call: Call; path: string; kind: 'task' | 'step' }[] {
  const tasks = (template.dag?.tasks ?? []).map((call, index) => {
    return { call, path: below(spot, `.dag.tasks[${index}]`).path, kind: 'task' as const };
  });
  const steps = (template.steps ?? []).flatMap((group, index) => {
    return group.map((call, at) => {
      return { call, path: below(spot, `.steps[${index}][${at}]`).path, kind: 'step' as const };
    });
  });
  return [...tasks, ...steps];
}

/** The hooks of a workflow, a task or a step, with `onExit`, by the place at which each is written. */
export function hooksOf(
  holder: { hooks?: Record<string, LifecycleHook>; onExit?: string },
  spot: Spot,
): { hook: LifecycleHook; spot: Spot; name: string }[] {
  const named = Object.entries(holder.hooks ?? {}).map(([name, hook]) => {
    return { hook, spot: below(spot, `.hooks.${name}`), name };
  });
  const { onExit = '' } = holder;
  if (onExit === '') return named;
  return [...named, { hook: { template: onExit }, spot: below(spot, '.onExit'), name: 'onExit' }];
}

/** The spec that a document runs with: its own over that of the WorkflowTemplate it refers to. */
export function effectiveSpec({ spec }: LoadedDocument, catalogue: Catalogue): WorkflowSpec {
  const reference = spec.workflowTemplateRef;
  const referred = reference === undefined ? undefined : referredBase(catalogue, reference);
  return referred === undefined ? spec : joinedSpec(spec, referred.spec);
}

/** The documents that refer to this one by workflowTemplateRef. */
export function startersOf(
  { set, catalogue }: LintScene,
  document: LoadedDocument,
): LoadedDocument[] {
  return set.documents.filter(({ spec: { workflowTemplateRef: reference } }) => {
    return reference !== undefined && referredBase(catalogue, reference)?.spec === document.spec;
  });
}

/** The names of parameters; one whose name is missing is told as such elsewhere. */
export function namesOf(parameters: readonly { name?: string }[] | undefined): string[] {
  return (parameters ?? []).flatMap(({ name }) => (name === undefined ? [] : [name]));
}

/** True for a document that can be submitted as it is. */
export function canRun({ kind, spec }: LoadedDocument): boolean {
  return kind === 'Workflow' || kind === 'CronWorkflow' || (spec.entrypoint ?? '') !== '';
}

/**
 * The specs with which a template may run: pod settings and templateDefaults come from the workflow that runs, not from
 * the WorkflowTemplate in which a template is written (Argo: mergedTemplateDefaultsInto).
 */
export function runningSpecs(scene: LintScene): ReadonlyMap<Template, readonly WorkflowSpec[]> {
  const found = new Map<Template, WorkflowSpec[]>();
  for (const document of scene.set.documents.filter((one) => canRun(one))) {
    const spec = effectiveSpec(document, scene.catalogue);
    for (const template of reachable(spec, scene.catalogue)) {
      found.set(template, [...(found.get(template) ?? []), spec]);
    }
  }
  for (const { template, document } of scene.templates) {
    if (!found.has(template)) found.set(template, [document.spec]);
  }
  return found;
}

/** The templates of a spec, and those that they call in other WorkflowTemplates. */
function reachable(spec: WorkflowSpec, catalogue: Catalogue): Set<Template> {
  const seen = new Set<Template>();
  const pending: { template: Template; base: TemplateBase }[] = [];
  const own: TemplateBase = { name: '', spec };
  for (const template of spec.templates ?? []) pending.push({ template, base: own });
  for (const { template, base } of pending) {
    if (seen.has(template)) continue;
    seen.add(template);
    for (const call of [...(template.dag?.tasks ?? []), ...(template.steps ?? []).flat()]) {
      const holders = [call, ...Object.values(call.hooks ?? {})];
      for (const holder of holders) pending.push(...calledBy(holder, base, catalogue));
    }
  }
  return seen;
}

function calledBy(
  holder: Pick<Call, 'template' | 'templateRef' | 'inline'>,
  base: TemplateBase,
  catalogue: Catalogue,
): { template: Template; base: TemplateBase }[] {
  if (holder.inline !== undefined) return [{ template: holder.inline, base }];
  const from =
    holder.templateRef === undefined ? base : referredBase(catalogue, holder.templateRef);
  const name = holder.templateRef === undefined ? holder.template : holder.templateRef.template;
  const template = from?.spec.templates?.find((one) => one.name === name);
  return from === undefined || template === undefined ? [] : [{ template, base: from }];
}
