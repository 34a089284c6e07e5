import { PipelineError } from '../../core/error.ts';
import type { WorkflowCluster } from '../../ports/workflow-cluster.ts';
import type { NodeEvent, WorkflowOutcome } from '../../ports/workflow-engine.ts';
import type { UnitEnd, UnitRunner } from '../../stages/observe/backfill/perform.ts';
import type { BackfillUnit } from '../../stages/observe/backfill/plan.ts';
import { type RunRecord, runCollection } from '../../stages/observe/run-record.ts';
import { recordsOf } from '../host.ts';
import type { Given } from '../program.ts';
import { runFailure } from '../run/run-failure.ts';
import { givenParameters } from '../run/run-request.ts';
import type { Session } from '../session.ts';
import { openCluster } from '../wire/engine.ts';
import { endedNodes } from './end.ts';
import { submitRequest } from './submit-request.ts';

/** Runs the workflows of a plan in the cluster, each from the pipeline's template, and waits for their ends. */
export async function clusterRunner(
  session: Session,
  given: Given,
  pipeline: string,
): Promise<UnitRunner> {
  const cluster = await openCluster(session, given.flags);
  const parameters = await cluster.template(pipeline, { signal: session.signal });
  const own = givenParameters(given);
  return {
    run: async (unit, { runId, signal }) => {
      const wish = { pipeline, parameters, name: runId, now: session.io.clock.now() };
      const request = submitRequest({ ...wish, given: { ...unit.parameters, ...own } });
      try {
        await cluster.submit(request, { signal });
      } catch (error) {
        // It was submitted before whoever did so was killed: it is followed, not made twice.
        if (!(error instanceof PipelineError) || error.kind !== 'conflict') throw error;
      }
      return endOfRun(session, cluster, { pipeline, runId, signal });
    },
    endOf: async (_unit: BackfillUnit, runId, signal) => {
      const state = await cluster.find(runId, { signal });
      if (state === null) return recordedEnd(session, pipeline, { runId, signal });
      // One that goes on is followed by running it again under its name.
      if (state.finishedAt === undefined) return null;
      return endOfRun(session, cluster, { pipeline, runId, signal });
    },
  };
}

interface Following {
  pipeline: string;
  runId: string;
  signal: AbortSignal;
}

async function endOfRun(
  session: Session,
  cluster: WorkflowCluster,
  following: Following,
): Promise<UnitEnd> {
  const { pipeline, runId, signal } = following;
  const nodes = new Map<string, NodeEvent>();
  const outcome = await outcomeOf(cluster.follow(runId, { signal }), nodes);
  const recorded = await recordedEnd(session, pipeline, following);
  const { rows = null, costUsd = null } = recorded ?? {};
  if (outcome.phase === 'Succeeded') return { error: null, rows, costUsd };
  const ended = { ...outcome, nodes: endedNodes([...nodes.values()]) };
  return { error: runFailure(ended, pipeline, `the pods: argosy follow ${runId}`), rows, costUsd };
}

async function outcomeOf(
  events: ReturnType<WorkflowCluster['follow']>,
  nodes: Map<string, NodeEvent>,
): Promise<WorkflowOutcome> {
  for (;;) {
    const next = await events.next();
    if (next.done === true) return next.value;
    nodes.set(next.value.name, next.value);
  }
}

/** The record of a run in the cluster: its id is the workflow's name, a dot and the beginning of the workflow's UID. */
async function recordedEnd(
  session: Session,
  pipeline: string,
  { runId, signal }: Pick<Following, 'runId' | 'signal'>,
): Promise<UnitEnd | null> {
  const records = recordsOf(session, pipeline);
  const collection = runCollection(pipeline);
  let record: RunRecord | null = null;
  for await (const id of records.ids(collection, { signal })) {
    if (!id.startsWith(`${runId}.`)) continue;
    const found = await records.get<RunRecord>(collection, id, { signal });
    if (found !== null && (record === null || found.started_at > record.started_at)) record = found;
  }
  if (record === null || record.status === 'running') return null;
  const message = record.error_message ?? 'the run failed';
  const error =
    record.status === 'success' ? null : new PipelineError(record.error_class ?? 'bug', message);
  return { error, rows: record.records_loaded, costUsd: record.cost_estimate.total };
}
