import { PipelineError } from '../../core/error.ts';
import type { NodeEvent, WorkflowOutcome } from '../../ports/workflow-engine.ts';
import { nodesOf, phaseOf } from './argo-nodes.ts';
import { watchOne } from './argo-watch.ts';
import { dateAt, textAt } from './json-field.ts';
import type { KubeApi } from './kube-api.ts';

/** Follows one workflow from what it is now to its end (ports/workflow-engine.ts). */
export async function* followWorkflow(
  api: KubeApi,
  runName: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<NodeEvent, WorkflowOutcome, undefined> {
  const { namespace } = api.connection;
  const told = new Map<string, string>();
  let uid: string | undefined;
  const place = { namespace, resource: 'workflows', name: runName, signal } as const;
  for await (const sight of watchOne(api, place)) {
    if ('gone' in sight) return outcomeOf(sight.last) ?? missing(api, runName, sight.last);
    const seen = textAt(sight.object, 'metadata', 'uid');
    if (uid !== undefined && seen !== uid) return missing(api, runName, sight.object);
    uid = seen;
    yield* news(sight.object, told);
    const outcome = outcomeOf(sight.object);
    if (outcome !== null) return outcome;
  }
  throw new PipelineError('interrupted', `${runName}: the following was stopped`);
}

/** The nodes that have changed since they were last told, the root first even before the controller has made it. */
function* news(workflow: unknown, told: Map<string, string>): Generator<NodeEvent> {
  const nodes = nodesOf(workflow).map(({ event }) => event);
  const root = waitingRoot(workflow);
  for (const event of nodes.some(({ name }) => name === root.name) ? nodes : [root, ...nodes]) {
    const text = JSON.stringify(event);
    if (told.get(event.name) === text) continue;
    told.set(event.name, text);
    yield event;
  }
}

/** A workflow without nodes waits for a lock, or for the controller; its message says which. */
function waitingRoot(workflow: unknown): NodeEvent {
  const name = textAt(workflow, 'metadata', 'name') ?? '';
  const phase = textAt(workflow, 'status', 'phase');
  const message =
    textAt(workflow, 'status', 'message') ??
    (phase === undefined ? 'waits for the workflow controller' : undefined);
  return {
    id: name,
    name,
    displayName: name,
    type: 'DAG',
    phase: phaseOf(phase),
    ...(message === undefined ? {} : { message }),
  };
}

/** How the workflow ended; `null` while it has not. */
function outcomeOf(workflow: unknown): WorkflowOutcome | null {
  const phase = phaseOf(textAt(workflow, 'status', 'phase'));
  if (phase !== 'Succeeded' && phase !== 'Failed' && phase !== 'Error') return null;
  const message = textAt(workflow, 'status', 'message');
  const createdAt = dateAt(workflow, 'metadata', 'creationTimestamp') ?? new Date(0);
  const startedAt = dateAt(workflow, 'status', 'startedAt') ?? createdAt;
  return {
    runName: textAt(workflow, 'metadata', 'name') ?? '',
    phase,
    startedAt,
    finishedAt: dateAt(workflow, 'status', 'finishedAt') ?? startedAt,
    ...(message === undefined ? {} : { message }),
  };
}

function missing(api: KubeApi, runName: string, last: unknown): never {
  const where = `namespace ${api.connection.namespace} of ${api.connection.context}`;
  if (last === null) {
    throw new PipelineError('not-found', `there is no workflow ${runName} in ${where}`, {
      hint: 'finished workflows are deleted after their TTL: argosy status PIPELINE lists the runs by their records, argo archive list those kept by Argo',
    });
  }
  const phase = phaseOf(textAt(last, 'status', 'phase'));
  throw new PipelineError(
    'not-found',
    `${runName} was deleted while it was followed; last seen ${phase}`,
    {
      hint: 'somebody has deleted it; its steps have been stopped',
    },
  );
}
