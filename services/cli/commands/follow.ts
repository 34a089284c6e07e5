import { followRun } from '../cluster/follow-run.ts';
import type { Work } from '../program.ts';
import { openCluster } from '../wire/engine.ts';

/** `argosy follow NAME`: a workflow of the cluster, as it goes and how it ended. */
export const follow: Work = async (session, given) => {
  const cluster = await openCluster(session, given.flags);
  return followRun(session, given, { cluster, runName: given.args[0] ?? '' });
};
