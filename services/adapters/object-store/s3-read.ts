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
    if ((answer.ContentLength ?? 0) > GET_BYTES_MAX) {
      (answer.Body as Readable).destroy();
      throw tooLarge(call);
    }
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    for await (const chunk of readBody(answer, call)) {
      sizeBytes += chunk.length;
      if (sizeBytes > GET_BYTES_MAX) throw tooLarge(call);
      chunks.push(chunk);
    }
    return new Uint8Array(Buffer.concat(chunks, sizeBytes));
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

/** The bytes as they come; exactly as many as the answer's head promised, where it promises, or `unavailable`. */
async function* readBody(answer: GetObjectCommandOutput, call: S3Call): AsyncGenerator<Uint8Array> {
  const promisedBytes = answer.ContentLength;
  let seenBytes = 0;
  try {
    for await (const chunk of answer.Body as Readable as AsyncIterable<Uint8Array>) {
      call.signal?.throwIfAborted();
      seenBytes += chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw translateS3Error(error, call);
  }
  if (promisedBytes === undefined || seenBytes === promisedBytes) return;
  throw new PipelineError(
    'unavailable',
    `${call.object}: ${seenBytes} bytes came, ${promisedBytes} were promised`,
  );
}

function tooLarge(call: S3Call): PipelineError {
  return new PipelineError('too-large', `${call.object} has more than ${GET_BYTES_MAX} bytes`, {
    hint: 'read it as a stream (open)',
  });
}
