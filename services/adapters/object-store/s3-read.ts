import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import type { Readable } from 'node:stream';

import { PipelineError } from '../../core/error.ts';
import { GET_BYTES_MAX } from '../../core/limit.ts';
import type { CallOptions } from '../../ports/object-store.ts';
import { callOf, sendOptions, type Bucket } from './s3-bucket.ts';
import { translateS3Error, type S3Call } from './s3-error.ts';

/** All bytes of an object of at most 64 MiB. */
export async function get(
  bucket: Bucket,
  key: string,
  options: CallOptions | undefined,
): Promise<Uint8Array | null> {
  const call = callOf(bucket, 'get', key, options);
  try {
    const answer = await fetchObject(bucket, key, options);
    const sizeBytes = answer.ContentLength ?? 0;
    if (sizeBytes > GET_BYTES_MAX) {
      (answer.Body as Readable).destroy();
      throw new PipelineError('too-large', `${call.object} has ${sizeBytes} bytes`, {
        hint: 'read it as a stream (open)',
      });
    }
    const bytes = new Uint8Array(sizeBytes);
    let at = 0;
    for await (const chunk of readBody(answer, call)) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  } catch (error) {
    const translated = translateS3Error(error, call);
    if (translated.kind === 'not-found') return null;
    throw translated;
  }
}

/** The bytes of an object as they come. */
export async function open(
  bucket: Bucket,
  key: string,
  options: CallOptions | undefined,
): Promise<AsyncIterable<Uint8Array>> {
  const call = callOf(bucket, 'open', key, options);
  try {
    return readBody(await fetchObject(bucket, key, options), call);
  } catch (error) {
    const translated = translateS3Error(error, call);
    if (translated.kind !== 'not-found') throw translated;
    throw new PipelineError('not-found', `no object ${call.object}`, { cause: error });
  }
}

async function fetchObject(
  bucket: Bucket,
  key: string,
  options: CallOptions | undefined,
): Promise<GetObjectCommandOutput> {
  const { GetObjectCommand } = await import('@aws-sdk/client-s3');
  const client = await bucket.connection.client();
  return await client.send(
    new GetObjectCommand({ Bucket: bucket.bucket, Key: key }),
    sendOptions(options),
  );
}

/** The bytes as they come; exactly as many as the answer's head promised, or `unavailable`. */
async function* readBody(answer: GetObjectCommandOutput, call: S3Call): AsyncGenerator<Uint8Array> {
  const promisedBytes = answer.ContentLength ?? 0;
  let seenBytes = 0;
  try {
    for await (const chunk of answer.Body as Readable as AsyncIterable<Uint8Array>) {
      if (call.signal?.aborted === true) call.signal.throwIfAborted();
      seenBytes += chunk.length;
      if (seenBytes > promisedBytes) break;
      yield chunk;
    }
  } catch (error) {
    throw translateS3Error(error, call);
  }
  if (seenBytes === promisedBytes) return;
  throw new PipelineError(
    'unavailable',
    `${call.object}: ${seenBytes} bytes came, ${promisedBytes} were promised`,
  );
}
