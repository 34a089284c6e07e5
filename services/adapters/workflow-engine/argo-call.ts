import type { KubeCall } from './kube-request.ts';

const GROUP = 'argoproj.io';
const VERSION = 'v1alpha1';

/** Argo's objects that argosy asks for. */
export type ArgoResource = 'workflows' | 'workflowtemplates' | 'cronworkflows';

/** Where and how to stop waiting: what all calls to Argo's objects have. */
export interface ArgoPlace {
  namespace: string;
  resource: ArgoResource;
  name?: string;
  signal?: AbortSignal | undefined;
}

/** A read of one object, of all of them, or of their changes. */
export function argoRead(
  verb: 'get' | 'list' | 'watch',
  place: ArgoPlace,
  query: Readonly<Record<string, string>> = {},
): KubeCall {
  return { ...argoCall(place), method: 'GET', verb, query };
}

/** A new object. With `dryRun` the server checks it and keeps nothing. */
export function argoCreate(
  place: ArgoPlace,
  manifest: unknown,
  { dryRun }: { dryRun: boolean },
): KubeCall {
  const name = (manifest as { metadata: { name: string } }).metadata.name;
  return {
    ...argoCall({ ...place, name: '' }),
    method: 'POST',
    verb: 'create',
    name,
    body: JSON.stringify(manifest),
    query: {
      fieldManager: 'argosy',
      fieldValidation: 'Strict',
      ...(dryRun ? { dryRun: 'All' } : {}),
    },
  };
}

/** A change of some fields of an object (JSON merge patch, RFC 7396). */
export function argoPatch(place: ArgoPlace, patch: unknown): KubeCall {
  return {
    ...argoCall(place),
    method: 'PATCH',
    verb: 'patch',
    body: JSON.stringify(patch),
    contentType: 'application/merge-patch+json',
    query: { fieldManager: 'argosy' },
  };
}

function argoCall({ namespace, resource, name = '', signal }: ArgoPlace) {
  const path = [namespace, resource, name].filter((part) => part !== '').map(encodeURIComponent);
  return {
    path: `/apis/${GROUP}/${VERSION}/namespaces/${path.join('/')}`,
    resource,
    group: GROUP,
    ...(name === '' ? {} : { name }),
    signal,
  };
}
