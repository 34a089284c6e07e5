import type * as AthenaSdk from '@aws-sdk/client-athena';
import { type RetryPolicy, DEFAULT_RETRY_POLICY, waitBeforeRetryMs } from '../../core/backoff.ts';
import type { Clock } from '../../ports/clock.ts';
import {
  type S3ConnectionOptions,
  withoutNodeVersionWarning,
} from '../object-store/s3-connection.ts';
import { translateAthenaError } from './athena-error.ts';

/** How Athena is reached. */
export interface AthenaConnection extends Pick<S3ConnectionOptions, 'region' | 'credentials'> {
  /** An endpoint of one's own (a VPC endpoint, a test); absent for that of the region. */
  endpoint?: string | undefined;
  clock: Clock;
  /** In [0, 1): spreads the waits. */
  random: () => number;
  /** Told before each wait for another try, for the log. */
  onRetry?: ((retry: { what: string; waitMs: number; error: Error }) => void) | undefined;
}

type Athena = typeof AthenaSdk;

/** One call of Athena's API, for its messages. */
export interface AthenaCall {
  /** `StartQueryExecution`. */
  name: string;
  signal: AbortSignal | undefined;
}

/** Calls Athena; the SDK is loaded at the first one. What a retry may cure is tried again, errors are ours. */
export interface AthenaCaller {
  call<T>(
    call: AthenaCall,
    send: (
      athena: Athena,
      client: AthenaSdk.AthenaClient,
      options: { abortSignal?: AbortSignal },
    ) => Promise<T>,
  ): Promise<T>;
}

/** Throttling of one account is shared by all who use it, so a little more patience than for a store. */
const POLICY: RetryPolicy = { ...DEFAULT_RETRY_POLICY, baseMs: 400, attemptsMax: 6 };
const CONNECT_TIMEOUT_MS = 5_000;
const SILENCE_TIMEOUT_MS = 30_000;

/** A caller with one client for the process. */
export function athenaCaller(connection: AthenaConnection): AthenaCaller {
  let opened: Promise<{ athena: Athena; client: AthenaSdk.AthenaClient }> | undefined;
  const { clock, random, onRetry } = connection;
  return {
    async call({ name, signal }, send) {
      opened ??= openClient(connection);
      const { athena, client } = await opened;
      const options = signal === undefined ? {} : { abortSignal: signal };
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await send(athena, client, options);
        } catch (thrown) {
          const error = translateAthenaError(thrown, { name, signal });
          const waitMs = waitBeforeRetryMs({ error, attempt, random }, POLICY);
          if (waitMs === null) throw error;
          onRetry?.({ what: `athena ${name}`, waitMs, error });
          await clock.sleep(waitMs, signal);
        }
      }
    },
  };
}

async function openClient({ region, endpoint, credentials }: AthenaConnection) {
  const athena = await import('@aws-sdk/client-athena');
  const client = withoutNodeVersionWarning(
    () =>
      new athena.AthenaClient({
        region,
        // Retry lives in one place of ours (design A5).
        maxAttempts: 1,
        requestHandler: {
          connectionTimeout: CONNECT_TIMEOUT_MS,
          socketTimeout: SILENCE_TIMEOUT_MS,
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
      }),
  );
  return { athena, client };
}
