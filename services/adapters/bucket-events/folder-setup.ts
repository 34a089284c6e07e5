import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PipelineError } from '../../core/error.ts';
import type { BucketSetup } from '../../ports/bucket-setup.ts';

/** Buckets as folders: making one is all there is to do, because whoever watches a folder needs no notifications. */
export function folderSetup(folder: string): BucketSetup {
  return {
    make: async (bucket, options) => {
      const path = join(folder, bucket);
      const stats = await stat(path).catch(() => null);
      const url = pathToFileURL(path).href;
      if (stats !== null && !stats.isDirectory()) {
        throw new PipelineError('config-invalid', `${path} is no folder`, {
          hint: 'take that file away, or name another place with ARGOSY_STORE=file:PATH',
        });
      }
      if (stats !== null || options?.isDryRun === true) return { url, isNew: stats === null };
      try {
        await mkdir(path, { recursive: true });
        return { url, isNew: true };
      } catch (cause) {
        const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
        throw new PipelineError('denied', `${path} cannot be made: ${code}`, {
          hint: 'name a place that this user may write to with ARGOSY_STORE=file:PATH',
          cause,
        });
      }
    },
    notify: () =>
      Promise.reject(
        new PipelineError('unsupported', 'a folder sends no notifications', {
          hint: 'argosy watch watches it; leave --webhook out',
        }),
      ),
    age: () =>
      Promise.reject(
        new PipelineError('unsupported', 'a folder removes nothing by itself', {
          hint: 'argosy lifecycle --yes does it, for example by cron; leave --lifecycle out',
        }),
      ),
  };
}
