import { below } from './report.ts';
import type { Report, Spot } from './report.ts';
import { rootOf, runningSpecs, titleOf } from './walk.ts';
import type { LintScene } from './walk.ts';
import { withDefaults } from '../template-source.ts';
import type { SecurityContext, Template, WorkflowSpec } from '../workflow.ts';

const OUT = '/tmp/out';

/** What the cluster asks of every pod: Pod Security *restricted*, bounds, volumes that are there. */
export function lintPods(scene: LintScene, report: Report): void {
  lintBudgets(scene, report);
  const specs = runningSpecs(scene);
  for (const { template, document, path } of scene.templates) {
    if (template.container === undefined) continue;
    for (const spec of specs.get(template) ?? []) {
      const merged = withDefaults(template, spec.templateDefaults);
      const spot = { document, path: `${path}.container` };
      lintSecurity(spot, merged, { spec, report });
      lintResources(spot, merged, report);
      lintMounts(spot, merged, { spec, report });
    }
  }
}

/** The disruption controller cannot work out a share of a workflow's pods. */
function lintBudgets({ set }: LintScene, report: Report): void {
  for (const document of set.documents) {
    for (const [name, value] of Object.entries(document.spec.podDisruptionBudget ?? {})) {
      if (!String(value).endsWith('%')) continue;
      const path = `${rootOf(document)}.podDisruptionBudget.${name}`;
      report({ document, path }, 'disruption-budget', `${name} is the percentage ${value}`);
    }
  }
}

interface Around {
  spec: WorkflowSpec;
  report: Report;
}

function lintSecurity(spot: Spot, template: Template, { spec, report }: Around): void {
  // A template's own context takes the place of the workflow's as a whole (source: workflowpod.go).
  const pod = template.securityContext ?? spec.securityContext ?? {};
  const container = template.container?.securityContext ?? {};
  const missing = [...podFaults(pod), ...containerFaults(container)];
  const volumes = [...(template.volumes ?? []), ...(spec.volumes ?? [])];
  if (volumes.some((volume) => hasField(volume, 'hostPath'))) missing.push('no hostPath volume');
  if (missing.length === 0) return;
  const message = `the pod of ${titleOf(template)} is not restricted: it lacks ${missing.join(', ')}`;
  report(below(spot, '.securityContext'), 'pod-security', message);
}

/** Argo's containers beside the step have the pod's context, so these two belong there. */
function podFaults(pod: SecurityContext): string[] {
  const faults: string[] = [];
  if (pod.runAsNonRoot !== true) faults.push('runAsNonRoot: true of the pod');
  if (pod.runAsUser === 0) faults.push('a runAsUser other than 0');
  if (!isSeccomp(pod)) faults.push('seccompProfile.type: RuntimeDefault of the pod');
  return faults;
}

function containerFaults(container: SecurityContext): string[] {
  const { add = [], drop = [] } = container.capabilities ?? {};
  const faults: string[] = [];
  if (container.runAsNonRoot === false || container.runAsUser === 0)
    faults.push('a user other than root');
  if (container.seccompProfile !== undefined && !isSeccomp(container)) {
    faults.push('seccompProfile.type: RuntimeDefault');
  }
  if (container.allowPrivilegeEscalation !== false) faults.push('allowPrivilegeEscalation: false');
  if (container.privileged === true) faults.push('privileged: false');
  if (!drop.includes('ALL')) faults.push('capabilities.drop: [ALL]');
  if (add.some((name) => name !== 'NET_BIND_SERVICE')) faults.push('no added capabilities');
  return faults;
}

function isSeccomp({ seccompProfile }: SecurityContext): boolean {
  return ['RuntimeDefault', 'Localhost'].includes(seccompProfile?.type ?? '');
}

function hasField(value: unknown, field: string): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, field);
}

function lintResources(spot: Spot, { name, container }: Template, report: Report): void {
  const { limits = {}, requests = {} } = container?.resources ?? {};
  const at = below(spot, '.resources');
  if (!isGiven(limits['memory']))
    report(at, 'memory-limit', `${titleOf({ name })} has no limit of memory`);
  const missing = ['cpu', 'memory'].filter(
    (resource) => !isGiven(requests[resource] ?? limits[resource]),
  );
  if (missing.length === 0) return;
  report(at, 'resource-requests', `${titleOf({ name })} requests no ${missing.join(' and no ')}`);
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

function lintMounts(spot: Spot, template: Template, { spec, report }: Around): void {
  const known = volumeNames(template, spec);
  const mounts = template.container?.volumeMounts ?? [];
  const paths = new Set<string>();
  for (const [index, { name = '', mountPath = '' }] of mounts.entries()) {
    const own = below(spot, `.volumeMounts[${index}]`);
    if (!name.includes('{{') && !known.has(name)) {
      report(
        own,
        'volume-missing',
        `${titleOf(template)} mounts the volume ${name}, which is not declared`,
      );
    }
    if (paths.has(mountPath)) {
      report(own, 'mount-twice', `${titleOf(template)} mounts two volumes at ${mountPath}`);
    }
    paths.add(mountPath);
  }
  const writes = (template.outputs?.parameters ?? []).some(
    ({ valueFrom }) => (valueFrom?.path ?? '') !== '',
  );
  const isReadOnly = template.container?.securityContext?.readOnlyRootFilesystem === true;
  const isMounted = mounts.some(({ mountPath = '', readOnly }) => {
    return (
      readOnly !== true && (mountPath === OUT || OUT.startsWith(`${mountPath.replace(/\/$/, '')}/`))
    );
  });
  if (!writes || !isReadOnly || isMounted) return;
  const message = `${titleOf(template)} cannot write its outputs: nothing is mounted at /tmp or ${OUT}`;
  report(below(spot, '.volumeMounts'), 'output-read-only', message);
}

function volumeNames(template: Template, spec: WorkflowSpec): Set<string> {
  const claims = (spec.volumeClaimTemplates ?? []).map((claim) => fieldOf(claim, 'metadata'));
  const volumes = [...(template.volumes ?? []), ...(spec.volumes ?? []), ...claims];
  return new Set(volumes.map((volume) => String(fieldOf(volume, 'name'))));
}

function fieldOf(value: unknown, field: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([name]) => name === field)?.[1];
}
