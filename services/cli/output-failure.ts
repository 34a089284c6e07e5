import { exitCodeOf } from '../core/error.ts';

/**
 * Ends the process when nobody takes what it prints. A reader that has seen enough (`| head -1`)
 * closes its end (EPIPE): that is no failure, so 0. Anything else, a full disk behind `>` for
 * example, is `unavailable`.
 */
export function onOutputFailure(
  [stdout, stderr]: readonly [NodeJS.WritableStream, NodeJS.WritableStream],
  exit: (exitCode: number) => void,
): void {
  let isEnding = false;
  const ending = (name: string, mayTell: boolean) => (error: NodeJS.ErrnoException) => {
    if (isEnding) return;
    isEnding = true;
    if (error.code === 'EPIPE') return exit(0);
    if (mayTell) stderr.write(`error: ${name} cannot be written: ${error.code ?? error.message}\n`);
    exit(exitCodeOf('unavailable'));
  };
  stdout.on('error', ending('stdout', true));
  stderr.on('error', ending('stderr', false));
}
