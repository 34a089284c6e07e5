import { athena } from '../../adapters/query-service/athena.ts';
import { PipelineError } from '../../core/error.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { OpenBucket } from '../../ports/object-store.ts';
import type { QueryService } from '../../ports/query-service.ts';
import { credentialsOf } from './credentials.ts';
import type { Wiring } from './wire.ts';

/** Athena as configured; `config-invalid` where the store is not S3, which is all that Athena reads. */
export function openAthena(
  { config, clock, random, log }: Wiring,
  openBucket: OpenBucket,
): QueryService & Catalog {
  if (config.store.kind !== 's3') {
    throw new PipelineError('config-invalid', 'Athena reads objects in S3 alone', {
      hint: 'set ARGOSY_STORE=s3:, or ask with --engine duckdb',
    });
  }
  return athena({
    ...config.athena,
    region: config.s3.region,
    credentials: credentialsOf(config),
    clock,
    random,
    onRetry: ({ what, waitMs, error }) =>
      log.warn('athena.retry', { what, waitMs: Math.round(waitMs), reason: error.message }),
    openBucket,
  });
}
