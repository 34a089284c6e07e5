import type { KubeObject } from './chart.ts';
import { at, listAt, mapAt, textAt, textsAt } from './tree.ts';

/** A pod that something rendered would make. */
export interface MadePod {
  /** Kind/name of what makes it, and the template's name in a workflow. */
  name: string;
  labels: Record<string, string>;
  spec: unknown;
}

/** Every pod that an object makes: its own, its template's, or those of a workflow's leaf templates. */
export function podsOf({ kind, name: objectName, labels, tree }: KubeObject): MadePod[] {
  const name = `${kind}/${objectName}`;
  if (kind === 'Pod') return [{ name, labels, spec: at(tree, 'spec') }];
  if (kind === 'WorkflowTemplate') return workflowPods(name, at(tree, 'spec'));
  if (!['Deployment', 'StatefulSet', 'DaemonSet', 'Job'].includes(kind)) return [];
  const template = at(tree, 'spec', 'template');
  return [{ name, labels: textsAt(template, 'metadata', 'labels'), spec: at(template, 'spec') }];
}

/** As Argo builds them: defaults below the template's own container, the workflow's fields on the pod. */
function workflowPods(name: string, spec: unknown): MadePod[] {
  const defaults = mapAt(spec, 'templateDefaults', 'container');
  const leaves = listAt(spec, 'templates').filter((template) => at(template, 'container'));
  return leaves.map((template) => ({
    name: `${name}/${textAt(template, 'name')}`,
    labels: {
      ...textsAt(spec, 'podMetadata', 'labels'),
      ...textsAt(template, 'metadata', 'labels'),
    },
    spec: {
      ...mapAt(spec),
      containers: [{ name: 'main', ...defaults, ...mapAt(template, 'container') }],
    },
  }));
}

/** Volumes that bring nothing of the node into a pod. */
const VOLUMES = new Set(['emptyDir', 'configMap', 'secret', 'projected', 'persistentVolumeClaim']);

/** What Pod Security `restricted` has against a pod, and rule S1 (read-only root, sizes, no token) besides. */
export function restrictedFaults({ name, spec }: MadePod): string[] {
  const pod = at(spec, 'securityContext');
  const kinds = listAt(spec, 'volumes').flatMap((volume) => Object.keys(mapAt(volume)));
  const containers = [...listAt(spec, 'initContainers'), ...listAt(spec, 'containers')];
  const isShared = ['hostNetwork', 'hostPID', 'hostIPC'].some((field) => at(spec, field) === true);
  const faults: readonly (readonly [isFault: boolean, text: string])[] = [
    [isShared, 'shares the node'],
    [at(pod, 'runAsNonRoot') !== true, 'may run as root'],
    [!(Number(at(pod, 'runAsUser')) > 0), 'names no user'],
    [at(pod, 'seccompProfile', 'type') !== 'RuntimeDefault', 'has no seccomp profile'],
    [at(spec, 'automountServiceAccountToken') !== false, 'mounts a token'],
    [!kinds.every((kind) => kind === 'name' || VOLUMES.has(kind)), 'mounts of the node'],
    [containers.length === 0, 'has no container'],
    ...containers.flatMap(containerFaults),
  ];
  return faults.filter(([isFault]) => isFault).map(([, text]) => `${name}: ${text}`);
}

function containerFaults(container: unknown): (readonly [isFault: boolean, text: string])[] {
  const own = at(container, 'securityContext');
  const ports = listAt(container, 'ports');
  return [
    [at(own, 'privileged') === true, 'is privileged'],
    [at(own, 'allowPrivilegeEscalation') !== false, 'may escalate'],
    [at(own, 'readOnlyRootFilesystem') !== true, 'may write its root'],
    [listAt(own, 'capabilities', 'drop').join() !== 'ALL', 'keeps capabilities'],
    [listAt(own, 'capabilities', 'add').length > 0, 'adds capabilities'],
    [at(own, 'runAsUser') === 0, 'runs as root'],
    [at(container, 'resources', 'limits', 'memory') === undefined, 'has no memory limit'],
    [at(container, 'resources', 'requests', 'memory') === undefined, 'requests no memory'],
    [ports.some((port) => at(port, 'hostPort') !== undefined), 'takes a port of the node'],
  ];
}
