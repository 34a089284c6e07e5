import { switchParameter } from '../../../core/parameter.ts';
import type { Problem, RunIdentity, Step, StepPorts, StepResult } from '../../../ports/step.ts';
import { openAudit } from '../audit.ts';
import {
  type ExtractedSource,
  extractManifestKey,
  type FinanceDataset,
  ownExtractManifestKey,
  readExtractManifest,
} from './extract-manifest.ts';
import { keepManifest, landSource } from './land-source.ts';
import { readDataset, type ReadSource, wishOf } from './read-sources.ts';
import { DATASETS } from './sources.ts';

/** Reads every source of transactions and customers and lands their rows as CSV (requirements 4.4, 4.13). */
export const extract: Step = {
  name: 'extract',
  summary: 'Read every source of transactions and customers and land their rows as CSV',
  parameters: [
    ...DATASETS.map(({ name, address }) => ({
      name,
      description: `Sources of ${name}: keys, prefixes, s3://…, file:…, https://… or postgres:`,
      default: address,
    })),
    ...DATASETS.map(({ name }) => ({
      name: `${name}-query`,
      description: `SELECT for ${name} from postgres:; $1 is the moment that an increment begins at`,
      default: '',
    })),
    {
      name: 'page-size',
      description: 'Rows of one page of an API; 0 asks for none',
      default: '1000',
    },
    {
      name: 'increment',
      description: 'true: only what was not loaded by an earlier run',
      default: 'false',
    },
    {
      name: 'extract',
      description: 'false: read no source, and go on with what is landed for the day',
      default: 'true',
    },
  ],
  async run(ports, parameters, run): Promise<StepResult> {
    const wish = wishOf(parameters);
    await openAudit(ports, run);
    if (!switchParameter(parameters, 'extract')) return takeLanded(ports, run);
    // Everything is read and checked before the first byte is landed: a source that fails leaves nothing half.
    const read: ReadSource[] = [];
    for (const dataset of DATASETS)
      read.push(...(await readDataset(ports, run, { wish, dataset })));
    const landed: { source: ExtractedSource; isNew: boolean }[] = [];
    for (const one of read) landed.push(await landSource(ports, run, one));
    const sources = landed.map(({ source }) => source);
    const kept = await keepManifest(ports, { logicalDate: run.logicalDate, sources });
    if (kept.written === 0) ports.log.info('extract.unchanged', { key: kept.key });
    const written = landed.filter((one) => one.isNew).length + kept.written;
    return resultOf(kept.key, { sources, written, problems: read.flatMap(guessed) });
  },
};

/** What an earlier run has landed for the day, as if it had just been read; `not-found` when nothing is. */
async function takeLanded({ store, signal }: StepPorts, run: RunIdentity): Promise<StepResult> {
  const { logicalDate } = run;
  const newest = extractManifestKey(logicalDate);
  const { manifest, digest } = await readExtractManifest(store, newest, signal);
  const key = ownExtractManifestKey(logicalDate, digest);
  return resultOf(key, { sources: manifest.sources, written: 0, problems: [] });
}

/** An encoding that was guessed may be wrong, so people are told of it every time. */
function guessed({ feed, file }: ReadSource): Problem[] {
  if (file.rewrittenFrom?.includes('latin-1') !== true) return [];
  return [{ object: feed.address, message: 'not UTF-8, so read as Latin-1' }];
}

function resultOf(
  key: string,
  {
    sources,
    problems,
    written,
  }: { sources: ExtractedSource[]; problems: Problem[]; written: number },
): StepResult {
  const sum = (of: (source: ExtractedSource) => number, name?: FinanceDataset): number =>
    sources
      .filter(({ dataset }) => name === undefined || dataset === name)
      .reduce((total, source) => total + of(source), 0);
  const rows = sum((source) => source.rows);
  const bytes = sum((source) => source.bytes);
  return {
    outputs: {
      manifest: key,
      transactions: String(sum((source) => source.rows, 'transactions')),
      customers: String(sum((source) => source.rows, 'customers')),
    },
    counts: {
      objectsRead: sources.length,
      objectsWritten: written,
      objectsSkipped: sources.length + 2 - written,
      rowsRead: rows,
      rowsWritten: rows,
      bytesRead: bytes,
      bytesWritten: bytes,
    },
    problems,
  };
}
