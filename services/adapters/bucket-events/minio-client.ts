import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Client } from 'minio';
import { type ErrorKind, PipelineError } from '../../core/error.ts';

/** Keys as the chain of the AWS SDK finds them. */
export interface ServerCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}

/** An S3-compatible server as MinIO's client has to know it. */
export interface MinioServer {
  /** `http://127.0.0.1:9000`. */
  endpoint: string;
  region: string;
  isPathStyle: boolean;
  /** Asked for each client, because keys may run out. */
  credentials(): Promise<ServerCredentials>;
}

/** What goes over the wire, for whoever must see it. */
export interface Tap {
  onConnected(request: ClientRequest): void;
  onAnswer(response: IncomingMessage): void;
}

/** What ends a call before the server does. */
export interface CallBounds {
  signal?: AbortSignal | undefined;
  /** From sending to the last byte of the answer. */
  callMsMax: number;
}

/** What a client's calls are bounded by, or seen by. */
export interface ClientWatch {
  tap?: Tap;
  bounds?: CallBounds;
}

/**
 * A client of MinIO's own package, loaded at the first call. That package knows neither a time limit nor a signal: with
 * `bounds` each request ends by them: with `interrupted`, or an error that `translateMinioError` takes for `unavailable`.
 */
export async function clientOf(server: MinioServer, watch: ClientWatch = {}): Promise<Client> {
  const { Client } = await import('minio');
  const url = new URL(server.endpoint);
  const isSecure = url.protocol === 'https:';
  const keys = await server.credentials();
  return new Client({
    endPoint: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || (isSecure ? 443 : 80),
    useSSL: isSecure,
    region: server.region,
    pathStyle: server.isPathStyle,
    accessKey: keys.accessKeyId,
    secretKey: keys.secretAccessKey,
    ...(keys.sessionToken === undefined ? {} : { sessionToken: keys.sessionToken }),
    // Retry lives with whoever calls.
    retryOptions: { disableRetry: true },
    transport: transportOf(isSecure ? https : http, watch),
  });
}

function transportOf(inner: typeof http | typeof https, { tap, bounds }: ClientWatch) {
  const request = (...args: Parameters<typeof http.request>): ClientRequest => {
    const made = inner.request(...args);
    if (bounds) bound(made, bounds);
    if (tap) {
      made.once('response', (response) => tap.onAnswer(response));
      // Sent as a whole, over a connection that is there.
      made.once('finish', () => tap.onConnected(made));
    }
    return made;
  };
  return { request } as NonNullable<ConstructorParameters<typeof Client>[0]['transport']>;
}

function bound(made: ClientRequest, { signal, callMsMax }: CallBounds): void {
  let answer: IncomingMessage | null = null;
  const end = (error: Error): void => {
    // An answer that has begun is what the client reads; before it, the request.
    answer?.destroy(error);
    made.destroy(error);
  };
  const late = `no answer within ${callMsMax / 1000} s`;
  const timer = setTimeout(() => end(new Error(late)), callMsMax);
  const stop = (): void => end(new PipelineError('interrupted', 'stopped before the end'));
  made.once('response', (response) => {
    answer = response;
  });
  made.once('close', () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  });
  if (signal?.aborted === true) stop();
  else signal?.addEventListener('abort', stop, { once: true });
}

const KIND_OF_CODE: Readonly<Record<string, ErrorKind>> = {
  NoSuchBucket: 'config-invalid',
  InvalidBucketName: 'config-invalid',
  AccessDenied: 'denied',
  InvalidAccessKeyId: 'denied',
  SignatureDoesNotMatch: 'denied',
  ExpiredToken: 'denied',
  InvalidTokenId: 'denied',
  SlowDown: 'throttled',
  NotImplemented: 'unsupported',
  MethodNotAllowed: 'unsupported',
};

const HINTS: Partial<Record<ErrorKind, (about: About) => string>> = {
  'config-invalid': ({ bucket }) => `make the bucket: argosy setup; it is named ${bucket}`,
  denied: ({ bucket }) => `check the credentials and what they may do in the bucket ${bucket}`,
  unavailable: () => 'check that the store runs and ARGOSY_S3_ENDPOINT names it',
};

interface About {
  what: string;
  server: MinioServer;
  bucket: string;
}

/** An error of the client, the server or the network in the house's words. */
export function translateMinioError(error: unknown, about: About): PipelineError {
  if (error instanceof PipelineError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const kind = KIND_OF_CODE[code] ?? 'unavailable';
  const said = (code || (error instanceof Error ? error.message : String(error))).split('\n', 1)[0];
  const hint = HINTS[kind]?.(about);
  return new PipelineError(kind, `${about.what} on ${about.server.endpoint} failed: ${said}`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}
