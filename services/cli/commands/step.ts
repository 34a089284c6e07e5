import { openHost } from '../host.ts';
import type { Work } from '../program.ts';
import { warnOfNotices } from '../session.ts';
import { runStep } from '../step-host.ts';

/** `argosy step PIPELINE STEP [--name=value …]`: one step, as a container of the workflow does it. */
export const step: Work = async (session, { args }) => {
  const { io, config, signal } = session;
  if (args[1] === 'exit') warnOfNotices(session);
  const call = { args, env: io.env, outFolder: config.outFolder, nodeName: 'step', signal };
  const { exitCode } = await runStep(openHost(session), call);
  return exitCode;
};
