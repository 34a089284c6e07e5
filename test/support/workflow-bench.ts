import { systemClock } from '../../services/adapters/clock/system.ts';
import { argoEngine } from '../../services/adapters/workflow-engine/argo.ts';
import { connect } from '../../services/adapters/workflow-engine/kube-config.ts';
import type { KubeLimits } from '../../services/adapters/workflow-engine/kube-request.ts';
import type { WorkflowCluster } from '../../services/ports/workflow-cluster.ts';
import type { NodeEvent, WorkflowOutcome } from '../../services/ports/workflow-engine.ts';
import { type KubernetesServer, kubernetesServer } from './kubernetes-server.ts';
import { tempFolder } from './temp-folder.ts';

/** An API server on loopback and an engine that speaks to it; waits between tries are a hundredth of the real ones. */
export interface WorkflowBench extends AsyncDisposable {
  server: KubernetesServer;
  cluster: WorkflowCluster;
  /** Events and fields that were logged. */
  logged: { event: string; fields: Record<string, unknown> }[];
  /** The waits that were asked for. */
  waitsMs: number[];
}

export async function workflowBench(
  limits: Partial<KubeLimits> = {},
  change?: (text: string) => string,
): Promise<WorkflowBench> {
  const folder = await tempFolder();
  const server = await kubernetesServer();
  const kubeconfig = await server.kubeconfig(folder.path, change);
  const clock = systemClock();
  const logged: WorkflowBench['logged'] = [];
  const waitsMs: number[] = [];
  const sleep = (ms: number, signal?: AbortSignal): Promise<void> => {
    waitsMs.push(ms);
    return clock.sleep(ms / 100, signal);
  };
  const take = (event: string, fields = {}): void => void logged.push({ event, fields });
  const cluster = argoEngine({
    connection: connect({ kubeconfig, env: {} }),
    clock: { ...clock, sleep },
    random: () => 0.5,
    log: { debug: take, info: take, warn: take, error: take },
    limits,
  });
  return {
    server,
    cluster,
    logged,
    waitsMs,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await folder.remove();
    },
  };
}

/** A run as it is followed: what was told so far, and how it ended. */
export interface Followed {
  events: NodeEvent[];
  end: Promise<WorkflowOutcome>;
  /** Waits until an event fits; a bound is the test's own. */
  until(fits: (event: NodeEvent) => boolean): Promise<NodeEvent>;
}

export function following(
  cluster: WorkflowCluster,
  runName: string,
  signal?: AbortSignal,
): Followed {
  const events: NodeEvent[] = [];
  const waiting = new Set<() => void>();
  const run = async (): Promise<WorkflowOutcome> => {
    const stream = cluster.follow(runName, { signal });
    for (;;) {
      const next = await stream.next();
      if (next.done === true) return next.value;
      events.push(next.value);
      for (const look of waiting) look();
    }
  };
  const end = run();
  // Whoever waits for an event gets the failure through `until`; the test may never ask for `end`.
  end.catch(() => undefined);
  const until = (fits: (event: NodeEvent) => boolean): Promise<NodeEvent> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = events.find(fits);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      end.catch(reject);
    });
  return { events, end, until };
}
