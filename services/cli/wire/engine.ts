import { resolve } from 'node:path';
import type { WorkflowCluster } from '../../ports/workflow-cluster.ts';
import type { WorkflowRequest } from '../../ports/workflow-engine.ts';
import type { Flags } from '../program.ts';
import type { Session } from '../session.ts';

/** The cluster that flags and environment name. The Kubernetes client is loaded here and nowhere else: it is large. */
export async function openCluster(session: Session, flags: Flags): Promise<WorkflowCluster> {
  const { io, log, leaving } = session;
  // A signal ends the looking, not the run: what there is to say of it, the command says.
  leaving.isQuiet = true;
  const [{ connect }, { argoEngine }] = await Promise.all([
    import('../../adapters/workflow-engine/kube-config.ts'),
    import('../../adapters/workflow-engine/argo.ts'),
  ]);
  const { kubeconfig, context, namespace } = flags;
  const connection = connect({
    kubeconfig: kubeconfig === undefined ? undefined : resolve(io.cwd, kubeconfig),
    context,
    namespace,
    env: io.env,
    clock: io.clock,
  });
  return argoEngine({ connection, clock: io.clock, random: io.random, log });
}

/** The object that a submit would send, made without any cluster. */
export async function offlineWorkflow(
  request: WorkflowRequest,
  namespace: string | null,
): Promise<Record<string, unknown>> {
  const { workflowManifest } = await import('../../adapters/workflow-engine/argo-manifest.ts');
  return workflowManifest(request, namespace);
}
