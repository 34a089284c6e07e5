import { PipelineError } from '../../core/error.ts';
import type { CallOptions } from '../../ports/object-store.ts';
import type { WorkflowCluster } from '../../ports/workflow-cluster.ts';
import type { WorkflowRequest } from '../../ports/workflow-engine.ts';
import { argoCreate, argoPatch } from './argo-call.ts';
import { followWorkflow } from './argo-follow.ts';
import { find, placeOf, runs, schedules, template } from './argo-list.ts';
import { workflowManifest } from './argo-manifest.ts';
import { podLog } from './argo-pod.ts';
import { type KubeApi, kubeApi, type KubeOptions } from './kube-api.ts';

/** Argo Workflows behind the API server of one cluster, in one namespace. */
export function argoEngine(options: KubeOptions): WorkflowCluster {
  const api = kubeApi(options);
  const { server, context, namespace } = options.connection;
  return {
    place: { server, context, namespace },
    submit: (request, call) => submit(api, request, call),
    preview: (request, call) => preview(api, request, call),
    follow: (runName, call) => followWorkflow(api, runName, call?.signal),
    stop: (runName, call) => stop(api, runName, call),
    find: (runName, call) => find(api, runName, call),
    template: (pipeline, call) => template(api, pipeline, call),
    runs: (pipeline, limit, call) => runs(api, { pipeline, limit }, call),
    schedules: (pipeline, call) => schedules(api, pipeline, call),
    log: (attempt, lineCountMax, call) =>
      podLog(api, attempt, { lineCountMax, signal: call?.signal }),
  };
}

/** The name is fixed, so a request whose answer was lost may be sent again; that it is there then is its own doing. */
async function submit(api: KubeApi, request: WorkflowRequest, call?: CallOptions): Promise<string> {
  const manifest = workflowManifest(request, api.connection.namespace);
  const place = placeOf(api, 'workflows', { signal: call?.signal });
  const create = argoCreate(place, manifest, { dryRun: false });
  let isSentAgain = false;
  try {
    await api.json(create, () => {
      isSentAgain = true;
    });
  } catch (error) {
    const isThere = error instanceof PipelineError && error.kind === 'conflict';
    if (!isThere || !isSentAgain) throw error;
    const found = await find(api, request.runName, call);
    if (found === null || !isSame(found.arguments, request.arguments)) throw error;
  }
  return request.runName;
}

function isSame(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => a[name] === b[name]);
}

async function preview(
  api: KubeApi,
  request: WorkflowRequest,
  call?: CallOptions,
): Promise<Record<string, unknown>> {
  const manifest = workflowManifest(request, api.connection.namespace);
  const place = placeOf(api, 'workflows', { signal: call?.signal });
  const kept = await api.json(argoCreate(place, manifest, { dryRun: true }));
  return kept as Record<string, unknown>;
}

async function stop(api: KubeApi, runName: string, call?: CallOptions): Promise<void> {
  const found = await find(api, runName, call);
  if (found === null) {
    const { namespace, context } = api.connection;
    throw new PipelineError(
      'not-found',
      `there is no workflow ${runName} in namespace ${namespace} of ${context}`,
      {
        hint: 'argosy status PIPELINE --cluster lists those that there are',
      },
    );
  }
  if (found.finishedAt !== undefined) return;
  const place = placeOf(api, 'workflows', { name: runName, signal: call?.signal });
  await api.json(argoPatch(place, { spec: { shutdown: 'Stop' } }));
}
