import { makeArchive, SAMPLE_FIRST_YEAR, SAMPLE_VINTAGES } from '../sample/fama-french-archive.ts';
import { type ArchiveAddress, serveArchive } from '../sample/archive-server.ts';
import { PipelineError } from '../core/error.ts';

/** Preferred, so that a second sample run meets the same addresses and finds nothing new. */
const SAMPLE_PORT = 41_926;
const SAMPLE_SEED = 1926;

export interface Sample {
  /** What the workflow must be told to use the sample. */
  parameters: Record<string, string>;
  close(): Promise<void>;
}

/** Generates the sample of a pipeline and serves it on loopback until it is closed. */
export async function startSample(pipeline: string | undefined): Promise<Sample> {
  return serveSample(pipeline, { host: '127.0.0.1', port: SAMPLE_PORT, isPortPreferred: true });
}

/** The same at an address of the caller's choice. `config-invalid` when the pipeline has no sample. */
export async function serveSample(
  pipeline: string | undefined,
  address: ArchiveAddress,
): Promise<Sample> {
  if (pipeline !== 'fama-french') {
    throw new PipelineError(
      'config-invalid',
      `there is no sample for ${pipeline ?? 'a workflow file'}`,
      {
        hint: 'served is that of fama-french; csv-intake and finance bring their own with argosy run NAME --sample',
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
