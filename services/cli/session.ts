import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../ports/clock.ts';
import { type BoundLog, createLog } from '../telemetry/log.ts';
import { PipelineError } from '../core/error.ts';
import { type Config, readConfig } from './config/config.ts';
import { diskError } from './run/disk-error.ts';
import type { Leaving } from './interrupt.ts';
import { ownName } from './own-name.ts';
import { terminalOf } from './view/view.ts';

/** What a command gets from the process it runs in. */
export interface Io {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  stdin: NodeJS.ReadableStream;
  stdout: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  clock: Clock;
  /** In [0, 1). */
  random: () => number;
  /** Where SIGINT and SIGTERM come from. */
  process: Pick<NodeJS.Process, 'on' | 'off' | 'exit'>;
}

/** One command at work: its configuration, its log, and the signal that ends it. */
export interface Session {
  io: Io;
  config: Config;
  log: BoundLog;
  signal: AbortSignal;
  /** What a signal makes the command say. */
  leaving: Leaving;
  /** How the user calls argosy: `argosy`, or `npx argosy`. */
  self: string;
  /** The settings that the flags stand for, by their names in the environment: what a child process must be told. */
  given: Readonly<Record<string, string>>;
  /** Where log lines go; a live view puts itself between. */
  writer: { write(line: string): unknown };
  /** The flags that every command takes, as given. */
  flags: GlobalFlags;
}

export interface GlobalFlags {
  store?: string;
  logLevel?: string;
  logFormat?: string;
  color?: boolean;
  /** Work on the generated sample instead of the configured store. */
  sample?: boolean;
}

/** The sample has a store of its own, so that generated rows never stand beside real ones. */
const SAMPLE_STORE = 'file:.argosy/sample/store';
/** Nor in the warehouse that is configured, whichever that is. */
const SAMPLE_WAREHOUSE = 'pglite:.argosy/sample/warehouse';

/** Reads the configuration and opens the log. `config-invalid` names every wrong setting. */
export function openSession(
  io: Io,
  flags: GlobalFlags,
  { signal, leaving }: Pick<Session, 'signal' | 'leaving'>,
): Session {
  const given: Record<string, string> = {};
  const store = flags.sample === true ? SAMPLE_STORE : flags.store;
  if (store !== undefined) given['ARGOSY_STORE'] = store;
  if (flags.sample === true) given['ARGOSY_WAREHOUSE'] = SAMPLE_WAREHOUSE;
  if (flags.logLevel !== undefined) given['ARGOSY_LOG_LEVEL'] = flags.logLevel;
  if (flags.logFormat !== undefined) given['ARGOSY_LOG_FORMAT'] = flags.logFormat;
  const config = readConfig({
    flags: given,
    env: io.env,
    dotenvText: dotenvText(io.cwd),
    cwd: io.cwd,
  });
  const writer = { write: (line: string): unknown => io.stderr.write(line) };
  const log = createLog({
    level: config.log.level,
    format: config.log.format,
    write: (line) => writer.write(line),
    clock: io.clock,
    redact: config.secrets.map((one) => one.reveal()),
    hasColor: flags.color !== false && terminalOf(io.stderr, io.env).hasColor,
  });
  return { io, config, log, signal, leaving, self: ownName(io.env), flags, given, writer };
}

/** Says so when notices are to go to SNS, which is not built. */
export function warnOfNotices({ config, log }: Pick<Session, 'config' | 'log'>): void {
  if (config.notify.snsTopicArn === undefined) return;
  log.warn('notices.not_built', {
    reason:
      'ARGOSY_NOTIFY_SNS_TOPIC_ARN has no effect yet: notices go to the log, webhook and mail',
  });
}

/** A flag that must be a whole number from 0 up; `config-invalid` for anything else. */
export function wholeNumber(flag: string, value: unknown): number {
  const text = String(value);
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new PipelineError('config-invalid', `${flag} ${text} is not a whole number`, {
    hint: `for example ${flag} 20`,
  });
}

/** A flag that must be a whole number from 1 up; `config-invalid` for anything else. */
export function countOf(flag: string, value: unknown): number {
  const count = wholeNumber(flag, value);
  if (count > 0) return count;
  throw new PipelineError('config-invalid', `${flag} ${count} is less than 1`, {
    hint: `for example ${flag} 20`,
  });
}

/** Where this session's metrics and logs of runs go. */
export function sideFolder(session: Session, name: 'metrics' | 'logs' | 'cache'): string {
  const { io, flags } = session;
  return join(io.cwd, '.argosy', ...(flags.sample === true ? ['sample'] : []), name);
}

function dotenvText(cwd: string): string {
  try {
    return readFileSync(join(cwd, '.env'), 'utf8');
  } catch (error) {
    // No .env is the usual case; one that cannot be read must not pass for none.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    const hint = 'let .env be a file that this user may read, or take it away';
    throw diskError(error, { path: join(cwd, '.env'), setting: 'settings', hint });
  }
}
