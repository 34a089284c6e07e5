import { nameOf } from './lock.ts';
import { below } from './report.ts';
import type { Report, Spot } from './report.ts';
import { canRun, effectiveSpec, rootOf } from './walk.ts';
import type { LintScene } from './walk.ts';
import type { OtherDocument } from '../load.ts';
import type { PodSettings } from '../workflow.ts';

/** Accounts of the pods: the executor's must be there and may write workflowtaskresults. */
export function lintAccounts(scene: LintScene, report: Report): void {
  for (const document of scene.set.documents) {
    const spot = { document, path: rootOf(document) };
    // A workflow that only refers to a WorkflowTemplate says nothing of its own about accounts.
    const { templates } = document.spec;
    if (templates !== undefined) lintSettings(spot, document.spec, { scene, report });
    const spec = effectiveSpec(document, scene.catalogue);
    if (canRun(document)) lintToken(spot, spec, report);
  }
  for (const { template, document, path } of scene.templates) {
    const spot = { document, path };
    lintSettings(spot, template, { scene, report });
    if (template.automountServiceAccountToken !== false) continue;
    const { executor = document.spec.executor } = template;
    lintToken(spot, { ...template, ...(executor === undefined ? {} : { executor }) }, report);
  }
}

/** Argo refuses such a pod when it is made, not before (source: setupServiceAccount). */
function lintToken(spot: Spot, settings: PodSettings, report: Report): void {
  const { automountServiceAccountToken: mount, executor } = settings;
  if (mount !== false || (executor?.serviceAccountName ?? '') !== '') return;
  const message =
    'automountServiceAccountToken is false and there is no executor.serviceAccountName';
  report(below(spot, '.automountServiceAccountToken'), 'executor-account', message);
}

interface Around {
  scene: LintScene;
  report: Report;
}

function lintSettings(spot: Spot, settings: PodSettings, { scene, report }: Around): void {
  const { serviceAccountName = '', executor } = settings;
  const accounts = named(scene, 'ServiceAccount');
  const used = [
    { at: below(spot, '.serviceAccountName'), name: serviceAccountName },
    { at: below(spot, '.executor.serviceAccountName'), name: executor?.serviceAccountName ?? '' },
  ];
  for (const { at, name } of used) {
    if (name === '' || name.includes('{{') || accounts.size === 0 || accounts.has(name)) continue;
    report(at, 'account-missing', `the set has no ServiceAccount ${name}`);
  }
  const account = executor?.serviceAccountName ?? '';
  const spotOfAccount = below(spot, '.executor.serviceAccountName');
  if (account === '' || !accounts.has(account)) return;
  if (!mayReport(scene, account)) {
    const message = `no Role of this set lets ${account} create and patch workflowtaskresults`;
    report(spotOfAccount, 'executor-role', message);
  }
  if (!hasToken(scene, account)) {
    report(spotOfAccount, 'executor-token', `the set has no Secret with a token of ${account}`);
  }
}

/** Argo mounts a Secret of this name unless the account names another one (source: util/secrets). */
function hasToken(scene: LintScene, account: string): boolean {
  const { value = {} } = named(scene, 'ServiceAccount').get(account) ?? {};
  const annotations = memberOf(memberOf(value, 'metadata'), 'annotations');
  const annotated = textOf(annotations, 'workflows.argoproj.io/service-account-token.name');
  if (annotated !== '' || listOf(value, 'secrets').length > 0) return true;
  return named(scene, 'Secret').has(`${account}.service-account-token`);
}

function named({ set }: LintScene, kind: string): Map<string, OtherDocument> {
  const found = set.others.filter((document) => document.kind === kind);
  return new Map(found.map((document) => [nameOf(document.value), document]));
}

/** True when a Role of the set gives the right, or when a Role that is bound is not in the set. */
function mayReport(scene: LintScene, account: string): boolean {
  const { others } = scene.set;
  const bindings = others.filter(
    ({ kind }) => kind === 'RoleBinding' || kind === 'ClusterRoleBinding',
  );
  const roles = { Role: named(scene, 'Role'), ClusterRole: named(scene, 'ClusterRole') };
  if (bindings.length === 0 && roles.Role.size === 0) return true;
  const bound = bindings.filter(({ value }) => {
    return listOf(value, 'subjects').some((subject) => textOf(subject, 'name') === account);
  });
  return bound.some(({ value }) => {
    const reference = value['roleRef'];
    const kind = textOf(reference, 'kind') === 'ClusterRole' ? 'ClusterRole' : 'Role';
    const role = roles[kind].get(textOf(reference, 'name'));
    return role === undefined ? kind === 'ClusterRole' : grants(role);
  });
}

function grants({ value }: OtherDocument): boolean {
  const isMeant = (rule: unknown): boolean =>
    holds(rule, 'apiGroups', 'argoproj.io') && holds(rule, 'resources', 'workflowtaskresults');
  const rules = listOf(value, 'rules').filter((rule) => isMeant(rule));
  const verbs = new Set(rules.flatMap((rule) => listOf(rule, 'verbs')));
  return verbs.has('*') || ['create', 'patch'].every((verb) => verbs.has(verb));
}

function holds(rule: unknown, field: string, name: string): boolean {
  const list = listOf(rule, field);
  return list.includes(name) || list.includes('*');
}

function memberOf(value: unknown, field: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([name]) => name === field)?.[1];
}

function listOf(value: unknown, field: string): unknown[] {
  const found = memberOf(value, field);
  return Array.isArray(found) ? found : [];
}

function textOf(value: unknown, field: string): string {
  const found = memberOf(value, field);
  return typeof found === 'string' ? found : '';
}
