import type { Work } from '../program.ts';
import { openCluster } from '../wire/engine.ts';
import { clusterCommands } from '../cluster/commands.ts';

/** `argosy stop NAME`: asks a workflow of the cluster to end. */
export const stop: Work = async (session, given) => {
  const cluster = await openCluster(session, given.flags);
  const runName = given.args[0] ?? '';
  await cluster.stop(runName, { signal: session.signal });
  const { io } = session;
  const state = await cluster.find(runName, { signal: session.signal });
  if (state?.finishedAt === undefined) {
    const { follow } = clusterCommands(session, given, runName);
    io.stderr.write(
      `${runName} was asked to stop; its exit handler still runs\n  ${follow}  # watch it end\n`,
    );
  } else io.stderr.write(`${runName} had ended already: ${state.phase}\n`);
  io.stdout.write(`${runName}\n`);
  return 0;
};
