import { endDeadRuns } from '../../stages/observe/dead-run.ts';
import { type RunRecord, runCollection } from '../../stages/observe/run-record.ts';
import { WINGS } from '../commands.ts';
import { openHost, recordsOf } from '../host.ts';
import { isProcessGone } from './process-mark.ts';
import { removeDeadScratch } from './scratch.ts';
import type { Session } from '../session.ts';
import { tellRunEnd } from './tell-lineage.ts';

/**
 * Before a run on a laptop: ends the records of earlier runs of the pipeline whose process was killed, and removes what
 * such processes have left in the scratch folder. In a pod, both are the cluster's.
 */
export async function clearAfterKilled(
  session: Session,
  pipeline: string | undefined,
): Promise<void> {
  const { config, io, log } = session;
  if (io.env['KUBERNETES_SERVICE_HOST'] !== undefined) return;
  await removeDeadScratch(config.scratchFolder);
  if (pipeline === undefined || !Object.hasOwn(WINGS, pipeline)) return;
  const ended = await endDeadRuns(recordsOf(session, pipeline), pipeline, {
    isDead: ({ host, pid }) =>
      typeof host === 'string' && typeof pid === 'number' && isProcessGone({ host, pid }),
    now: io.clock.now(),
  });
  for (const run of ended) {
    log.warn('run.killed', { pipeline, run });
    await tellAborted(session, pipeline, run);
  }
}

/** For lineage, a run that was killed or stopped has ended as aborted; told once. */
export async function tellAborted(
  session: Session,
  pipeline: string,
  runId: string,
): Promise<void> {
  if (session.config.lineage === null) return;
  const records = recordsOf(session, pipeline);
  const record = await records.get<RunRecord>(runCollection(pipeline), runId);
  if (record === null) return;
  const { logical_date: logicalDate, trigger, actor } = record;
  const run = { runId, pipeline, logicalDate, trigger, system: 'local' as const, actor };
  const eventTime = session.io.clock.now().toISOString();
  await tellRunEnd({ ...openHost(session), records }, run, { eventTime, isAborted: true });
}
