import { fault } from './fault.ts';
import type { LoadedDocuments } from './load.ts';
import { kindOf } from './workflow.ts';
import type { Call, RetryStrategy, Template, TemplateKind, WorkflowSpec } from './workflow.ts';

/** Where templates are looked up by name: the workflow itself or one WorkflowTemplate. */
export interface TemplateBase {
  /** Empty for the workflow itself. */
  name: string;
  spec: WorkflowSpec;
}

/** The WorkflowTemplates that a run may refer to. */
export interface Catalogue {
  namespaced: ReadonlyMap<string, TemplateBase>;
  cluster: ReadonlyMap<string, TemplateBase>;
}

/** What names a template: a task, a step, a hook, a node. */
export type TemplateHolder = Pick<Call, 'template' | 'templateRef' | 'inline'>;

/** The WorkflowTemplates among the documents. */
export function catalogueOf({ documents }: LoadedDocuments): Catalogue {
  const of = (kind: string): Map<string, TemplateBase> =>
    new Map(
      documents
        .filter((document) => document.kind === kind)
        .map(({ metadata, spec }) => [metadata.name ?? '', { name: metadata.name ?? '', spec }]),
    );
  return { namespaced: of('WorkflowTemplate'), cluster: of('ClusterWorkflowTemplate') };
}

/** The base that a reference names; `undefined` when there is none. */
export function referredBase(
  catalogue: Catalogue,
  reference: { name?: string; clusterScope?: boolean },
): TemplateBase | undefined {
  const bases = reference.clusterScope === true ? catalogue.cluster : catalogue.namespaced;
  return bases.get(reference.name ?? '');
}

/** The template with this name in the base. */
export function templateNamed(base: TemplateBase, name: string): Template | undefined {
  return base.spec.templates?.find((template) => template.name === name);
}

/**
 * The template that a holder names and the base in which its own names are looked up; a fault when
 * it is missing.
 */
export function resolveTemplate(
  catalogue: Catalogue,
  base: TemplateBase,
  holder: TemplateHolder,
): { template: Template; base: TemplateBase } {
  if (holder.inline !== undefined) return { template: holder.inline, base };
  const { templateRef } = holder;
  if (templateRef !== undefined) {
    const referred = referredBase(catalogue, templateRef);
    if (referred === undefined)
      throw fault(`workflow template ${templateRef.name ?? ''} not found`);
    const template = templateNamed(referred, templateRef.template ?? '');
    if (template !== undefined) return { template, base: referred };
    const where = `in workflow template ${templateRef.name ?? ''}`;
    throw fault(`template ${templateRef.template ?? ''} not found ${where}`);
  }
  const template = templateNamed(base, holder.template ?? '');
  if (template === undefined) throw fault(`template ${holder.template ?? ''} not found`);
  return { template, base };
}

const KIND_FIELDS: readonly TemplateKind[] = ['container', 'dag', 'steps', 'suspend'];
const MERGED_LISTS = new Set(['env', 'parameters', 'volumeMounts', 'volumes', 'artifacts']);

/**
 * The template with the fields of `templateDefaults` it does not have itself; another kind's fields
 * are left out.
 */
export function withDefaults(
  template: Template,
  defaults: Partial<Template> | undefined,
): Template {
  if (defaults === undefined) return template;
  const kind = kindOf(template);
  const applicable = Object.entries(defaults).filter(([field]) => {
    return field === kind || !KIND_FIELDS.some((other) => other === field);
  });
  return { ...mergeInto(Object.fromEntries(applicable), template), name: template.name };
}

/**
 * A strategic merge: maps field by field, lists of named things by name, everything else from
 * `over`.
 */
function mergeInto<T extends object>(under: object, over: T): T {
  const merged: Record<string, unknown> = { ...under };
  for (const [field, value] of Object.entries(over)) {
    const below = merged[field];
    if (isPlain(value) && isPlain(below)) merged[field] = mergeInto(below, value);
    else if (MERGED_LISTS.has(field) && Array.isArray(value) && Array.isArray(below)) {
      merged[field] = mergeLists(below, value, field === 'volumeMounts' ? 'mountPath' : 'name');
    } else merged[field] = value;
  }
  return merged as T;
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `key` is Kubernetes' patchMergeKey of the list. */
function mergeLists(
  under: readonly unknown[],
  over: readonly unknown[],
  key: 'name' | 'mountPath',
): unknown[] {
  const name = (item: unknown): unknown =>
    isPlain(item) && key in item
      ? Object.entries(item).find(([field]) => field === key)?.[1]
      : item;
  const names = new Set(over.map((item) => name(item)));
  return [...over, ...under.filter((item) => !names.has(name(item)))];
}

/** The template's own retry strategy, or the workflow's. */
export function retryOf(template: Template, spec: WorkflowSpec): RetryStrategy | undefined {
  return template.retryStrategy ?? spec.retryStrategy;
}

/** The spec of a workflow that refers to a WorkflowTemplate: what it says itself wins. */
export function joinedSpec(own: WorkflowSpec, referred: WorkflowSpec): WorkflowSpec {
  const joined = mergeInto(referred, own);
  const given = own.arguments?.parameters ?? [];
  const names = new Set(given.map(({ name }) => name));
  const others = (referred.arguments?.parameters ?? []).filter(({ name }) => !names.has(name));
  const parameters = [...given, ...others];
  return parameters.length === 0 ? joined : { ...joined, arguments: { parameters } };
}
