import { probe as runProbe } from '../../runner/probe.ts';
import type { Work } from '../program.ts';

/** `argosy probe`: what the recorded cases of Argo's behaviour are made of. Hidden, for tests only. */
export const probe: Work = async ({ config, io, signal }, { args }) => {
  const end = await runProbe({ args, outFolder: config.outFolder, signal }, io.clock);
  io.stdout.write(end.stdout);
  if (end.error !== undefined) io.stderr.write(`error: ${end.error}\n`);
  return end.exitCode;
};
