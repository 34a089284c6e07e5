import { checkKey } from '../../core/key.ts';
import type { CallOptions } from '../../ports/object-store.ts';
import type { S3Connection } from './s3-connection.ts';
import type { S3Call } from './s3-error.ts';

export interface S3StoreOptions {
  bucket: string;
  connection: S3Connection;
}

/** What the calls of one bucket share. */
export interface Bucket extends S3StoreOptions {
  url: string;
  /** Set by the first answer that only an existing bucket gives: spares asking again at every missing key. */
  isSeen: boolean;
}

/** Names a call for messages; refuses a key that names no object of the bucket. */
export function callOf(
  bucket: Bucket,
  method: string,
  key: string,
  options: CallOptions | undefined,
): S3Call {
  const object = `${bucket.url}/${checkKey(key)}`;
  return { method, object, bucket: bucket.bucket, signal: options?.signal };
}

/** The SDK's spelling of a call's options. */
export function sendOptions(options: CallOptions | undefined): { abortSignal?: AbortSignal } {
  return options?.signal === undefined ? {} : { abortSignal: options.signal };
}
