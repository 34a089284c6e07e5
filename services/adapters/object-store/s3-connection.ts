import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';

import type { Secret } from '../../core/secret.ts';

export interface S3ConnectionOptions {
  /** `http://127.0.0.1:9000` for an S3-compatible server; absent for AWS. */
  endpoint?: string | undefined;
  region: string;
  /** `endpoint/bucket/key` in place of `bucket.endpoint/key`. */
  isPathStyle: boolean;
  /** Absent: the SDK's own chain (environment, profile, web identity, instance). */
  credentials?:
    | { accessKeyId: string; secretAccessKey: Secret; sessionToken?: Secret | undefined }
    | undefined;
  /** How long making a connection may take. Default 5 seconds. */
  connectTimeoutMs?: number | undefined;
  /** How long the store may stay silent. Default 30 seconds. */
  silenceTimeoutMs?: number | undefined;
}

/** One client for any number of buckets; the SDK is loaded at the first call. */
export interface S3Connection extends AsyncDisposable {
  client(): Promise<S3Client>;
}

const CONNECT_TIMEOUT_MS = 5_000;
const SILENCE_TIMEOUT_MS = 30_000;
const SOCKETS_MAX = 64;
/** Above this size the server may refuse before the bytes are sent. */
const EXPECT_CONTINUE_BYTES = 2 * 1024 * 1024;

/** A connection to S3 or a compatible server. Does nothing until a bucket uses it. */
export function s3Connection(options: S3ConnectionOptions): S3Connection {
  let opened: Promise<S3Client> | undefined;
  return {
    client: () => (opened ??= openClient(options)),
    [Symbol.asyncDispose]: async () => {
      const client = await opened;
      client?.destroy();
    },
  };
}

async function openClient(options: S3ConnectionOptions): Promise<S3Client> {
  const { S3Client } = await import('@aws-sdk/client-s3');
  return withoutNodeVersionWarning(() => new S3Client(clientConfig(options)));
}

function clientConfig(options: S3ConnectionOptions): S3ClientConfig {
  const { endpoint, credentials } = options;
  return {
    region: options.region,
    forcePathStyle: options.isPathStyle,
    // Retry lives in one layer of ours (design A5).
    maxAttempts: 1,
    // Servers other than AWS do not all know the newer checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    expectContinueHeader: EXPECT_CONTINUE_BYTES,
    requestHandler: {
      connectionTimeout: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
      socketTimeout: options.silenceTimeoutMs ?? SILENCE_TIMEOUT_MS,
      httpAgent: { keepAlive: true, maxSockets: SOCKETS_MAX },
      httpsAgent: { keepAlive: true, maxSockets: SOCKETS_MAX },
    },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined
      ? {}
      : {
          credentials: {
            accessKeyId: credentials.accessKeyId,
            secretAccessKey: credentials.secretAccessKey.reveal(),
            ...(credentials.sessionToken === undefined
              ? {}
              : { sessionToken: credentials.sessionToken.reveal() }),
          },
        }),
  };
}

const WARNING_SWITCH = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';

/** The SDK warns of Node 20 while a client is made; its own switch for that one warning is set just as long. */
export function withoutNodeVersionWarning<T>(make: () => T): T {
  const before = process.env[WARNING_SWITCH];
  process.env[WARNING_SWITCH] = 'true';
  try {
    return make();
  } finally {
    if (before === undefined) delete process.env[WARNING_SWITCH];
    else process.env[WARNING_SWITCH] = before;
  }
}
