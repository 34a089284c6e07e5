import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { PipelineError } from '../../core/error.ts';
import { badZip } from './zip-directory.ts';
import type { ZipReader } from './zip-directory.ts';

/** An archive in memory or on disk: read at any place, or streamed from one. */
export type ZipSource = ZipReader & {
  stream(offset: number, lengthBytes?: number): Readable;
  close(): Promise<void>;
};

const CHUNK_BYTES = 64 * 1024;

/** An archive that is in memory already. */
export function memorySource(zip: Uint8Array): ZipSource {
  const bytes = Buffer.from(zip.buffer, zip.byteOffset, zip.byteLength);
  return {
    sizeBytes: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
    stream: (offset, lengthBytes = bytes.length) =>
      Readable.from(slices(bytes.subarray(offset, offset + lengthBytes)), { objectMode: false }),
    close: () => Promise.resolve(),
  };
}

/** Small pieces, since unzipper copies each one it is given. */
function* slices(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}

/** An archive on disk, read only where it is asked for. `not-found` when it is not there. */
export async function fileSource(path: string, name: string): Promise<ZipSource> {
  const handle = await openFile(path, name);
  const { size: sizeBytes } = await handle.stat();
  const streams: Readable[] = [];
  return {
    sizeBytes,
    async read(offset, length) {
      const buffer = Buffer.alloc(length);
      const { bytesRead } = await handle.read(buffer, 0, length, offset);
      if (bytesRead < length) throw badZip(name, `ends after ${offset + bytesRead} bytes`);
      return buffer;
    },
    stream(start, lengthBytes = sizeBytes) {
      const end = Math.min(start + lengthBytes, sizeBytes) - 1;
      const stream = createReadStream(path, { start, end });
      streams.push(stream);
      return stream;
    },
    async close() {
      for (const stream of streams) stream.destroy();
      await handle.close();
    },
  };
}

async function openFile(path: string, name: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    const hint = 'fetch the archive before it is unpacked';
    throw new PipelineError('not-found', `${name}: cannot be opened`, { hint, cause: error });
  }
}
