import { dirname } from 'node:path';
import { quoteText } from '../../core/column.ts';
import type { QueryEngine } from '../../ports/query-engine.ts';
import type { Problem, RunIdentity, Step, StepPorts, StepResult } from '../../ports/step.ts';
import { blockingFailures, failIfBlocked, tellChecks } from '../../stages/observe/verdict.ts';
import { type CleanManifest, cleanManifestKey } from './clean-manifest.ts';
import { type Cleansed, cleanse, prepareCleansing } from './cleanse.ts';
import {
  type ExtractedSource,
  extractManifestKey,
  type FinanceDataset,
  readExtractManifest,
} from './extract-manifest.ts';
import { hashOfFile, keepObject } from './keep-object.ts';
import { readRiskTable } from './risk-table.ts';
import { QUALITY_PARAMETERS, qualityModeOf, thresholdsOf } from './rules.ts';
import {
  checkTransactions,
  cleaningReport,
  countsOf,
  customerWarnings,
  type TransformReport,
} from './transform-report.ts';

const DATASETS = ['transactions', 'customers'] as const;

/** The key of a day's report. */
export function reportKey(logicalDate: string): string {
  return `clean/${logicalDate}/report.json`;
}

/** The key of the rows of a day that were refused. */
export function rejectsKey(dataset: FinanceDataset, logicalDate: string): string {
  return `_quarantine/${dataset}/${logicalDate}.jsonl`;
}

/**
 * Cleans, checks and scores what extract has landed (requirements 4.5 to 4.7). The same sources, day and table of risks
 * give the same bytes; what is in the store already is not written again. With `quality-mode=block` a check that fails
 * throws `quality-failed` when rejects and report are written and the manifest is not.
 */
export const transform: Step = {
  name: 'transform',
  summary: 'Clean, check and score the extracted transactions and customers',
  parameters: [
    ...QUALITY_PARAMETERS,
    {
      name: 'risk-table',
      description: 'Key of a JSON object with risk weights and bands; empty for the built-in ones',
      default: '',
    },
  ],
  async run(ports, parameters, run): Promise<StepResult> {
    const { store, signal } = ports;
    const mode = qualityModeOf(parameters);
    const thresholds = thresholdsOf(parameters);
    const { logicalDate } = run;
    const risk = await readRiskTable(store, parameters['risk-table'] ?? '', signal);
    const inputKey = extractManifestKey(logicalDate);
    const { manifest, digest } = await readExtractManifest(store, inputKey, signal);
    const { sources } = manifest;
    const engine = await ports.openEngine(await foldersOf(ports, sources));
    try {
      await prepareCleansing(engine, { logicalDate, risk });
      const cleansed = await cleanseAll({ ports, engine }, sources);
      const found = {
        report: await cleaningReport(engine, countsOf(cleansed.transactions), logicalDate),
        warnings: await customerWarnings(engine),
        ...(await checkTransactions(engine, thresholds, logicalDate)),
      };
      const report: TransformReport = {
        logicalDate,
        riskVersion: risk.version,
        inputs: { manifest: inputKey, sha256: digest },
        counts: countsOf(cleansed.transactions),
        customersCounts: countsOf(cleansed.customers),
        ...found,
      };
      return await conclude(ports, run, { mode, report, cleansed, sources });
    } finally {
      await engine.close();
    }
  },
};

type CleansedAll = Record<FinanceDataset, Cleansed>;

/** The folders that the engine may use: scratch, and where objects of a local store lie. */
async function foldersOf(
  { store, scratch }: StepPorts,
  sources: readonly ExtractedSource[],
): Promise<string[]> {
  const paths = await Promise.all(sources.map(({ key }) => store.localPath(key)));
  const there = paths.flatMap((path) => (path === null ? [] : dirname(path)));
  return [...new Set([scratch, ...there])];
}

async function cleanseAll(
  shop: { ports: StepPorts; engine: QueryEngine },
  sources: readonly ExtractedSource[],
): Promise<CleansedAll> {
  const one = async (dataset: FinanceDataset): Promise<Cleansed> => {
    const own = sources.filter((source) => source.dataset === dataset);
    const cleansed = await cleanse(shop, dataset, own);
    await shop.engine.run(`CREATE OR REPLACE VIEW ${dataset}_cleaned AS
      SELECT * FROM read_parquet(${quoteText(cleansed.cleanPath)})`);
    return cleansed;
  };
  const transactions = await one('transactions');
  shop.ports.progress({ rowsRead: transactions.extracted, rowsWritten: transactions.clean });
  return { transactions, customers: await one('customers') };
}

interface Conclusion {
  mode: 'block' | 'warn';
  report: TransformReport;
  cleansed: CleansedAll;
  sources: readonly ExtractedSource[];
}

