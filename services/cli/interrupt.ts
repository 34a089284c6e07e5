import type { Io } from './session.ts';

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** How a command ends on a signal. */
export interface Leaving {
  /** True when the command only looks on and tells itself what goes on without it. */
  isQuiet: boolean;
}

/**
 * Runs the work with a signal that SIGINT or SIGTERM aborts. The work then ends by itself; its exit code is that of
 * the signal. A second Ctrl-C ends the process at once: what is half-written is in scratch and never visible.
 */
export async function interruptible(
  io: Io,
  work: (signal: AbortSignal, leaving: Leaving) => Promise<number>,
): Promise<number> {
  const controller = new AbortController();
  const leaving: Leaving = { isQuiet: false };
  let received: keyof typeof EXIT_CODES | null = null;
  const onSignal = (name: keyof typeof EXIT_CODES) => () => {
    if (received) io.process.exit(EXIT_CODES[name]);
    received = name;
    const text =
      name === 'SIGINT' ? '\nstopping; press Ctrl-C again to stop at once\n' : 'stopping\n';
    if (!leaving.isQuiet) io.stderr.write(text);
    controller.abort();
  };
  const onInt = onSignal('SIGINT');
  const onTerm = onSignal('SIGTERM');
  io.process.on('SIGINT', onInt);
  io.process.on('SIGTERM', onTerm);
  try {
    const exitCode = await work(controller.signal, leaving);
    return received ? EXIT_CODES[received as keyof typeof EXIT_CODES] : exitCode;
  } catch (error) {
    // Whatever ended the work after the signal did so because of it.
    if (received === null) throw error;
    const text =
      'stopped: what was committed stays, nothing half-written is visible; run again to go on\n';
    if (!leaving.isQuiet) io.stderr.write(text);
    return EXIT_CODES[received as keyof typeof EXIT_CODES];
  } finally {
    io.process.off('SIGINT', onInt);
    io.process.off('SIGTERM', onTerm);
  }
}
