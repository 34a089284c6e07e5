import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { duckdbEngine } from '../../services/adapters/query-engine/duckdb.ts';
import { objectRecords } from '../../services/adapters/record-store/object.ts';
import { httpSource, type HttpSourceOptions } from '../../services/adapters/source/http.ts';
import { localFiles } from '../../services/adapters/source/local-files.ts';
import { PipelineError } from '../../services/core/error.ts';
import { extract } from '../../services/pipelines/finance/extract/extract.ts';
import {
  type ExtractManifest,
  extractManifestKey,
} from '../../services/pipelines/finance/extract/extract-manifest.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import type { RunIdentity, StepPorts, StepResult } from '../../services/ports/step.ts';
import type { Warehouse } from '../../services/ports/warehouse.ts';
import { listOf, textOf } from './bytes.ts';
import { noOutside } from './no-outside.ts';
import { START } from './source-bench.ts';
import { tempFolder } from './temp-folder.ts';

export const DAY = '2026-11-20';
const RUN: RunIdentity = {
  runId: 'run-1',
  pipeline: 'finance',
  logicalDate: DAY,
  trigger: 'manual',
  system: 'local',
  actor: 'local-user',
};

export const TRANSACTIONS_HEADER =
  'transaction_id,customer_id,transaction_date,amount,merchant_id,category,status,payment_method';
export const CUSTOMERS_HEADER =
  'customer_id,customer_name,registration_date,customer_tier,email,is_active';
export const TRANSACTION =
  'TXN00000001,CUST000042,2026-11-19 14:30:00,54.60,MERCH0001,groceries,completed,credit_card';
export const CUSTOMER = 'CUST000042,Ann,2020-01-31,gold,ann@example.com,true';

export interface ExtractBenchOptions {
  http?: Partial<HttpSourceOptions>;
  sourceDatabase?: Warehouse;
  authorization?: StepPorts['settings']['sourceAuthorization'];
  /** The bucket of the pipeline; one in memory by default. */
  store?: ObjectStore;
  /** Buckets by name, for `s3://` addresses. */
  buckets?: Readonly<Record<string, ObjectStore>>;
}

/** The extract step with a bucket in memory, and what it needs of the world. */
export interface ExtractBench extends AsyncDisposable {
  store: ObjectStore;
  records: StepPorts['records'];
  /** A folder for `file:` sources. */
  folder: string;
  logged: { level: string; event: string; fields: Record<string, unknown> }[];
  run: (parameters?: Record<string, string>, more?: { day?: string }) => Promise<StepResult>;
  manifest: (day?: string) => Promise<ExtractManifest | null>;
  /** The text of an object; fails when it is not there. */
  text: (key: string) => Promise<string>;
  keys: (prefix?: string) => Promise<string[]>;
  put: (key: string, body: string | Uint8Array) => Promise<void>;
}

export async function extractBench(options: ExtractBenchOptions = {}): Promise<ExtractBench> {
  const folder = await tempFolder();
  const clock = manualClock(START, { autoAdvance: true });
  const store = options.store ?? memoryStore({ bucket: 'argosy-finance', clock });
  const records = objectRecords(store);
  const logged: ExtractBench['logged'] = [];
  const at =
    (level: string) =>
    (event: string, fields: Record<string, unknown> = {}): void =>
      void logged.push({ level, event, fields });
  const textAt = async (key: string): Promise<string> => {
    const found = textOf(await store.get(key));
    if (found === null) throw new Error(`no object ${key}`);
    return found;
  };
  const portsFor = async (parameters: Record<string, string>): Promise<StepPorts> => ({
    store,
    records,
    source: {
      ...httpSource({ allowedHosts: [], clock, random: () => 0.5, ...options.http }),
      files: localFiles({
        named: Object.values(parameters).flatMap((text) => text.split(/[\s,]+/)),
        cwd: folder.path,
      }),
    },
    openEngine: (folders) =>
      duckdbEngine({ folders, memoryBytesMax: 256 * 2 ** 20, threads: 1, connections: 1 }),
    ...noOutside,
    foreignStore: (bucket) => {
      const found = options.buckets?.[bucket];
      if (found === undefined) throw new PipelineError('config-invalid', `no bucket ${bucket}`);
      return found;
    },
    warehouse: () => Promise.reject(new PipelineError('unavailable', 'no warehouse in this test')),
    sourceDatabase: async () => {
      if (options.sourceDatabase !== undefined) return options.sourceDatabase;
      throw new PipelineError('config-invalid', 'ARGOSY_SOURCE_DATABASE is not set');
    },
    settings: { ...noOutside.settings, sourceAuthorization: options.authorization },
    clock,
    notifier: { send: async () => undefined },
    log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    scratch: await mkdtemp(join(folder.path, 'scratch-')),
    signal: new AbortController().signal,
    progress: () => undefined,
    check: () => undefined,
  });
  return {
    store,
    records,
    folder: folder.path,
    logged,
    run: async (given = {}, more = {}) => {
      const parameters = Object.fromEntries(
        extract.parameters.map((one) => [one.name, given[one.name] ?? one.default ?? '']),
      );
      return extract.run(await portsFor(parameters), parameters, {
        ...RUN,
        logicalDate: more.day ?? DAY,
      });
    },
    manifest: async (day = DAY) => {
      const bytes = await store.get(extractManifestKey(day));
      return bytes === null ? null : (JSON.parse(textOf(bytes) ?? '') as ExtractManifest);
    },
    text: textAt,
    keys: async (prefix = '') => (await listOf(store.list(prefix))).map(({ key }) => key),
    put: async (key, body) =>
      void (await store.put(key, typeof body === 'string' ? Buffer.from(body) : body)),
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}

/** A CSV of transactions: the header and these rows, or one row that is good. */
export function transactionsCsv(...rows: string[]): string {
  return csvOf(TRANSACTIONS_HEADER, rows.length === 0 ? [TRANSACTION] : rows);
}

/** A CSV of customers. */
export function customersCsv(...rows: string[]): string {
  return csvOf(CUSTOMERS_HEADER, rows.length === 0 ? [CUSTOMER] : rows);
}

function csvOf(header: string, rows: readonly string[]): string {
  return `${[header, ...rows].join('\n')}\n`;
}
