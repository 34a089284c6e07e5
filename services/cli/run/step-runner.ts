import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { probeStep } from '../../runner/probe.ts';
import type { RunStep, StepCall, StepEnd } from '../../runner/step-call.ts';
import type { Log } from '../../ports/step.ts';
import type { Io, Session } from '../session.ts';
import { runStep, type StepHost } from './step-host.ts';

/** Runs the steps of a workflow in this process: each starts in milliseconds. */
export function inProcess(host: StepHost, io: Io): RunStep {
  const probe = probeStep(host.clock);
  return async (call) => {
    const [command, ...args] = call.args;
    const env = { ...io.env, ...call.env };
    if (command === 'step') return { ...(await runStep(host, { ...call, args, env })), stdout: '' };
    if (command === 'probe') return probe(call);
    return {
      exitCode: 51,
      stdout: '',
      error: `"${call.args.join(' ')}" is no step: the first word must be step`,
    };
  };
}

/** The same steps, and a way to wait for those under way: a run that is stopped does not wait for them by itself. */
export function awaitable(inner: RunStep): { run: RunStep; ended(): Promise<void> } {
  const underWay = new Set<Promise<StepEnd>>();
  return {
    run: (call) => {
      const end = inner(call).finally(() => underWay.delete(end));
      underWay.add(end);
      return end;
    },
    ended: async () => void (await Promise.allSettled(underWay)),
  };
}

/** Names that a step's process inherits; the rest of the environment stays out (design S11). */
const INHERITED =
  /^(?:PATH|HOME|TMPDIR|TZ|LANG|NO_COLOR|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|AWS_.*|ARGOSY_.*|MARKET_.*|REDSHIFT_.*|DB_.*|S3_BUCKET_NAME)$/;

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/**
 * Hands the log lines of a step's process on to `log`; returns why it failed, hint and all, from its `step.failed`. A
 * process that ended before it could log so has its last line of plain text.
 */
export function childLog(stderr: string, log: Log): string {
  let failure: string | null = null;
  let lastText = '';
  for (const line of stderr.split('\n')) {
    const entry = logEntry(line);
    if (entry === null) {
      if (line.trim() !== '') lastText = line;
      continue;
    }
    const { timestamp: _, level, event, ...fields } = entry;
    const known = LEVELS.find((one) => one === level) ?? 'info';
    log[known](String(event), fields);
    if (event !== 'step.failed') continue;
    const { reason, hint } = fields;
    failure = typeof reason === 'string' ? reason : lastText;
    if (typeof hint === 'string') failure += `\nhint: ${hint}`;
  }
  return failure ?? lastText;
}

function logEntry(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'event' in value ? { ...value } : null;
  } catch (error) {
    // What Node or a library prints may begin like an object too.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Runs each step as a process of its own, as a container would. */
export function isolated({ io, given }: Pick<Session, 'io' | 'given'>, log: Log): RunStep {
  const environment = Object.entries(io.env).filter(([name]) => INHERITED.test(name));
  const inherited = { ...Object.fromEntries(environment), ...given };
  return (call) =>
    runProcess(call, log, {
      ...inherited,
      ...call.env,
      ARGOSY_OUT: call.outFolder,
      // The child's log is read here and goes on in that of the run.
      ARGOSY_LOG_FORMAT: 'json',
    });
}

async function runProcess(
  call: StepCall,
  log: Log,
  env: Record<string, string | undefined>,
): Promise<StepEnd> {
  const child = spawn(process.execPath, [process.argv[1] ?? '', ...call.args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = () => child.kill('SIGTERM');
  if (call.signal.aborted) stop();
  call.signal.addEventListener('abort', stop, { once: true });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : 143)));
  });
  try {
    const [stdout, stderr, exitCode] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      ended,
    ]);
    const said = childLog(stderr, log);
    return exitCode === 0 ? { exitCode, stdout } : { exitCode, stdout, error: said };
  } finally {
    call.signal.removeEventListener('abort', stop);
  }
}
