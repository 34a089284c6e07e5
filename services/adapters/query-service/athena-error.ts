import type { QueryExecutionStatus } from '@aws-sdk/client-athena';
import { type ErrorDetail, type ErrorKind, PipelineError } from '../../core/error.ts';
import type { AthenaCall } from './athena-client.ts';

const KIND_OF_NAME: Readonly<Record<string, ErrorKind>> = {
  TooManyRequestsException: 'throttled',
  ThrottlingException: 'throttled',
  RequestLimitExceeded: 'throttled',
  InternalServerException: 'unavailable',
  ServiceUnavailable: 'unavailable',
  MetadataException: 'unavailable',
  ResourceNotFoundException: 'config-invalid',
  AccessDeniedException: 'denied',
  UnrecognizedClientException: 'denied',
  InvalidClientTokenId: 'denied',
  ExpiredTokenException: 'denied',
  IncompleteSignatureException: 'denied',
  InvalidSignatureException: 'denied',
  MissingAuthenticationTokenException: 'denied',
  CredentialsProviderError: 'denied',
};

/** What Athena refuses before it runs anything, by its words; the rest of what it so refuses is the reader's SQL. */
const OF_SETTINGS =
  /work ?group|output (?:bucket|location)|outputlocation|no output location|data ?catalog|region|result ?configuration/i;

/** Set-up that no retry cures. */
const SETUP_CODE =
  /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|EPROTO$|ERR_INVALID_URL$)/;

/** An error of the SDK, of Athena's API or of the network in the house's words. Ours pass through. */
export function translateAthenaError(thrown: unknown, { name, signal }: AthenaCall): PipelineError {
  if (thrown instanceof PipelineError) return thrown;
  const what = `athena ${name}`;
  if (signal?.aborted === true) {
    return new PipelineError('interrupted', `${what} was stopped`, { cause: thrown });
  }
  const failure = readFailure(thrown);
  const kind = kindOf(failure);
  const said = oneLine(failure.message) || failure.code || failure.name;
  const detail: ErrorDetail = { cause: thrown };
  const hint = HINTS[kind];
  if (hint !== undefined) detail.hint = hint;
  const label = failure.status > 0 ? failure.name : failure.code || failure.name;
  const text = said === label ? label : `${label}: ${said}`;
  const isSql = kind === 'input-invalid';
  return new PipelineError(kind, isSql ? `query: ${said}` : `${what} failed: ${text}`, detail);
}

const HINTS: Readonly<Partial<Record<ErrorKind, string>>> = {
  denied: 'check the credentials, and that they may use Athena, its workgroup and the buckets',
  'config-invalid':
    'check ARGOSY_ATHENA_WORKGROUP, ARGOSY_ATHENA_OUTPUT, ARGOSY_ATHENA_CATALOG and ARGOSY_S3_REGION',
  throttled: 'too many queries at one time in this account or workgroup: ask again later',
  unavailable: 'ask again; if it stays so, check the network and ARGOSY_ATHENA_ENDPOINT',
};

interface Failure {
  name: string;
  message: string;
  /** The HTTP status, 0 when no answer came. */
  status: number;
  /** Node's error code (`ECONNRESET`), or empty. */
  code: string;
}

function readFailure(error: unknown): Failure {
  const thrown = error as {
    name?: string;
    message?: string;
    code?: string;
    $metadata?: { httpStatusCode?: number };
  } | null;
  return {
    name: thrown?.name ?? 'unknown',
    message: thrown?.message ?? String(error),
    status: thrown?.$metadata?.httpStatusCode ?? 0,
    code: typeof thrown?.code === 'string' ? thrown.code : '',
  };
}

function kindOf({ name, message, status, code }: Failure): ErrorKind {
  const named = KIND_OF_NAME[name];
  if (named !== undefined) return named;
  if (name === 'InvalidRequestException') {
    return OF_SETTINGS.test(message) ? 'config-invalid' : 'input-invalid';
  }
  if (status === 429) return 'throttled';
  if (status === 401 || status === 403) return 'denied';
  if (status >= 500) return 'unavailable';
  if (status >= 400) return 'unsupported';
  return SETUP_CODE.test(code) ? 'config-invalid' : 'unavailable';
}

/** Words of Athena about a query that has ended badly, and what they mean here. The first that fits holds. */
const REASONS: readonly (readonly [words: RegExp, kind: ErrorKind, hint: string])[] = [
  [
    /bytes scanned limit/i,
    'too-large',
    "the workgroup's limit of scanned bytes: ask for fewer columns or partitions, or have the limit raised",
  ],
  [
    /query exhausted resources|exceeded .*memory|query timeout|exceeded max(?:imum)? (?:run ?time|time)/i,
    'too-large',
    'ask for fewer columns or partitions, or aggregate earlier',
  ],
  [
    /access ?denied|insufficient permissions?|insufficient lake formation|not authorized|permission denied/i,
    'denied',
    'check what the credentials may do: the table in the catalogue, its objects and the place of results',
  ],
  [/throttl|rate exceeded|slow ?down|too many requests/i, 'throttled', 'ask again later'],
  [
    /(?:table|schema|database)[_ ]?not[_ ]?found|(?:table|schema|database) .* does not exist/i,
    'input-invalid',
    'are its tables registered? argosy setup --engine athena does that',
  ],
];

const SYSTEM = 1;

/** Why a query ended as FAILED or CANCELLED, as an error; the line that Athena tells is part of its words. */
export function failureOf(
  status: QueryExecutionStatus | undefined,
  executionId: string,
): PipelineError {
  const { State: state, StateChangeReason: reason, AthenaError: detail } = status ?? {};
  const said = oneLine(reason ?? detail?.ErrorMessage ?? '') || 'Athena gives no reason';
  const message = `query ${state === 'CANCELLED' ? 'was cancelled' : 'failed'} in Athena (${executionId}): ${said}`;
  const [, kind, hint] = REASONS.find(([words]) => words.test(said)) ?? [];
  if (kind !== undefined && hint !== undefined) return new PipelineError(kind, message, { hint });
  if (state === 'CANCELLED') {
    return new PipelineError('unavailable', message, { hint: 'somebody stopped it: ask again' });
  }
  const isTheirs = detail?.ErrorCategory === SYSTEM || detail?.Retryable === true;
  return isTheirs
    ? new PipelineError('unavailable', message, { hint: 'a fault of Athena itself: ask again' })
    : new PipelineError('input-invalid', message);
}

/** As much of a message as fits a line. */
function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 600 ? `${line.slice(0, 597)}...` : line;
}
