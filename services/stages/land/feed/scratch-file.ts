import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { PipelineError } from '../../../core/error.ts';
import { SOURCE_BYTES_MAX } from '../../../core/limit.ts';

/** A finished file in scratch. */
export interface ScratchFile {
  path: string;
  sizeBytes: number;
  sha256: string;
}

/** Takes the next bytes of a file; they are counted and hashed as they pass. */
export type WriteBytes = (bytes: Uint8Array) => Promise<void>;

/**
 * Writes a file of a source in scratch by the work given, and closes it however that ends. `too-large` above what one
 * put-if-absent takes; `what` is the source for the message.
 */
export async function writeScratch<T>(
  path: string,
  what: string,
  work: (write: WriteBytes) => Promise<T>,
): Promise<ScratchFile & { result: T }> {
  await using handle = await open(path, 'w');
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const write: WriteBytes = async (bytes) => {
    sizeBytes += bytes.length;
    if (sizeBytes > SOURCE_BYTES_MAX) {
      throw new PipelineError('too-large', `${what}: more than ${SOURCE_BYTES_MAX} bytes`, {
        hint: 'split the source, for example by day',
      });
    }
    hash.update(bytes);
    await handle.writeFile(bytes);
  };
  const result = await work(write);
  return { path, sizeBytes, sha256: hash.digest('hex'), result };
}
