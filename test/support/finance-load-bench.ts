import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../services/adapters/record-store/object.ts';
import { toPipelineError } from '../../services/core/error.ts';
import { finance } from '../../services/pipelines/finance/index.ts';
import { FINANCE_SCHEMA } from '../../services/pipelines/finance/load/migrations.ts';
import type { Notice } from '../../services/ports/notifier.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import type { Cell } from '../../services/ports/query-engine.ts';
import type { RunIdentity, StepPorts, StepResult } from '../../services/ports/step.ts';
import type { Warehouse } from '../../services/ports/warehouse.ts';
import {
  recordRunStart,
  recordStep,
  type RunRecord,
} from '../../services/stages/observe/run-record.ts';
import { migrate } from '../../services/stages/serve/migrate.ts';
import { type CleanDay, putCleanDay } from './clean-day.ts';
import { noOutside } from './no-outside.ts';

export const DAY = '2026-01-31';
const START = new Date('2026-02-01T02:00:00Z');

/** What `loadBench` works on. */
export interface LoadBenchOptions {
  warehouse: Warehouse;
  openEngine: StepPorts['openEngine'];
  /** A folder below which each step gets its scratch folder, and that the engine may use. */
  folder: string;
}

/** A bucket of finance in memory and a warehouse, and what tests ask of them. */
export interface LoadBench extends Pick<LoadBenchOptions, 'warehouse'> {
  store: ObjectStore;
  clock: ReturnType<typeof manualClock>;
  notices: Notice[];
  /** Log events of steps, with their level. */
  logged: { level: string; event: string; fields: Record<string, unknown> }[];
  /** Failures by check. */
  checks: Map<string, number>;
  /** Puts what transform would leave for a day; `DAY` unless another is named. */
  putDay(day: Partial<CleanDay>): Promise<void>;
  /** Runs a step as its host does, with its record; throws what it throws. */
  step(name: string, given?: StepGiven): Promise<StepResult>;
  /** All rows of a SELECT. */
  rows(sql: string, values?: readonly Cell[]): Promise<Cell[][]>;
  record(runId?: string): Promise<RunRecord>;
}

export interface StepGiven {
  parameters?: Record<string, string>;
  runId?: string;
  logicalDate?: string;
  /** In place of the bench's own, such as one that fails. */
  store?: ObjectStore;
  warehouse?: () => Promise<Warehouse>;
}

/** A bench of its own for each test. */
export type MakeBench = () => Promise<LoadBench>;

/** Makes an empty bucket, and the warehouse's tables as empty as after the first migration. */
export async function loadBench(options: LoadBenchOptions): Promise<LoadBench> {
  const { warehouse } = options;
  await emptyWarehouse(warehouse);
  const clock = manualClock(START);
  const store = memoryStore({ bucket: 'argosy-finance', clock });
  const told = { notices: [], logged: [], checks: new Map<string, number>() };
  const place: Place = { ...options, ...told, store, clock };
  return {
    ...told,
    store,
    warehouse,
    clock,
    putDay: (day) =>
      putCleanDay(place, { logicalDate: DAY, customers: [], transactions: [], ...day }),
    step: (name, given = {}) => runStep(place, name, given),
    rows: async (sql, values = []) => (await warehouse.query(sql, values)).rows,
    record: async (runId = 'run-1') => {
      const record = await objectRecords(store).get<RunRecord>('runs/finance', runId);
      if (record === null) throw new Error(`run ${runId} has no record`);
      return record;
    },
  };
}

/** Migrates, and takes every row away. */
export async function emptyWarehouse(warehouse: Warehouse): Promise<void> {
  await migrate(warehouse, FINANCE_SCHEMA);
  await warehouse.transaction((tx) =>
    tx.run(`TRUNCATE fact_transactions, dim_customers, held_transactions, etl_audit_log,
              argosy.audit_run, argosy.load_log, argosy.redelivered RESTART IDENTITY CASCADE`),
  );
}

interface Place
  extends LoadBenchOptions, Pick<LoadBench, 'store' | 'clock' | 'notices' | 'logged' | 'checks'> {}

async function runStep(place: Place, name: string, given: StepGiven): Promise<StepResult> {
  const step = finance.steps.find((one) => one.name === name);
  if (step === undefined) throw new Error(`no step ${name}`);
  const run: RunIdentity = {
    runId: given.runId ?? 'run-1',
    pipeline: 'finance',
    logicalDate: given.logicalDate ?? DAY,
    trigger: 'manual',
    system: 'local',
    actor: 'local-user',
  };
  const parameters = Object.fromEntries(
    step.parameters.map((one) => [one.name, given.parameters?.[one.name] ?? one.default ?? '']),
  );
  const scratch = await mkdtemp(join(place.folder, `${name}-`));
  const checks = new Map<string, number>();
  const ports = portsOf({ ...place, store: given.store ?? place.store, checks }, scratch, given);
  const keep = (result: StepResult | null, error: unknown) =>
    recordStep(ports.records, run, stepRecord({ name, parameters, result, error, checks }, place));
  try {
    if (name !== 'exit') await recordRunStart(ports.records, run, place.clock.now());
    const result = await step.run(ports, parameters, run);
    if (name !== 'exit') await keep(result, null);
    return result;
  } catch (error) {
    // As the host does: the failure of the step is the one to tell, not that of its record.
    await keep(null, error).catch(() => undefined);
    throw error;
  } finally {
    for (const [check, failures] of checks) place.checks.set(check, failures);
    await rm(scratch, { recursive: true, force: true });
  }
}

