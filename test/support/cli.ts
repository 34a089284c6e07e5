import { EventEmitter } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { systemClock } from '../../services/adapters/clock/system.ts';
import { runProgram } from '../../services/cli/program.ts';

export interface CliEnd {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface CliOptions {
  cwd: string;
  env?: Record<string, string>;
  stdin?: string;
  /** Sends this signal as soon as stderr holds the text. */
  interrupt?: { signal: 'SIGINT' | 'SIGTERM'; when: string };
  /** Is shown each piece of stderr. */
  onText?: (text: string) => void;
}

/** Runs a command of argosy in this process, as `argosy ARGV…` in that folder would. */
export async function cli(argv: readonly string[], options: CliOptions): Promise<CliEnd> {
  const { cwd, env = {}, stdin = '', interrupt } = options;
  const signals = new EventEmitter();
  const stdout = collector();
  const stderr = collector((text) => {
    options.onText?.(text);
    if (interrupt && text.includes(interrupt.when)) signals.emit(interrupt.signal);
  });
  const exitCode = await runProgram(argv, {
    env,
    cwd,
    stdin: Readable.from([stdin]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    clock: systemClock(),
    random: () => 0.5,
    process: {
      on: (name: string, listener: () => void) => void signals.on(name, listener),
      off: (name: string, listener: () => void) => void signals.off(name, listener),
      exit: () => undefined,
    } as unknown as NodeJS.Process,
  });
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}

function collector(onText: (text: string) => void = () => undefined) {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      onText(String(chunk));
      done();
    },
  });
  return { stream, text: () => chunks.join('') };
}
