import { exitCodeOf } from '../core/error.ts';

/** The commands that do more than print: nobody listening is no reason for them to stop half-way. */
const WORKING = new Set('run step sample probe submit follow stop watch setup'.split(' '));

/** What a command does when its output cannot be written. */
export interface OutputPolicy {
  /** True for a command that works on without a listener, see `worksUnheard`. */
  goesOn: boolean;
  exit: (exitCode: number) => void;
}

/** True when the command line is of a command whose work counts without its output. */
export function worksUnheard(argv: readonly string[]): boolean {
  return argv.some((word) => WORKING.has(word));
}

/**
 * Keeps a process alive whose output nobody takes. Progress on stderr is dropped silently. A reader of stdout that has
 * seen enough (`| head -1`) closes its end (EPIPE): a command that only prints ends then, with 0. Anything else on
 * stdout, a full disk behind `>` for example, is `unavailable`. Returns the exit code of a command that went on: its
 * own, unless what it printed is lost.
 */
export function onOutputFailure(
  [stdout, stderr]: readonly [NodeJS.WritableStream, NodeJS.WritableStream],
  { goesOn, exit }: OutputPolicy,
): (own: number) => number {
  let isTold = false;
  let isLost = false;
  stderr.on('error', () => undefined);
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (isTold) return;
    isTold = true;
    isLost = error.code !== 'EPIPE';
    if (isLost) stderr.write(`error: stdout cannot be written: ${error.code ?? error.message}\n`);
    if (!goesOn) exit(isLost ? exitCodeOf('unavailable') : 0);
  });
  return (own) => (own === 0 && isLost ? exitCodeOf('unavailable') : own);
}
