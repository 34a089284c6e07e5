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
        await mkdir(dirname(path), { recursive: true });
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
