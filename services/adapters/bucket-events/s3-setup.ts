import { PipelineError } from '../../core/error.ts';
import type { BucketSetup } from '../../ports/bucket-setup.ts';
import type { CallOptions } from '../../ports/object-store.ts';
import type { S3Connection } from '../object-store/s3-connection.ts';
import { isNotFound, translateS3Error } from '../object-store/s3-error.ts';
import { sendOptions } from '../object-store/s3-bucket.ts';
import type { MinioServer } from './minio-client.ts';
import { setNotification } from './minio-notify.ts';
import { setLifecycle } from './s3-lifecycle.ts';

export interface S3SetupOptions {
  connection: S3Connection;
  region: string;
  /** For what the S3 SDK lacks; null on AWS. */
  server: MinioServer | null;
}

/** The region in which a new bucket of AWS lies unless another is named; naming it is refused. */
const DEFAULT_REGION = 'us-east-1';

/** Buckets of S3 and of compatible servers, made with whatever rules the server gives to new ones. */
export function s3Setup(options: S3SetupOptions): BucketSetup {
  const { server } = options;
  return {
    make: async (bucket, callOptions) => {
      const url = `s3://${bucket}`;
      if (await isThere(options, bucket, callOptions)) return { url, isNew: false };
      if (callOptions?.isDryRun === true) return { url, isNew: true };
      return { url, isNew: await make(options, bucket, callOptions) };
    },
    notify: (bucket, target, callOptions) => {
      if (server !== null) return setNotification(server, bucket, target, callOptions);
      const message = 'AWS S3 has no webhooks of its own';
      return Promise.reject(
        new PipelineError('unsupported', message, {
          hint: 'leave --webhook out: on AWS the sweep of each pipeline finds what arrives',
        }),
      );
    },
    age: (bucket, rules, callOptions) =>
      setLifecycle({ ...options, hasClasses: server === null }, bucket, { rules, ...callOptions }),
  };
}

async function isThere(
  { connection }: S3SetupOptions,
  bucket: string,
  options: CallOptions | undefined,
): Promise<boolean> {
  const { HeadBucketCommand } = await import('@aws-sdk/client-s3');
  const client = await connection.client();
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }), sendOptions(options));
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw translate(error, 'headBucket', bucket, options);
  }
}

/** False when somebody else has made it in between. */
async function make(
  { connection, region, server }: S3SetupOptions,
  bucket: string,
  options: CallOptions | undefined,
): Promise<boolean> {
  const { CreateBucketCommand } = await import('@aws-sdk/client-s3');
  const client = await connection.client();
  const isElsewhere = server === null && region !== DEFAULT_REGION;
  const place = { CreateBucketConfiguration: { LocationConstraint: region } };
  try {
    const input = { Bucket: bucket, ...(isElsewhere ? place : {}) };
    // The SDK lists AWS's regions as a closed set; the setting is checked by the server.
    await client.send(new CreateBucketCommand(input as { Bucket: string }), sendOptions(options));
    return true;
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    if (name === 'BucketAlreadyOwnedByYou') return false;
    if (name === 'BucketAlreadyExists') {
      throw new PipelineError('denied', `the bucket ${bucket} belongs to somebody else`, {
        hint: 'name another with ARGOSY_BUCKET_{PIPELINE}',
        cause: error,
      });
    }
    throw translate(error, 'createBucket', bucket, options);
  }
}

function translate(
  error: unknown,
  method: string,
  bucket: string,
  options: CallOptions | undefined,
): PipelineError {
  return translateS3Error(error, {
    method,
    object: `s3://${bucket}`,
    bucket,
    signal: options?.signal,
  });
}
