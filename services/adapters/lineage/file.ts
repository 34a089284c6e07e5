import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PipelineError } from '../../core/error.ts';
import type { LineageSink } from '../../ports/lineage.ts';

/** Lineage events as lines of JSON at the end of a file; each line is appended by one write. */
export function lineageFile(path: string): LineageSink {
  return {
    url: `file:${path}`,
    send: async (event, signal) => {
      signal.throwIfAborted();
      try {
        await makeFolder(dirname(path));
        await appendFile(path, `${JSON.stringify(event)}\n`);
      } catch (cause) {
        throw new PipelineError('unavailable', `${path} cannot be written`, {
          hint: 'see ARGOSY_LINEAGE',
          cause,
        });
      }
    },
  };
}

/** One level after the other: below a folder that takes none, such as `/proc`, a recursive `mkdir` may never end. */
async function makeFolder(path: string): Promise<void> {
  if (await isMade(path)) return;
  if (dirname(path) !== path) await makeFolder(dirname(path));
  // A second miss is the fault of a parent that is there.
  if (!(await isMade(path))) await mkdir(path);
}

/** Makes the folder if its parent is there; false without a parent. */
async function isMade(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'EEXIST') return true;
    if (code === 'ENOENT') return false;
    throw error;
  }
}
