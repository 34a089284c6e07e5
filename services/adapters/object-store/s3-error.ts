import { parseRetryAfterMs } from '../../core/backoff.ts';
import { PipelineError, type ErrorDetail, type ErrorKind } from '../../core/error.ts';

/** Which call failed, on which object, for the message and the hint. */
export interface S3Call {
  method: string;
  /** `s3://bucket/key`. */
  object: string;
  bucket: string;
  signal: AbortSignal | undefined;
}

interface S3Failure {
  name: string;
  message: string;
  /** The HTTP status, 0 when no answer came. */
  status: number;
  /** Node's error code (`ECONNRESET`), or empty. */
  code: string;
  retryAfter: string | undefined;
}

const KIND_OF_NAME: Record<string, ErrorKind> = {
  NoSuchBucket: 'config-invalid',
  InvalidBucketName: 'config-invalid',
  PermanentRedirect: 'config-invalid',
  AuthorizationHeaderMalformed: 'config-invalid',
  KeyTooLongError: 'config-invalid',
  XMinioInvalidObjectName: 'config-invalid',
  NoSuchKey: 'not-found',
  CredentialsProviderError: 'denied',
  ExpiredToken: 'denied',
  ExpiredTokenException: 'denied',
  InvalidToken: 'denied',
  SlowDown: 'throttled',
  SlowDownRead: 'throttled',
  SlowDownWrite: 'throttled',
  TooManyRequests: 'throttled',
  Throttling: 'throttled',
  ThrottlingException: 'throttled',
  RequestLimitExceeded: 'throttled',
  ConditionalRequestConflict: 'conflict',
  OperationAborted: 'conflict',
  PreconditionFailed: 'conflict',
  EntityTooLarge: 'too-large',
  RequestTimeout: 'unavailable',
  BadDigest: 'unavailable',
  IncompleteBody: 'unavailable',
  XAmzContentSHA256Mismatch: 'unavailable',
  XMinioParentIsObject: 'unsupported',
  XMinioObjectExistsAsDirectory: 'unsupported',
  ObjectParentIsFile: 'unsupported',
  ExistingObjectIsDirectory: 'unsupported',
};

const KIND_OF_STATUS: Record<number, ErrorKind> = {
  301: 'config-invalid',
  307: 'config-invalid',
  401: 'denied',
  403: 'denied',
  404: 'not-found',
  408: 'unavailable',
  409: 'conflict',
  412: 'conflict',
  413: 'too-large',
  429: 'throttled',
  501: 'unsupported',
};

const UNSENT_CODES = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
/** Set-up that no retry cures: certificates, plain HTTP where TLS is expected, an endpoint that is no URL. */
const SETUP_CODE =
  /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|EPROTO$|ERR_INVALID_URL$)/;

/** An error of the SDK, of the store or of the network in the house's words. Ours pass through. */
export function translateS3Error(error: unknown, call: S3Call): PipelineError {
  if (error instanceof PipelineError) return error;
  const what = `${call.method} of ${call.object}`;
  if (call.signal?.aborted === true) {
    return new PipelineError('interrupted', `${what} was stopped`, { cause: error });
  }
  const failure = readFailure(error);
  const kind = kindOf(failure);
  const said = failure.status > 0 ? `${failure.status} ${failure.name}` : saidBy(failure);
  const detail: ErrorDetail = { cause: error };
  const hint = hintOf(kind, failure, call);
  if (hint !== undefined) detail.hint = hint;
  const retryAfterMs = kind === 'throttled' ? parseRetryAfterMs(failure.retryAfter) : undefined;
  if (retryAfterMs !== undefined) detail.retryAfterMs = retryAfterMs;
  return new PipelineError(kind, `${what} failed: ${said}`, detail);
}

/** True when the store said that the key is taken (412). */
export function isPreconditionFailed(error: unknown): boolean {
  const { name, status } = readFailure(error);
  return name === 'PreconditionFailed' || status === 412;
}

/** True when the store said 404, whatever for. */
export function isNotFound(error: unknown): boolean {
  const { name, status } = readFailure(error);
  return status === 404 || name === 'NoSuchKey' || name === 'NotFound';
}

/**
 * True when a write may have been stored although no good answer came: the request may have left, and neither a
 * refusal nor a success came back. A refused connection, or one never made, left nothing.
 */
export function isOutcomeUnknown(error: unknown, translated: PipelineError): boolean {
  if (translated.kind !== 'unavailable') return false;
  const { code, message, status } = readFailure(error);
  if (status >= 400 && status < 500) return false;
  if (UNSENT_CODES.has(code)) return false;
  return !message.includes('did not establish a connection');
}

function kindOf(failure: S3Failure): ErrorKind {
  const named = KIND_OF_NAME[failure.name] ?? KIND_OF_STATUS[failure.status];
  if (named !== undefined) return named;
  if (failure.status >= 500) return 'unavailable';
  if (failure.status >= 400) return 'unsupported';
  return SETUP_CODE.test(failure.code) ? 'config-invalid' : 'unavailable';
}

function readFailure(error: unknown): S3Failure {
  const thrown = error as {
    name?: string;
    message?: string;
    code?: string;
    $metadata?: { httpStatusCode?: number };
    $response?: { headers?: Record<string, string>; statusCode?: number };
  } | null;
  return {
    name: thrown?.name ?? 'unknown',
    message: thrown?.message ?? String(error),
    status: thrown?.$metadata?.httpStatusCode ?? thrown?.$response?.statusCode ?? 0,
    code: typeof thrown?.code === 'string' ? thrown.code : '',
    retryAfter: thrown?.$response?.headers?.['retry-after'],
  };
}

/** One line; the network's own code where there is one, since messages of Node may be empty. */
function saidBy(failure: S3Failure): string {
  return (failure.code || `${failure.name}: ${failure.message}`).split('\n', 1)[0] ?? '';
}

function hintOf(kind: ErrorKind, failure: S3Failure, call: S3Call): string | undefined {
  if (failure.name === 'NoSuchBucket') {
    return `argosy setup creates the bucket ${call.bucket}; or name another with ARGOSY_BUCKET_{PIPELINE}`;
  }
  if (failure.name === 'RequestTimeTooSkewed') return 'set the clock of this machine';
  if (kind === 'denied') {
    return `check the credentials and what they may do in the bucket ${call.bucket}`;
  }
  if (kind === 'config-invalid') return 'check ARGOSY_S3_ENDPOINT and ARGOSY_S3_REGION';
  if (UNSENT_CODES.has(failure.code)) {
    return 'check that the store runs and ARGOSY_S3_ENDPOINT names it';
  }
  if (kind === 'unsupported')
    return 'the store cannot do this: choose another key or another store';
  return undefined;
}
