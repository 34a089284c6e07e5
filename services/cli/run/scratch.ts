import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { onDisk } from './disk-error.ts';
import { isProcessGone, thisProcess } from './process-mark.ts';

/** `load.laptop.4711-a1B2c3`: what for, whose, and six characters of chance. */
const NAME = /^[a-z-]+\.([a-z0-9-]+)\.(\d+)-\w{6}$/;

/** A new folder below the scratch folder, named after what it is for and after the process that it belongs to. */
export function makeScratch(folder: string, purpose: string): Promise<string> {
  return onDisk({ path: folder, setting: 'ARGOSY_SCRATCH' }, async () => {
    await mkdir(folder, { recursive: true });
    const { host, pid } = thisProcess();
    return mkdtemp(join(folder, `${purpose}.${host}.${pid}-`));
  });
}

/**
 * Removes what processes of this machine have left in the scratch folder that were killed before they could do so
 * themselves: it may hold rows in plain text. Folders of living processes and of other machines stay.
 */
export async function removeDeadScratch(folder: string): Promise<void> {
  await onDisk({ path: folder, setting: 'ARGOSY_SCRATCH' }, async () => {
    await mkdir(folder, { recursive: true });
    for (const name of await readdir(folder)) {
      const [, host, pid] = NAME.exec(name) ?? [];
      if (host === undefined || !isProcessGone({ host, pid: Number(pid) })) continue;
      await rm(join(folder, name), { recursive: true, force: true });
    }
  });
}
