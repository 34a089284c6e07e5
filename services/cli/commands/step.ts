import { openHost } from '../host.ts';
import type { Work } from '../program.ts';
import { findStep, findWing } from '../commands.ts';
import { type Session, warnOfNotices } from '../session.ts';
import { runStep } from '../run/step-host.ts';

/** `argosy step PIPELINE STEP [--name=value …]`: one step, as a container of the workflow does it. */
export const step: Work = async (session, { args }) => {
  const [pipeline = '', name = '', ...flags] = args;
  if ([name, ...flags].includes('--help')) return printHelp(session, pipeline, name);
  const { io, config, signal } = session;
  if (args[1] === 'exit') warnOfNotices(session);
  const call = { args, env: io.env, outFolder: config.outFolder, nodeName: 'step', signal };
  const { exitCode } = await runStep(openHost(session), call);
  return exitCode;
};

/** The flags of a step, or the steps of a pipeline. */
async function printHelp({ io }: Session, pipeline: string, name: string): Promise<number> {
  if (name === '--help') {
    const { steps } = await findWing(pipeline).load();
    const lines = steps.map((one) => `  ${one.name.padEnd(12)}${one.summary}\n`);
    io.stdout.write(`Steps of ${pipeline}:\n${lines.join('')}`);
    return 0;
  }
  const { summary, parameters } = await findStep(pipeline, name);
  const lines = parameters.map(({ name: flag, description, default: fallback }) => {
    const note = fallback === undefined ? ' (required)' : ` (default "${fallback}")`;
    return `  --${flag.padEnd(14)}${description}${note}\n`;
  });
  io.stdout.write(
    `argosy step ${pipeline} ${name}: ${summary}\n\nFlags:\n${lines.join('') || '  none\n'}`,
  );
  return 0;
}