/** Writes what was found: rejects and report in any case, the clean rows and last the manifest unless a rule blocks. */
async function conclude(
  ports: StepPorts,
  { logicalDate }: RunIdentity,
  { mode, report, cleansed, sources }: Conclusion,
): Promise<StepResult> {
  const kept = keeper(ports);
  for (const dataset of DATASETS)
    await keepRejects(ports, kept, { dataset, logicalDate, cleansed });
  const key = reportKey(logicalDate);
  await kept.json(key, report);
  const reports = [report.inFlight, report.rules];
  for (const one of reports) tellChecks(ports, one);
  if (mode === 'block') failIfBlocked(reports, `${ports.store.url}/${key}`);
  const { warnings, ...found } = report;
  const parts = {
    transactions: await keepClean(kept, { dataset: 'transactions', logicalDate, cleansed }),
    customers: await keepClean(kept, { dataset: 'customers', logicalDate, cleansed }),
  };
  const manifest: CleanManifest = { ...found, ...parts, report: { ...found.report } };
  const manifestKey = cleanManifestKey(logicalDate);
  await kept.json(manifestKey, manifest);
  tell(ports, { kept, report, warnings });
  return resultOf(report, { kept, manifestKey, sources });
}

/** Counts what was written and what was there already. */
interface Keeper {
  written: number;
  already: number;
  file(key: string, path: string): Promise<void>;
  json(key: string, value: unknown): Promise<void>;
}

function keeper({ store, signal }: StepPorts): Keeper {
  const keep = async (key: string, content: Uint8Array | { path: string }): Promise<void> => {
    own[await keepObject(store, key, { content, signal })] += 1;
  };
  const own: Keeper = {
    written: 0,
    already: 0,
    file: (key, path) => keep(key, { path }),
    json: (key, value) => keep(key, Buffer.from(`${JSON.stringify(value, null, 2)}\n`)),
  };
  return own;
}

interface OfDataset {
  dataset: FinanceDataset;
  logicalDate: string;
  cleansed: CleansedAll;
}

async function keepRejects(
  { store, signal }: StepPorts,
  kept: Keeper,
  { dataset, logicalDate, cleansed }: OfDataset,
): Promise<void> {
  const key = rejectsKey(dataset, logicalDate);
  const { rejected, rejectsPath } = cleansed[dataset];
  if (rejected > 0) return kept.file(key, rejectsPath);
  // Of an earlier run of the day, on sources that were corrected since.
  if ((await store.head(key, { signal })) !== null) await store.delete(key, { signal });
}

async function keepClean(
  kept: Keeper,
  { dataset, logicalDate, cleansed }: OfDataset,
): Promise<{ key: string; rows: number; sha256: string }> {
  const { cleanPath, clean } = cleansed[dataset];
  const sha256 = await hashOfFile(cleanPath);
  const key = `clean/${logicalDate}/${dataset}-${sha256.slice(0, 16)}.parquet`;
  await kept.file(key, cleanPath);
  return { key, rows: clean, sha256 };
}

function tell(
  { log }: StepPorts,
  {
    kept,
    report,
    warnings,
  }: { kept: Keeper; report: TransformReport; warnings: Record<string, number> },
): void {
  log.info('transform.rejected', { ...report.counts.rejectsByReason });
  const odd = Object.entries(warnings).filter(([, count]) => count > 0);
  if (odd.length > 0) log.warn('customers.odd', Object.fromEntries(odd));
  if (kept.written === 0) log.info('transform.unchanged', { objects: kept.already });
}

function resultOf(
  { counts, customersCounts, inFlight, rules }: TransformReport,
  {
    kept,
    manifestKey,
    sources,
  }: { kept: Keeper; manifestKey: string; sources: readonly ExtractedSource[] },
): StepResult {
  const rowsRejected = counts.rejected + customersCounts.rejected;
  return {
    outputs: {
      manifest: manifestKey,
      extracted: String(counts.extracted),
      clean: String(counts.clean),
      rejected: String(counts.rejected),
      customers: String(customersCounts.clean),
      changed: String(kept.written > 0),
    },
    counts: {
      objectsRead: sources.length,
      objectsWritten: kept.written,
      objectsSkipped: kept.already,
      rowsRead: counts.extracted + customersCounts.extracted,
      rowsWritten: counts.clean + customersCounts.clean,
      rowsRejected,
      bytesRead: sources.reduce((sum, { bytes }) => sum + bytes, 0),
    },
    problems: [inFlight, rules].flatMap((report) => blockingFailures(report).map(problemOf)),
  };
}

function problemOf({ rule, summary }: { rule: string; summary: string }): Problem {
  return { object: 'transactions', message: `rule ${rule} does not hold: ${summary}` };
}
