import {
  makeArchive,
  SAMPLE_FIRST_YEAR,
  SAMPLE_VINTAGES,
} from '../../sample/fama-french-archive.ts';
import { type ArchiveAddress, serveArchive } from '../../sample/archive-server.ts';
import { SAMPLE_SYMBOLS } from '../../sample/market-data.ts';
import { serveMarket } from '../../sample/market-server.ts';
import { PipelineError } from '../../core/error.ts';
import { sha256 } from '../../core/manifest.ts';
import type { Clock } from '../../ports/clock.ts';

/**
 * Ports that a folder's sample is served at: one of them is preferred by its name, so that a second run there meets the same
 * addresses and finds nothing new, and samples of other folders may run beside it.
 */
const SAMPLE_PORTS = { first: 41_000, count: 1_000 };
const SAMPLE_SEED = 1926;
/** Quotas of the served market data: those of a plan with which a sample is asked for in a moment. */
const SAMPLE_QUOTA = { perMinute: 75, perDay: 1_000 };

export interface Sample {
  /** What the workflow must be told to use the sample. */
  parameters: Record<string, string>;
  close(): Promise<void>;
}

/** Generates the sample of a pipeline and serves it on loopback for a run in this folder, until it is closed. */
export async function startSample(
  pipeline: string | undefined,
  { folder, clock }: { folder: string; clock: Clock },
): Promise<Sample> {
  const at = Number.parseInt(sha256(folder).slice(0, 8), 16) % SAMPLE_PORTS.count;
  const address = { host: '127.0.0.1', port: SAMPLE_PORTS.first + at, isPortPreferred: true };
  return serveSample(pipeline, address, clock);
}

/** The same at an address of the caller's choice. `config-invalid` when the pipeline has no sample. */
export async function serveSample(
  pipeline: string | undefined,
  address: ArchiveAddress,
  clock: Clock,
): Promise<Sample> {
  if (pipeline === 'market-data') return serveMarketSample(address, clock);
  if (pipeline !== 'fama-french') {
    throw new PipelineError(
      'config-invalid',
      `there is no sample for ${pipeline ?? 'a workflow file'}`,
      {
        hint: 'served are those of fama-french and market-data; csv-intake, commerce and finance bring their own with argosy run NAME --sample',
      },
    );
  }
  const archive = makeArchive({
    vintages: SAMPLE_VINTAGES,
    seed: SAMPLE_SEED,
    firstYear: SAMPLE_FIRST_YEAR,
  });
  const server = await serveArchive(archive, address);
  return { parameters: { 'archive-url': server.url }, close: () => server.close() };
}

/** Prices of a few symbols, one of them unknown, so that a run shows what becomes of it. */
async function serveMarketSample(address: ArchiveAddress, clock: Clock): Promise<Sample> {
  const server = await serveMarket({
    ...address,
    seed: SAMPLE_SEED,
    now: () => clock.now(),
    quota: SAMPLE_QUOTA,
  });
  return {
    parameters: {
      'api-url': server.url,
      symbols: SAMPLE_SYMBOLS.join(','),
      'calls-per-minute': String(SAMPLE_QUOTA.perMinute),
      'calls-per-day': String(SAMPLE_QUOTA.perDay),
    },
    close: () => server.close(),
  };
}
