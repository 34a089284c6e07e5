import { hostname } from 'node:os';

/** A process, told apart from those of other machines and containers, which may have the same number. */
export interface ProcessMark {
  host: string;
  pid: number;
}

export function thisProcess(): ProcessMark {
  return {
    host: hostname()
      .toLowerCase()
      .replaceAll(/[^a-z0-9-]/g, '-'),
    pid: process.pid,
  };
}

/** True when it is known that the process has ended: it was one of this machine, and nobody has its number. */
export function isProcessGone({ host, pid }: ProcessMark): boolean {
  if (host !== thisProcess().host || !Number.isSafeInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // EPERM: it is there, and another user's.
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}
