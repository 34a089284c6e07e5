import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { PipelineError } from '../../../core/error.ts';

/** What an upload may be after unpacking. */
export const UPLOAD_BYTES_MAX = 5 * 2 ** 30;

/** The text of an upload, unpacked when it is gzip; `input-invalid` when it is not UTF-8 or not gzip. */
export async function* uploadText(
  bytes: AsyncIterable<Uint8Array>,
  { what, isGzip }: { what: string; isGzip: boolean },
): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let sizeBytes = 0;
  for await (const chunk of isGzip ? unpacked(bytes, what) : bytes) {
    sizeBytes += chunk.length;
    if (sizeBytes > UPLOAD_BYTES_MAX) {
      throw new PipelineError('too-large', `${what}: more than ${UPLOAD_BYTES_MAX} bytes`, {
        hint: 'split the file',
      });
    }
    yield decoded(decoder, chunk, what);
  }
  yield decoded(decoder, null, what);
}

function decoded(
  decoder: InstanceType<typeof TextDecoder>,
  chunk: Uint8Array | null,
  what: string,
): string {
  try {
    return chunk === null ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch (cause) {
    throw new PipelineError('input-invalid', `${what}: not UTF-8`, {
      hint: 'save it as UTF-8 and upload it again',
      cause,
    });
  }
}

async function* unpacked(
  bytes: AsyncIterable<Uint8Array>,
  what: string,
): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  const source = Readable.from(bytes);
  // `pipe` hands on no errors, and those of the store are not those of the file.
  source.once('error', (error) => gunzip.destroy(error));
  try {
    for await (const chunk of source.pipe(gunzip)) yield chunk as Uint8Array;
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
    if (!code.startsWith('Z_')) throw thrown;
    throw new PipelineError('input-invalid', `${what}: not a whole gzip file (${code})`, {
      hint: 'upload it again',
      cause: thrown,
    });
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}
