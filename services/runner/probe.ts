import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Clock } from '../ports/clock.ts';
import type { RunStep, StepCall, StepEnd } from './step-call.ts';

const STOPPED: StepEnd = { exitCode: 143, stdout: '' };

/**
 * The hidden command `argosy probe`, which the cases of Argo's behaviour are made of:
 * `probe [--write NAME=TEXT]… [--write-base64 NAME=BASE64]… [--print TEXT]… [--sleep-ms N]
 * [--exit
 * CODE] [--fail-until K --attempt N]`. It writes, prints, sleeps and ends, in this order. `args`
 * begins after `probe`.
 */
export async function probe(
  call: Omit<StepCall, 'nodeName' | 'env'>,
  clock: Clock,
): Promise<StepEnd> {
  const given = readOptions(call.args);
  if (typeof given === 'string') return { exitCode: 51, stdout: '', error: given };
  mkdirSync(call.outFolder, { recursive: true });
  for (const { name, bytes } of given.files) writeFileSync(join(call.outFolder, name), bytes);
  const stdout = given.lines.map((line) => `${line}\n`).join('');
  if (given.sleepMs > 0) {
    try {
      await clock.sleep(given.sleepMs, call.signal);
    } catch (thrown) {
      if (call.signal.aborted) return { ...STOPPED, stdout };
      throw thrown;
    }
  }
  const fails = given.failUntil === null || given.attempt < given.failUntil;
  return { exitCode: fails ? given.exitCode : 0, stdout };
}

/** The probe as a step of the runner: `args` begins with `probe`. */
export function probeStep(clock: Clock): RunStep {
  return (call) => {
    const [command, ...args] = call.args;
    if (command === 'probe') return probe({ ...call, args }, clock);
    const error = `unknown command ${command ?? ''}`;
    return Promise.resolve({ exitCode: 51, stdout: '', error });
  };
}

interface ProbeOptions {
  files: { name: string; bytes: Buffer }[];
  lines: string[];
  sleepMs: number;
  exitCode: number;
  failUntil: number | null;
  attempt: number;
}

function readOptions(args: readonly string[]): ProbeOptions | string {
  const options: ProbeOptions = {
    files: [],
    lines: [],
    sleepMs: 0,
    exitCode: 0,
    failUntil: null,
    attempt: 0,
  };
  for (let at = 0; at < args.length; at += 2) {
    const [flag = '', value] = [args[at], args[at + 1]];
    if (value === undefined) return `probe: ${flag} needs a value`;
    if (flag === '--write' || flag === '--write-base64') {
      const split = value.indexOf('=');
      const name = value.slice(0, Math.max(0, split));
      if (name === '' || /[/\\]/.test(name) || name === '..')
        return `probe: no name in ${flag} ${value}`;
      const encoding = flag === '--write' ? 'utf8' : 'base64';
      options.files.push({ name, bytes: Buffer.from(value.slice(split + 1), encoding) });
    } else if (flag === '--print') options.lines.push(value);
    else {
      const number = Number(value);
      if (value === '' || !Number.isInteger(number))
        return `probe: ${flag} ${value} is no whole number`;
      if (flag === '--sleep-ms') options.sleepMs = number;
      else if (flag === '--exit') options.exitCode = number;
      else if (flag === '--fail-until') options.failUntil = number;
      else if (flag === '--attempt') options.attempt = number;
      else return `probe: unknown option ${flag}`;
    }
  }
  return options;
}
