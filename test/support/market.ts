import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../services/adapters/record-store/object.ts';
import { httpSource } from '../../services/adapters/source/http.ts';
import { pgliteWarehouse } from '../../services/adapters/warehouse/pglite.ts';
import { secret } from '../../services/core/secret.ts';
import { marketData } from '../../services/pipelines/market-data/index.ts';
import type { Clock } from '../../services/ports/clock.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import type { Source } from '../../services/ports/source.ts';
import type { RunIdentity, StepPorts, StepResult } from '../../services/ports/step.ts';
import type { Warehouse } from '../../services/ports/warehouse.ts';
import { noOutside } from './no-outside.ts';
import { virtualClock } from './virtual-clock.ts';

/** A key that must be seen nowhere. */
export const CANARY = 'CANARY7Q2W9E4R1T';

/** What a test's run of market-data is done on. */
export interface MarketBench {
  store: ObjectStore;
  warehouse: Warehouse;
  clock: Clock;
  /** What was logged, as JSON lines. */
  logged: string[];
  /** What the checks have told, by name. */
  checks: Map<string, number>;
  /** Runs the steps as the workflow orders them; throws what the first step that fails has thrown, after load. */
  run(options: MarketRun): Promise<Map<string, StepResult[]>>;
  step(
    name: string,
    parameters?: Record<string, string>,
    run?: Partial<RunIdentity>,
  ): Promise<StepResult>;
  /** The rows of the fact table without what a warehouse draws by itself, in their order. */
  fact(): Promise<string[]>;
  rows(sql: string): Promise<unknown[][]>;
}

export interface MarketRun {
  date: string;
  runId?: string;
  parameters?: Record<string, string>;
  /** Leave out steps from this one on. */
  until?: 'plan' | 'extract' | 'load' | 'transform';
}

export interface MarketBenchOptions {
  /** Absent where no step needs one. */
  warehouse?: Warehouse;
  store?: ObjectStore;
  clock?: Clock;
  apiUrl?: string;
  source?: Source;
}

/** A bench with a bucket of its own in memory. */
export function marketBench(options: MarketBenchOptions): MarketBench {
  const clock = options.clock ?? virtualClock(new Date('2026-01-16T22:30:00Z'));
  const store = options.store ?? memoryStore({ bucket: 'argosy-market-data', clock });
  const { apiUrl } = options;
  const warehouse = options.warehouse ?? NO_WAREHOUSE;
  const checks = new Map<string, number>();
  const logged: string[] = [];
  const log = (event: string, fields: Record<string, unknown> = {}): void =>
    void logged.push(JSON.stringify({ event, ...fields }));
  const hosts = apiUrl === undefined ? [] : [new URL(apiUrl).host];
  const source = options.source ?? httpSource({ allowedHosts: hosts, clock, random: () => 0.5 });
  const ports: StepPorts = {
    store,
    records: objectRecords(store),
    source,
    openEngine: async () => {
      throw new Error('not for this step');
    },
    ...noOutside,
    warehouse: async () => warehouse,
    settings: { ...noOutside.settings, marketApiKey: secret(CANARY), marketSymbols: ['IBM'] },
    clock,
    notifier: { send: async () => undefined },
    log: { debug: log, info: log, warn: log, error: log },
    scratch: '/nowhere',
    signal: new AbortController().signal,
    progress: () => undefined,
    check: (name, failures) => void checks.set(name, (checks.get(name) ?? 0) + failures),
  };
  const step: MarketBench['step'] = (name, given = {}, run = {}) => {
    const found = marketData.steps.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no step ${name}`);
    const values: Record<string, string> =
      apiUrl === undefined ? given : { 'api-url': apiUrl, ...given };
    const parameters = Object.fromEntries(
      found.parameters.map((one) => [one.name, values[one.name] ?? one.default ?? '']),
    );
    return found.run(ports, parameters, { ...IDENTITY, ...run });
  };
  const rows = async (sql: string): Promise<unknown[][]> => (await warehouse.query(sql)).rows;
  return {
    store,
    warehouse,
    clock,
    logged,
    checks,
    step,
    rows,
    run: (wanted) => runSteps(step, wanted),
    fact: async () => (await rows(FACT_ROWS)).map((row) => row.join(' ')),
  };
}

const absent = (): never => {
  throw new Error('no warehouse here');
};
const NO_WAREHOUSE: Warehouse = {
  dialect: 'postgres',
  url: 'none',
  transaction: absent,
  query: absent,
  select: absent,
  read: absent,
  close: async () => undefined,
};

const IDENTITY: RunIdentity = {
  runId: 'run-1',
  pipeline: marketData.name,
  logicalDate: '2026-01-16',
  trigger: 'manual',
  system: 'local',
  actor: 'local-user',
};

const FACT_ROWS = `SELECT symbol, price_date, open_amt, high_amt, low_amt, close_amt, volume_cnt, is_final
  FROM market_data.fct_stock_prices ORDER BY symbol, price_date`;

async function runSteps(
  step: MarketBench['step'],
  { date, runId = `run-${date}`, parameters = {}, until }: MarketRun,
): Promise<Map<string, StepResult[]>> {
  const results = new Map<string, StepResult[]>();
  const identity = { runId, logicalDate: date };
  const one = async (name: string, own: Record<string, string> = {}) => {
    const result = await step(name, { ...parameters, ...own }, identity);
    results.set(name, [...(results.get(name) ?? []), result]);
    return result;
  };
  const { shards = '[]' } = (await one('plan')).outputs;
  if (until === 'plan') return results;
  let failure: unknown = null;
  for (const shard of JSON.parse(shards) as string[]) {
    try {
      await one('extract', { shard });
    } catch (error) {
      failure ??= error;
    }
  }
  const later = until === 'extract' ? [] : ['load', 'transform', 'quality'];
  for (const name of later) {
    try {
      await one(name, { shards });
    } catch (error) {
      // What went wrong first is what the run is told to have failed of.
      throw failure ?? error;
    }
    if (name === until) break;
  }
  if (failure !== null) throw failure;
  return results;
}

/** An embedded warehouse in a folder of its own; creating it takes seconds, so a file has one. */
export async function embeddedWarehouse(): Promise<{
  warehouse: Warehouse;
  remove(): Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'argosy-market-'));
  const warehouse = await pgliteWarehouse({ folder });
  return {
    warehouse,
    remove: async () => {
      await warehouse.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const SCHEMA_TABLES = [
  'fct_stock_prices',
  'stg_stock_prices',
  'stg_replies',
  'loaded_replies',
  'price_revisions',
  'dim_symbols',
];

/** Empties the tables of market-data, for the next test of a file. */
export async function emptyTables(warehouse: Warehouse): Promise<void> {
  await warehouse.transaction(async (tx) => {
    for (const table of SCHEMA_TABLES) await tx.run(`DELETE FROM market_data.${table}`);
  });
}
