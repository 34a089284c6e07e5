import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../bin/argosy.mjs', import.meta.url));

/** How a process ended. */
export interface ProcessEnd {
  /** As a shell and a container count it: 128 and the signal's number when a signal ended it. */
  exitCode: number;
  stderr: string;
}

/** `argosy` as a process of its own. */
export interface StepProcess {
  /** When the step has begun, by `performance.now()`; also when the process is over before. */
  begun: Promise<number>;
  end: Promise<ProcessEnd>;
  /** Sends SIGTERM to argosy itself, whatever it runs within. */
  terminate(): Promise<void>;
}

export interface StepProcessOptions {
  cwd: string;
  env: Readonly<Record<string, string>>;
  /** Words before `node`, such as `unshare --pid --fork`; argosy is then a child of what they start. */
  within?: readonly string[];
}

/** Starts the program that `npm run build` made. */
export function stepProcess(args: readonly string[], options: StepProcessOptions): StepProcess {
  const { within = [] } = options;
  const [command = process.execPath, ...rest] = [...within, process.execPath, PROGRAM, ...args];
  const child = spawn(command, rest, {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'] ?? '', ARGOSY_LOG_FORMAT: 'json', ...options.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  const end = new Promise<ProcessEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
      resolve({ exitCode, stderr });
    });
  });
  const begun = new Promise<number>((resolve) => {
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      if (stderr.includes('"step.start"')) resolve(performance.now());
    });
    child.once('close', () => resolve(performance.now()));
  });
  return {
    begun,
    end,
    async terminate() {
      const pid = child.pid ?? 0;
      for (const target of within.length > 0 ? await childrenOf(pid) : [pid]) {
        if (child.exitCode === null) terminate(target);
      }
    },
  };
}

/** A process that is over by now needs no signal. */
function terminate(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Its child processes, by the ids that they have outside of their namespace. */
async function childrenOf(pid: number): Promise<number[]> {
  const { readFile } = await import('node:fs/promises');
  // A process that is over has no children to signal.
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}
