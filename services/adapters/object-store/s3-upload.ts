import { createReadStream, type ReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';

import type { PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3';

import { PipelineError } from '../../core/error.ts';
import {
  CONDITIONAL_PUT_BYTES_MAX,
  SINGLE_PUT_BYTES_MAX,
  UPLOAD_PART_BYTES,
} from '../../core/limit.ts';
import type { Body } from '../../ports/object-store.ts';
import { contentTypeOf } from '../../core/content-type.ts';
import { bodyError, checkBodySize } from './filesystem-error.ts';

/** Where the bytes go. */
export interface Upload {
  client: S3Client;
  bucket: string;
  key: string;
  body: Body;
  signal: AbortSignal | undefined;
}

/** What the store said of a finished upload. */
export interface Uploaded {
  etag: string;
  /** The store's clock when it answered. */
  at: Date;
}

/** Files up to this size are read whole, so that the request carries the hash of its bytes. */
const IN_MEMORY_BYTES_MAX = 8 * 1024 * 1024;
const PARTS_MAX = 10_000;

/** Stores the body: in one PUT up to 64 MiB, in parts above. */
export async function upload(job: Upload): Promise<Uploaded> {
  const sizeBytes = await checkedSize(job.body);
  return sizeBytes > SINGLE_PUT_BYTES_MAX
    ? await uploadParts(job, sizeBytes)
    : await putOnce(job, sizeBytes, {});
}

/** Stores the body only when the key is free: one PUT with `If-None-Match: *`, whatever the size (design finding 2). */
export async function uploadIfAbsent(job: Upload): Promise<Uploaded> {
  const sizeBytes = await checkedSize(job.body);
  if (sizeBytes > CONDITIONAL_PUT_BYTES_MAX) {
    throw new PipelineError(
      'too-large',
      `${job.key} has ${sizeBytes} bytes: too many for one PUT`,
      {
        hint: 'put it under a key of its own, and put a small object that names it if absent',
      },
    );
  }
  return await putOnce(job, sizeBytes, { IfNoneMatch: '*' });
}

async function checkedSize(body: Body): Promise<number> {
  if (body instanceof Uint8Array) return body.length;
  const { size } = await stat(body.path).catch((error: unknown) => {
    throw bodyError(body.path, error);
  });
  checkBodySize(body, size);
  return size;
}

async function putOnce(
  job: Upload,
  sizeBytes: number,
  extra: Pick<PutObjectCommandInput, 'IfNoneMatch'>,
): Promise<Uploaded> {
  const { PutObjectCommand } = await import('@aws-sdk/client-s3');
  return await withBytes(job, { start: 0, sizeBytes }, async (bytes, signal) => {
    const command = new PutObjectCommand({
      Bucket: job.bucket,
      Key: job.key,
      Body: bytes,
      ContentLength: sizeBytes,
      ContentType: contentTypeOf(job.key),
      ...extra,
    });
    const answeredAt = dateOfAnswer(command);
    const { ETag } = await job.client.send(command, { abortSignal: signal });
    return { etag: plainEtag(ETag), at: answeredAt() };
  });
}

async function uploadParts(job: Upload, sizeBytes: number): Promise<Uploaded> {
  const sdk = await import('@aws-sdk/client-s3');
  const target = { Bucket: job.bucket, Key: job.key };
  const options = job.signal === undefined ? {} : { abortSignal: job.signal };
  const begun = await job.client.send(
    new sdk.CreateMultipartUploadCommand({ ...target, ContentType: contentTypeOf(job.key) }),
    options,
  );
  const whole = { ...target, UploadId: begun.UploadId };
  try {
    const parts = await sendParts({ ...job, uploadId: begun.UploadId }, sizeBytes);
    const command = new sdk.CompleteMultipartUploadCommand({
      ...whole,
      MultipartUpload: { Parts: parts },
    });
    const answeredAt = dateOfAnswer(command);
    const { ETag } = await job.client.send(command, options);
    return { etag: plainEtag(ETag), at: answeredAt() };
  } catch (error) {
    await job.client.send(new sdk.AbortMultipartUploadCommand(whole)).catch((cause: unknown) => {
      // The first failure is the one to tell; the store's own lifecycle rule removes the parts.
      return cause;
    });
    throw error;
  }
}

async function sendParts(
  job: Upload & { uploadId: string | undefined },
  sizeBytes: number,
): Promise<{ ETag: string | undefined; PartNumber: number }[]> {
  const { UploadPartCommand } = await import('@aws-sdk/client-s3');
  const partBytes = Math.max(UPLOAD_PART_BYTES, Math.ceil(sizeBytes / PARTS_MAX));
  const parts: { ETag: string | undefined; PartNumber: number }[] = [];
  for (let start = 0; start < sizeBytes; start += partBytes) {
    const slice = { start, sizeBytes: Math.min(partBytes, sizeBytes - start) };
    const PartNumber = parts.length + 1;
    const { ETag } = await withBytes(job, slice, (bytes, signal) =>
      job.client.send(
        new UploadPartCommand({
          Bucket: job.bucket,
          Key: job.key,
          UploadId: job.uploadId,
          PartNumber,
          Body: bytes,
          ContentLength: slice.sizeBytes,
        }),
        { abortSignal: signal },
      ),
    );
    parts.push({ ETag, PartNumber });
  }
  return parts;
}

/** Hands a slice of the body to `send`: from memory, or as a stream that ends with the call. */
async function withBytes<T>(
  job: Upload,
  slice: { start: number; sizeBytes: number },
  send: (bytes: Uint8Array | ReadStream, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { body } = job;
  const end = slice.start + slice.sizeBytes;
  const stopper = new AbortController();
  const signal = job.signal ? AbortSignal.any([job.signal, stopper.signal]) : stopper.signal;
  if (body instanceof Uint8Array) return await send(body.subarray(slice.start, end), signal);
  if (body.sizeBytes <= IN_MEMORY_BYTES_MAX) return await send(await readFile(body.path), signal);
  const stream = createReadStream(body.path, { start: slice.start, end: end - 1 });
  let failure: Error | undefined;
  stream.once('error', (error) => {
    failure = error;
    stopper.abort();
  });
  try {
    return await send(stream, signal);
  } catch (error) {
    throw failure ?? error;
  } finally {
    stream.destroy();
  }
}

/** S3 quotes its tags; the quotes are no part of them. */
export function plainEtag(etag: string | undefined): string {
  return (etag ?? '').replaceAll('"', '');
}

interface Answering {
  middlewareStack: {
    add(
      middleware: (
        next: (args: never) => Promise<{ response: unknown }>,
      ) => (args: never) => Promise<{ response: unknown }>,
      options: { step: 'deserialize'; priority: 'low' },
    ): void;
  };
}

/** The answer to a PUT tells no modification time, but every answer tells the server's date. */
function dateOfAnswer(command: unknown): () => Date {
  let date = new Date(0);
  (command as Answering).middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      const { headers } = answer.response as { headers?: Record<string, string> };
      const told = new Date(headers?.['date'] ?? '');
      if (!Number.isNaN(told.getTime())) date = told;
      return answer;
    },
    { step: 'deserialize', priority: 'low' },
  );
  return () => date;
}
