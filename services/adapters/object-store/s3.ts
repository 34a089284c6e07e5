import { PipelineError } from '../../core/error.ts';
import { checkKey, checkPrefix } from '../../core/key.ts';
import type { Body, CallOptions, ObjectInfo, ObjectStore } from '../../ports/object-store.ts';
import { callOf, sendOptions, type Bucket, type S3StoreOptions } from './s3-bucket.ts';
import {
  isNotFound,
  isOutcomeUnknown,
  isPreconditionFailed,
  translateS3Error,
  type S3Call,
} from './s3-error.ts';
import { get, open } from './s3-read.ts';
import { plainEtag, upload, uploadIfAbsent, type Uploaded } from './s3-upload.ts';

/**
 * A bucket of S3 or a compatible server. `lastModified` of a fresh write is the server's time of its answer. Keys
 * that end with a slash (folder markers of consoles) are listed like any other.
 */
export function s3Store(options: S3StoreOptions): ObjectStore {
  const bucket: Bucket = { ...options, url: `s3://${options.bucket}`, isSeen: false };
  return {
    url: bucket.url,
    capability: { putIfAbsent: true },
    put: (key, body, callOptions) => put(bucket, { key, body, callOptions }),
    putIfAbsent: (key, body, callOptions) => putIfAbsent(bucket, { key, body, callOptions }),
    get: (key, callOptions) => get(bucket, key, callOptions),
    open: (key, callOptions) => open(bucket, key, callOptions),
    head: (key, callOptions) => head(bucket, key, callOptions),
    list: (prefix, callOptions) => list(bucket, prefix, callOptions),
    delete: (key, callOptions) => remove(bucket, key, callOptions),
    localPath: async (key) => {
      checkKey(key);
      return null;
    },
  };
}

interface Write {
  key: string;
  body: Body;
  callOptions: CallOptions | undefined;
}

async function put(bucket: Bucket, write: Write): Promise<ObjectInfo> {
  const call = callOf(bucket, 'put', write.key, write.callOptions);
  try {
    return infoOfUpload(write, await upload(await jobOf(bucket, write)));
  } catch (error) {
    throw translateS3Error(error, call);
  }
}

async function putIfAbsent(bucket: Bucket, write: Write): Promise<ObjectInfo | null> {
  const call = callOf(bucket, 'putIfAbsent', write.key, write.callOptions);
  try {
    return infoOfUpload(write, await uploadIfAbsent(await jobOf(bucket, write)));
  } catch (error) {
    if (!(error instanceof PipelineError) && isPreconditionFailed(error)) return null;
    const translated = translateS3Error(error, call);
    if (!isOutcomeUnknown(error, translated)) throw translated;
    throw new PipelineError('commit-unknown', `${translated.message}; it may be stored`, {
      hint: `read ${call.object} before anything else`,
      cause: error,
    });
  }
}

async function head(
  bucket: Bucket,
  key: string,
  options: CallOptions | undefined,
): Promise<ObjectInfo | null> {
  const call = callOf(bucket, 'head', key, options);
  const { HeadObjectCommand } = await import('@aws-sdk/client-s3');
  const client = await bucket.connection.client();
  try {
    const answer = await client.send(
      new HeadObjectCommand({ Bucket: bucket.bucket, Key: key }),
      sendOptions(options),
    );
    bucket.isSeen = true;
    return {
      key,
      sizeBytes: answer.ContentLength ?? 0,
      etag: plainEtag(answer.ETag),
      lastModified: answer.LastModified ?? new Date(0),
    };
  } catch (error) {
    if (!isNotFound(error)) throw translateS3Error(error, call);
    await requireBucket(bucket, call);
    return null;
  }
}

/** A HEAD has no body, so a missing key and a missing bucket give the same answer. */
async function requireBucket(bucket: Bucket, call: S3Call): Promise<void> {
  if (bucket.isSeen) return;
  const { HeadBucketCommand } = await import('@aws-sdk/client-s3');
  const client = await bucket.connection.client();
  try {
    await client.send(
      new HeadBucketCommand({ Bucket: bucket.bucket }),
      sendOptions({ signal: call.signal }),
    );
  } catch (error) {
    const cause = isNotFound(error)
      ? Object.assign(new Error('no such bucket', { cause: error }), { name: 'NoSuchBucket' })
      : error;
    throw translateS3Error(cause, call);
  }
  bucket.isSeen = true;
}

async function* list(
  bucket: Bucket,
  prefix: string,
  options: CallOptions | undefined,
): AsyncGenerator<ObjectInfo> {
  checkPrefix(prefix);
  const call = { ...callOf(bucket, 'list', 'x', options), object: `${bucket.url}/${prefix}` };
  const { ListObjectsV2Command } = await import('@aws-sdk/client-s3');
  const client = await bucket.connection.client();
  let token: string | undefined;
  do {
    const command = new ListObjectsV2Command({
      Bucket: bucket.bucket,
      Prefix: prefix,
      // Keys may hold characters that XML cannot.
      EncodingType: 'url',
      ContinuationToken: token,
    });
    const page = await client.send(command, sendOptions(options)).catch((error: unknown) => {
      throw translateS3Error(error, call);
    });
    bucket.isSeen = true;
    for (const entry of page.Contents ?? []) {
      yield {
        key: page.EncodingType === 'url' ? decodeListed(entry.Key ?? '') : (entry.Key ?? ''),
        sizeBytes: entry.Size ?? 0,
        etag: plainEtag(entry.ETag),
        lastModified: entry.LastModified ?? new Date(0),
      };
    }
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

function decodeListed(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll('+', ' '));
}

async function remove(
  bucket: Bucket,
  key: string,
  options: CallOptions | undefined,
): Promise<void> {
  const call = callOf(bucket, 'delete', key, options);
  const { DeleteObjectCommand } = await import('@aws-sdk/client-s3');
  const client = await bucket.connection.client();
  try {
    await client.send(
      new DeleteObjectCommand({ Bucket: bucket.bucket, Key: key }),
      sendOptions(options),
    );
  } catch (error) {
    const translated = translateS3Error(error, call);
    if (translated.kind !== 'not-found') throw translated;
  }
}

async function jobOf(bucket: Bucket, write: Write): Promise<Parameters<typeof upload>[0]> {
  const client = await bucket.connection.client();
  const { key, body, callOptions } = write;
  return { client, bucket: bucket.bucket, key, body, signal: callOptions?.signal };
}

function infoOfUpload(write: Write, uploaded: Uploaded): ObjectInfo {
  const { key, body } = write;
  const sizeBytes = body instanceof Uint8Array ? body.length : body.sizeBytes;
  return { key, sizeBytes, etag: uploaded.etag, lastModified: uploaded.at };
}
