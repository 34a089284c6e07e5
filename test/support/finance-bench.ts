import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../services/adapters/record-store/object.ts';
import { sha256 } from '../../services/core/manifest.ts';
import {
  encodeExtractManifest,
  type ExtractedSource,
  extractManifestKey,
  type FinanceDataset,
} from '../../services/pipelines/finance/extract/extract-manifest.ts';
import { rejectsKey } from '../../services/pipelines/finance/clean/transform-report.ts';
import { transform } from '../../services/pipelines/finance/clean/transform.ts';
import { makeFinanceSample } from '../../services/sample/finance.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import type { QueryEngine } from '../../services/ports/query-engine.ts';
import type { RunIdentity, StepPorts, StepResult } from '../../services/ports/step.ts';
import { collect, textOf } from './bytes.ts';
import { noOutside } from './no-outside.ts';
import { openOwnEngine, sharedEngine } from './pipeline.ts';
import { tempFolder } from './temp-folder.ts';

export const DAY = '2026-11-20';
const START = new Date('2026-11-21T02:00:00Z');

export const TRANSACTION_HEADER =
  'transaction_id,customer_id,transaction_date,amount,merchant_id,category,status,payment_method';
export const CUSTOMER_HEADER =
  'customer_id,customer_name,registration_date,customer_tier,email,is_active';

/** A CSV text as extract lands it. */
export interface Landed {
  dataset: FinanceDataset;
  text: string;
  rows: number;
}

export interface Reject {
  object: string;
  line: number;
  rule: string;
  values: Record<string, string | null>;
}

/** A bucket of finance with landed sources, and the step transform over it. */
export interface FinanceBench {
  store: ObjectStore;
  /** What was logged, as one text. */
  logged: () => string;
  checks: Map<string, number>;
  /** Lands CSV texts and the manifest of extract. */
  land(sources: readonly Landed[]): Promise<ExtractedSource[]>;
  /** Runs transform; `over` stands before the bucket. Throws what the step throws. */
  run(parameters?: Record<string, string>, over?: ObjectStore): Promise<StepResult>;
  json<T>(key: string): Promise<T>;
  rejects(dataset?: FinanceDataset): Promise<Reject[]>;
  /** The clean rows by column, all values as the engine prints them. */
  clean(dataset?: FinanceDataset): Promise<Record<string, string | null>[]>;
  /** Every key with the hash of its bytes. */
  digest(): Promise<Map<string, string>>;
}

/** A row of transactions from fields that matter to a test; the others are those of a good row. */
export function transactionLine(fields: Partial<Record<string, string>> = {}): string {
  const good: Record<string, string> = {
    transaction_id: 'TXN00000001',
    customer_id: 'CUST000042',
    transaction_date: '2026-11-17 14:30:00',
    amount: '54.60',
    merchant_id: 'MERCH0001',
    category: 'groceries',
    status: 'completed',
    payment_method: 'credit_card',
  };
  return TRANSACTION_HEADER.split(',')
    .map((name) => csvCell(fields[name] ?? good[name] ?? ''))
    .join(',');
}

/** A cell, in quotes where the marks of CSV are in it. */
export function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Landed transactions of these lines. */
export function transactionsOf(lines: readonly string[]): Landed {
  const text = `${[TRANSACTION_HEADER, ...lines].join('\n')}\n`;
  return { dataset: 'transactions', text, rows: lines.length };
}

export function customersOf(lines: readonly string[]): Landed {
  return {
    dataset: 'customers',
    text: `${[CUSTOMER_HEADER, ...lines].join('\n')}\n`,
    rows: lines.length,
  };
}

/** An engine that the benches of a test file share, for opening one takes as long as a small run. */
export interface FinanceWorkshop extends AsyncDisposable {
  bench(): FinanceBench;
}

export async function financeWorkshop(): Promise<FinanceWorkshop> {
  const folder = await tempFolder();
  const engine = await sharedEngine(folder.path);
  return {
    bench: () => financeBench(folder.path, engine.openEngine),
    [Symbol.asyncDispose]: async () => {
      await engine.close();
      await folder.remove();
    },
  };
}

