import type { IncomingMessage } from 'node:http';
import { pipeline, Readable, type Transform } from 'node:stream';

import { PipelineError } from '../../core/error.ts';

export interface BodyLimit {
  /** For messages. */
  address: string;
  sizeBytesMax: number;
}

const DECODINGS_MAX = 2;

/**
 * All bytes of an answer, decoded when the sender encoded them although it was asked not to. `too-large` as soon as
 * more than the limit has come, before or after decoding, whatever the sender promised.
 */
export async function readBody(answer: IncomingMessage, limit: BodyLimit): Promise<Uint8Array> {
  const promised = Number(answer.headers['content-length'] ?? '0');
  if (promised > limit.sizeBytesMax) throw tooLarge(limit);
  const chunks: Uint8Array[] = [];
  for await (const chunk of limited(await decode(answer, limit), limit)) chunks.push(chunk);
  return join(chunks);
}

/** Passes chunks on until more than the limit has come. */
async function* limited(
  chunks: AsyncIterable<Uint8Array>,
  limit: BodyLimit,
): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    sizeBytes += chunk.length;
    if (sizeBytes > limit.sizeBytesMax) throw tooLarge(limit);
    yield chunk;
  }
}

async function decode(
  answer: IncomingMessage,
  limit: BodyLimit,
): Promise<AsyncIterable<Uint8Array>> {
  const encodings = (answer.headers['content-encoding'] ?? '')
    .split(',')
    .map((encoding) => encoding.trim().toLowerCase())
    .filter((encoding) => encoding !== '' && encoding !== 'identity');
  if (encodings.length === 0) return answer;
  if (encodings.length > DECODINGS_MAX) throw unknownEncoding(limit, encodings.join(', '));
  const decoders: Transform[] = [];
  for (const encoding of encodings.toReversed()) decoders.push(await decoderOf(encoding, limit));
  // A failure of any part reaches the last one, which is the one that is read.
  const raw = Readable.from(limited(answer, limit));
  return pipeline([raw, ...decoders], () => undefined) as unknown as Transform;
}

async function decoderOf(encoding: string, limit: BodyLimit): Promise<Transform> {
  const zlib = await import('node:zlib');
  if (encoding === 'gzip' || encoding === 'x-gzip') return zlib.createGunzip();
  if (encoding === 'deflate') return zlib.createInflate();
  if (encoding === 'br') return zlib.createBrotliDecompress();
  throw unknownEncoding(limit, encoding);
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function tooLarge({ address, sizeBytesMax }: BodyLimit): PipelineError {
  return new PipelineError('too-large', `${address} sends more than ${sizeBytesMax} bytes`);
}

function unknownEncoding({ address }: BodyLimit, encoding: string): PipelineError {
  return new PipelineError(
    'input-invalid',
    `${address} sends an encoding that is not read: ${JSON.stringify(encoding.slice(0, 40))}`,
  );
}
