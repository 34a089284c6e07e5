import { dirname } from 'node:path';
import { quoteText } from '../../../core/column.ts';
import type { QueryEngine } from '../../../ports/query-engine.ts';
import type { Problem, RunIdentity, Step, StepPorts, StepResult } from '../../../ports/step.ts';
import { sha256 } from '../../../core/manifest.ts';
import { blockingFailures, failIfBlocked, tellChecks } from '../../../stages/observe/verdict.ts';
import { registerPublished } from '../../../stages/serve/registration.ts';
import { financeDb } from '../database.ts';
import type { CleanManifest } from './clean-manifest.ts';
import { type Cleansed, cleanse, prepareCleansing } from './cleanse.ts';
import {
  type ExtractedSource,
  extractManifestKey,
  type FinanceDataset,
  ownExtractManifestKey,
  readExtractManifest,
} from '../extract/extract-manifest.ts';
import { noteReport } from '../found.ts';
import { hashOfFile, keepNewest, keepObject } from './keep-object.ts';
import { readRiskTable } from './risk-table.ts';
import { QUALITY_PARAMETERS, qualityModeOf, thresholdsOf } from '../rules.ts';
import {
  checkTransactions,
  cleaningReport,
  countsOf,
  customerWarnings,
  rejectsKey,
  type TransformReport,
} from './transform-report.ts';

const DATASETS = ['transactions', 'customers'] as const;

/**
 * Cleans, checks and scores what extract has landed (requirements 4.5 to 4.7). The same sources, day and table of risks
 * give the same bytes; what is in the store already is not written again. With `quality-mode=block` a check that fails
 * throws `quality-failed` when rejects and report are written and the manifest is not.
 */
export const transform: Step = {
  name: 'transform',
  summary: 'Clean, check and score the extracted transactions and customers',
  parameters: [
    {
      name: 'manifest',
      description: 'Key of the manifest that extract has named; empty for the newest of the day',
      default: '',
    },
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
    const inputKey = parameters['manifest'] || extractManifestKey(logicalDate);
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
        inputs: { manifest: ownExtractManifestKey(logicalDate, digest), sha256: digest },
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
  run: RunIdentity,
  { mode, report, cleansed, sources }: Conclusion,
): Promise<StepResult> {
  const { logicalDate } = run;
  const kept = keeper(ports);
  for (const dataset of DATASETS) {
    const { rejected, rejectsPath } = cleansed[dataset];
    if (rejected > 0) await kept.file(rejectsKey(dataset, report), rejectsPath);
  }
  const key = await kept.json(`clean/${logicalDate}/report`, report);
  await noteReport(ports.records, run, key);
  const reports = [report.inFlight, report.rules];
  for (const one of reports) tellChecks(ports, one);
  if (mode === 'block') failIfBlocked(reports, `${ports.store.url}/${key}`);
  const { warnings, ...found } = report;
  const parts = {
    transactions: await keepClean(kept, { dataset: 'transactions', logicalDate, cleansed }),
    customers: await keepClean(kept, { dataset: 'customers', logicalDate, cleansed }),
  };
  const manifest: CleanManifest = { ...found, ...parts, report: { ...found.report } };
  const manifestKey = await kept.json(`clean/${logicalDate}/manifest`, manifest);
  await registerPublished(ports, financeDb);
  tell(ports, { kept, report, warnings });
  return resultOf(report, { kept, keys: { manifest: manifestKey, report: key }, sources });
}

/** Counts what was written and what was there already. */
interface Keeper {
  written: number;
  already: number;
  file(key: string, path: string): Promise<void>;
  /** Under `{name}-{hash}.json`, whose key is returned, and then as the newest, under `{name}.json`. */
  json(name: string, value: unknown): Promise<string>;
}

function keeper({ store, signal }: StepPorts): Keeper {
  const own: Keeper = {
    written: 0,
    already: 0,
    file: async (key, path) => {
      own[await keepObject(store, key, { content: { path }, signal })] += 1;
    },
    json: async (name, value) => {
      const content = Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
      const key = `${name}-${sha256(content).slice(0, 16)}.json`;
      own[await keepObject(store, key, { content, signal })] += 1;
      own[await keepNewest(store, `${name}.json`, { content, signal })] += 1;
      return key;
    },
  };
  return own;
}

interface OfDataset {
  dataset: FinanceDataset;
  logicalDate: string;
  cleansed: CleansedAll;
}

async function keepClean(
  kept: Keeper,
  { dataset, logicalDate, cleansed }: OfDataset,
): Promise<{ key: string; rows: number; sha256: string }> {
  const { cleanPath, clean } = cleansed[dataset];
  const hash = await hashOfFile(cleanPath);
  const key = `clean/${logicalDate}/${dataset}-${hash.slice(0, 16)}.parquet`;
  await kept.file(key, cleanPath);
  return { key, rows: clean, sha256: hash };
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
    keys,
    sources,
  }: {
    kept: Keeper;
    keys: { manifest: string; report: string };
    sources: readonly ExtractedSource[];
  },
): StepResult {
  const rowsRejected = counts.rejected + customersCounts.rejected;
  return {
    outputs: {
      ...keys,
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