/** A bench that works below `folder`; its engine is like that of the CLI unless another is given. */
export function financeBench(
  folder: string,
  openEngine: StepPorts['openEngine'] = openOwnEngine,
): FinanceBench {
  const store = memoryStore({ bucket: 'argosy-finance', clock: manualClock(START) });
  const lines: string[] = [];
  const checks = new Map<string, number>();
  const bench: FinanceBench = {
    store,
    checks,
    logged: () => lines.join('\n'),
    land: (sources) => land(store, sources),
    run: async (parameters = {}, over = store) => {
      const scratch = await mkdtemp(join(folder, 'step-'));
      checks.clear();
      try {
        return await transform.run(
          portsOf(over, { scratch, lines, checks, openEngine }),
          withDefaults(parameters),
          RUN,
        );
      } finally {
        await rm(scratch, { recursive: true });
      }
    },
    json: async (key) => JSON.parse(textOf(await store.get(key)) ?? 'null'),
    rejects: async (dataset = 'transactions') => {
      const bytes = await store.get(extractManifestKey(DAY));
      const inputs = { sha256: sha256(bytes ?? '') };
      const text = textOf(await store.get(rejectsKey(dataset, { logicalDate: DAY, inputs }))) ?? '';
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Reject);
    },
    clean: async (dataset = 'transactions') => {
      const manifest = await bench.json<Record<string, { key: string }>>(
        `clean/${DAY}/manifest.json`,
      );
      const bytes = await collect(await store.open(manifest[dataset]!.key));
      const path = join(folder, 'clean.parquet');
      await writeFile(path, bytes);
      const engine = await openEngine([folder]);
      try {
        return await textRows(engine, path);
      } finally {
        await engine.close();
      }
    },
    digest: async () => {
      const all = new Map<string, string>();
      for await (const { key } of store.list(''))
        all.set(key, sha256((await store.get(key)) ?? ''));
      return all;
    },
  };
  return bench;
}

const RUN: RunIdentity = {
  runId: 'run-1',
  pipeline: 'finance',
  logicalDate: DAY,
  trigger: 'manual',
  system: 'local',
  actor: 'local-user',
};

/** The rows of a Parquet file, every value as text. */
export async function textRows(
  engine: QueryEngine,
  path: string,
): Promise<Record<string, string | null>[]> {
  const { columns, rows } = await engine.query(
    `SELECT CAST(COLUMNS(*) AS VARCHAR) FROM read_parquet('${path}')`,
  );
  return rows.map((row) =>
    Object.fromEntries(
      columns.map(({ name }, at) => [name, row[at] === null ? null : String(row[at])]),
    ),
  );
}

/** A sample whose defects are few enough for every check. */
export function sampleOf(transactions: number, customers: number): Landed[] {
  const made = makeFinanceSample({ seed: 42, transactions, customers, lastDay: DAY });
  const landed = (dataset: Landed['dataset'], bytes: Uint8Array, rows: number): Landed => ({
    dataset,
    text: Buffer.from(bytes).toString(),
    rows,
  });
  const late = Math.floor((customers + 500) / 1000);
  return [
    landed('transactions', made.transactionsCsv, transactions),
    landed('customers', made.customersCsv, customers - late + 5),
  ];
}

export async function land(
  store: ObjectStore,
  sources: readonly Landed[],
): Promise<ExtractedSource[]> {
  const landed: ExtractedSource[] = [];
  for (const [number, { dataset, text, rows }] of sources.entries()) {
    const bytes = Buffer.from(text);
    const key = `extracted/${DAY}/raw_${dataset}_20261120_000000_${number}.csv`;
    await store.put(key, bytes);
    const columns = text.slice(0, text.indexOf('\n')).replace('\r', '').split(',');
    landed.push({
      dataset,
      address: key,
      key,
      format: 'csv',
      columns,
      rows,
      bytes: bytes.length,
      sha256: sha256(bytes),
      reportedTotal: null,
      watermark: null,
    });
  }
  await store.put(
    extractManifestKey(DAY),
    encodeExtractManifest({ logicalDate: DAY, sources: landed }),
  );
  return landed;
}

function withDefaults(given: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    transform.parameters.map((one) => [one.name, given[one.name] ?? one.default ?? '']),
  );
}

function portsOf(
  store: ObjectStore,
  {
    scratch,
    lines,
    checks,
    openEngine,
  }: {
    scratch: string;
    lines: string[];
    checks: Map<string, number>;
    openEngine: StepPorts['openEngine'];
  },
): StepPorts {
  const log = (event: string, fields: Record<string, unknown> = {}): void =>
    void lines.push(`${event} ${JSON.stringify(fields)}`);
  return {
    store,
    records: objectRecords(store),
    source: {
      fetch: async () => {
        throw new Error('not for this step');
      },
    },
    openEngine,
    ...noOutside,
    clock: manualClock(START),
    notifier: { send: async () => undefined },
    log: { debug: log, info: log, warn: log, error: log },
    scratch,
    signal: new AbortController().signal,
    progress: () => undefined,
    check: (name, failures) => void checks.set(name, (checks.get(name) ?? 0) + failures),
  };
}
