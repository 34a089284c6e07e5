import { endDeadRuns } from '../../stages/observe/dead-run.ts';
import { WINGS } from '../commands.ts';
import { recordsOf } from '../host.ts';
import { isProcessGone } from './process-mark.ts';
import { removeDeadScratch } from './scratch.ts';
import type { Session } from '../session.ts';

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
  for (const run of ended) log.warn('run.killed', { pipeline, run });
}