interface Ended {
  name: string;
  parameters: Record<string, string>;
  result: StepResult | null;
  error: unknown;
  checks: ReadonlyMap<string, number>;
}

function stepRecord(of: Ended, { clock }: Place): Parameters<typeof recordStep>[2] {
  const error = of.error === null ? null : toPipelineError(of.error);
  const now = clock.now().toISOString();
  return {
    step: of.name,
    parameters: of.parameters,
    attempt: 0,
    status: error ? 'failed' : 'success',
    started_at: now,
    ended_at: now,
    duration_seconds: 0,
    counts: of.result?.counts ?? {},
    outputs: of.result?.outputs ?? {},
    problems: of.result?.problems ?? [],
    error_class: error?.kind ?? null,
    error_message: error?.message ?? null,
    error_hint: error?.hint ?? null,
    checks: Object.fromEntries(of.checks),
  };
}

function portsOf(place: Place, scratch: string, given: StepGiven): StepPorts {
  const { store, clock, notices, logged, checks } = place;
  const at =
    (level: string) =>
    (event: string, fields: Record<string, unknown> = {}) =>
      void logged.push({ level, event, fields });
  return {
    store,
    records: objectRecords(store),
    source: {
      fetch: async () => {
        throw new Error('not for this step');
      },
    },
    openEngine: place.openEngine,
    ...noOutside,
    warehouse: given.warehouse ?? (async () => place.warehouse),
    clock,
    notifier: { send: async (notice) => void notices.push(notice) },
    log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    scratch,
    signal: new AbortController().signal,
    progress: () => undefined,
    check: (name, failures) => void checks.set(name, (checks.get(name) ?? 0) + failures),
  };
}

export interface SourceRows {
  transactions: number;
  /** How many of them have no amount. */
  rejected?: number;
  /** How many of them are of a customer that is not there. */
  late?: number;
}

/** Puts one CSV of transactions and one of customers where extract looks for them. */
export async function putSources(
  { store }: Pick<LoadBench, 'store'>,
  { transactions, rejected = 0, late = 0 }: SourceRows,
): Promise<void> {
  const two = (number: number): string => String(number).padStart(2, '0');
  const lines = Array.from({ length: transactions }, (_, at) => {
    const id = `TXN${String(at + 1).padStart(8, '0')}`;
    const customer = at >= transactions - late ? 'CUST999999' : `CUST00000${at % 5}`;
    const amount = at < rejected ? '' : `${(at % 90) + 1}.25`;
    const date = `2026-01-${two((at % 30) + 1)} 1${at % 10}:30:00`;
    return `${id},${customer},${date},${amount},MERCH0001,groceries,completed,cash`;
  });
  const head =
    'transaction_id,customer_id,transaction_date,amount,merchant_id,category,status,payment_method';
  await store.put('inbox/transactions/t.csv', Buffer.from(`${[head, ...lines].join('\n')}\n`));
  const customers = Array.from(
    { length: 5 },
    (_, at) => `CUST00000${at},Name ${at},2020-01-01 00:00:00,gold,c${at}@example.com,true`,
  );
  const customerHead = 'customer_id,customer_name,registration_date,customer_tier,email,is_active';
  await store.put(
    'inbox/customers/c.csv',
    Buffer.from(`${[customerHead, ...customers].join('\n')}\n`),
  );
}

export interface FinanceRun extends StepGiven {
  /** In place of the bench's warehouse, by step. */
  warehouseOf?: Partial<Record<string, () => Promise<Warehouse>>>;
  /** How long the steps take together, by the bench's clock. */
  durationMs?: number;
}

/** Runs the batch as workflows/finance.yaml orders it, without the exit handler; throws what a step throws. */
export async function runBatch(bench: LoadBench, run: FinanceRun = {}): Promise<void> {
  const step = stepper(bench, run);
  for (const next of batchOf(step, {
    beforeQuality: () => bench.clock.advance(run.durationMs ?? 0),
  }))
    await next();
}

/** The steps of a batch one by one, each handed what the workflow hands it; to be run in this order. */
export function batchSteps(bench: LoadBench, run: FinanceRun = {}): (() => Promise<void>)[] {
  return batchOf(stepper(bench, run));
}

function batchOf(
  step: ReturnType<typeof stepper>,
  { beforeQuality = async () => undefined }: { beforeQuality?: () => Promise<void> } = {},
): (() => Promise<void>)[] {
  let [manifest, clean] = ['', ''];
  const keyOf = ({ outputs }: StepResult): string => outputs['manifest'] ?? '';
  return [
    async () => void (manifest = keyOf(await step('extract'))),
    async () => void (clean = keyOf(await step('transform', { manifest }))),
    async () => void (await step('load', { clean })),
    async () => {
      await beforeQuality();
      await step('quality', { clean });
    },
  ];
}

/** The same and then the exit handler. Returns what ended the batch, null for a good one. */
export async function runFinance(bench: LoadBench, run: FinanceRun = {}): Promise<unknown> {
  const failure = await runBatch(bench, run).then(
    () => null,
    (error: unknown) => error,
  );
  await stepper(bench, run)('exit', { status: failure === null ? 'Succeeded' : 'Failed' });
  return failure;
}

function stepper(bench: LoadBench, run: FinanceRun) {
  const { warehouseOf = {}, parameters = {}, durationMs: _, ...given } = run;
  return (name: string, own: Record<string, string> = {}): Promise<StepResult> => {
    const warehouse = warehouseOf[name] ?? given.warehouse;
    return bench.step(name, {
      ...given,
      parameters: { ...parameters, ...own },
      ...(warehouse === undefined ? {} : { warehouse }),
    });
  };
}
