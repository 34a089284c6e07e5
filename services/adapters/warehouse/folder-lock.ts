import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { PipelineError } from '../../core/error.ts';

/** Who holds a folder. The start tells a process from a later one that has got the same number. */
interface Holder {
  pid: number;
  host: string;
  /** When the process was started, as Linux counts it; null elsewhere. */
  start: string | null;
}

export interface FolderLock {
  release(): Promise<void>;
}

const PAUSE_MS = 50;
const LOCK_NAME = 'lock';

/**
 * Takes a folder for this process by a lock file in it. A lock whose process is gone, such as after kill -9, is taken
 * over. One whose process lives is waited for so long, then `conflict` names it; so does one of another machine, where
 * nobody can tell whether its process lives.
 */
export async function lockFolder(folder: string, waitMs: number): Promise<FolderLock> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, LOCK_NAME);
  const mine = JSON.stringify(self());
  const own = join(folder, `.${LOCK_NAME}-${process.pid}-${serial++}`);
  await writeFile(own, mine);
  try {
    let waitedMs = 0;
    for (;;) {
      // Linking a finished file either shows the whole of it or fails.
      if (await linked(own, path)) return { release: () => releaseLock(path, mine) };
      const text = await readFile(path, 'utf8').catch(absent);
      if (text === null) continue;
      if (isGone(text)) await removeStale(path, { text, own });
      else if (waitedMs >= waitMs) throw held(folder, text);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      waitedMs += PAUSE_MS;
    }
  } finally {
    await rm(own, { force: true });
  }
}

let serial = 0;

async function linked(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Takes away a lock that was found stale. Only who holds the right to just this one may, and only while it is still the
 * one there; so a lock that another process has taken meanwhile stays.
 */
async function removeStale(
  path: string,
  { text, own }: { text: string; own: string },
): Promise<void> {
  const right = `${path}-stale-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
  if (!(await linked(own, right))) {
    const holder = await readFile(right, 'utf8').catch(absent);
    if (holder !== null && isGone(holder)) await rm(right, { force: true });
    return;
  }
  try {
    if ((await readFile(path, 'utf8').catch(absent)) === text) await rm(path, { force: true });
  } finally {
    await rm(right, { force: true });
  }
}

async function releaseLock(path: string, mine: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch(absent);
  if (text === mine) await rm(path, { force: true });
}

function absent(error: unknown): null {
  if (codeOf(error) === 'ENOENT') return null;
  throw error;
}

function self(): Holder & { serial: number } {
  return { pid: process.pid, host: hostname(), start: startOf(process.pid), serial };
}

function holderOf(text: string): Holder | null {
  try {
    const { pid, host, start } = JSON.parse(text) as Partial<Holder>;
    return typeof pid === 'number' && typeof host === 'string'
      ? { pid, host, start: typeof start === 'string' ? start : null }
      : null;
  } catch {
    // Not one of ours: whose it is cannot be told, so it is nobody's.
    return null;
  }
}

function isGone(text: string): boolean {
  const holder = holderOf(text);
  if (holder === null) return true;
  if (holder.host !== hostname()) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return true;
  }
  return holder.start !== null && holder.start !== startOf(holder.pid);
}

/** The 22nd field of /proc/PID/stat behind the program's name, and the boot that it counts from. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    // No Linux, or no such process any more.
    return null;
  }
}

function held(folder: string, text: string): PipelineError {
  const { pid, host } = holderOf(text) ?? { pid: 0, host: '' };
  const isHere = host === hostname();
  const who = `process ${pid}${isHere ? '' : ` on ${host}`}`;
  return new PipelineError('conflict', `the warehouse in ${folder} is in use by ${who}`, {
    hint: isHere
      ? 'one process at a time may open it: wait for that one, then run again'
      : `one process at a time may open it; when that one is gone for good, remove ${join(folder, LOCK_NAME)}`,
  });
}

function codeOf(error: unknown): string | undefined {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : undefined;
}
