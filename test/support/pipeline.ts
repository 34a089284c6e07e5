import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { duckdbEngine } from '../../services/adapters/query-engine/duckdb.ts';
import { objectRecords } from '../../services/adapters/record-store/object.ts';
import { toPipelineError } from '../../services/core/error.ts';
import { famaFrench } from '../../services/pipelines/fama-french/index.ts';
import type { Clock } from '../../services/ports/clock.ts';
import type { Notice } from '../../services/ports/notifier.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import type { Source } from '../../services/ports/source.ts';
import type { RunIdentity, StepPorts, StepResult } from '../../services/ports/step.ts';
import {
  recordRunStart,
  recordStep,
  type RunRecord,
  runCollection,
} from '../../services/stages/observe/run-record.ts';
import { noOutside } from './no-outside.ts';

/** The moment at which the clock of every run stands. */
export const START = new Date('2026-11-21T12:00:00Z');

/** What a run of fama-french is done on. */
export interface Bench {
  store: ObjectStore;
  source: Source;
  pageUrl: string;
  openEngine: StepPorts['openEngine'];
  /** A folder below which each step gets its scratch folder. */
  folder: string;
  clock?: Clock;
  signal?: AbortSignal;
}

export interface RunOptions {
  runId?: string;
  /** 2026-11-21 by default. */
  logicalDate?: string;
  /** Of any step, by name. */
  parameters?: Readonly<Record<string, string>>;
  /** `manual` by default. */
  trigger?: RunIdentity['trigger'];
}

export interface RunOutcome {
  /** What ended the run, or its exit handler; null after a good run. */
  error: unknown;
  /** By step; transform has one a shard. */
  results: Map<string, StepResult[]>;
  notices: Notice[];
  /** Failures by check. */
  checks: Map<string, number>;
  logged: { level: string; event: string; fields: Record<string, unknown> }[];
}

interface Run extends Omit<RunOutcome, 'error'> {
  bench: Bench;
  identity: RunIdentity;
  parameters: Readonly<Record<string, string>>;
}

/**
 * Runs the steps as workflows/fama-french.yaml orders them, each with its step record, then the exit handler. Never
 * throws for what a step throws: the outcome tells it.
 */
export async function runPipeline(bench: Bench, options: RunOptions = {}): Promise<RunOutcome> {
  const identity: RunIdentity = {
    runId: options.runId ?? 'run-1',
    pipeline: famaFrench.name,
    logicalDate: options.logicalDate ?? '2026-11-21',
    trigger: options.trigger ?? 'manual',
    system: 'local',
    actor: 'local-user',
  };
  const parameters = { 'archive-url': bench.pageUrl, ...options.parameters };
  const told = { results: new Map(), notices: [], checks: new Map(), logged: [] };
  const run: Run = { bench, identity, parameters, ...told };
  const failure = await caught(() => mainSteps(run));
  const status = failure === null ? 'Succeeded' : 'Failed';
  const exitFailure = await caught(() => runStep(run, 'exit', { status }));
  const { results, notices, checks, logged } = run;
  return { error: failure ?? exitFailure, results, notices, checks, logged };
}

/** A run that must end well; throws what ended it when it did not. */
export async function goodRun(bench: Bench, options: RunOptions = {}): Promise<RunOutcome> {
  const outcome = await runPipeline(bench, options);
  if (outcome.error !== null) throw outcome.error;
  return outcome;
}

/** What a run left behind; fails when there is nothing. */
export async function recordOf(store: ObjectStore, runId = 'run-1'): Promise<RunRecord> {
  const records = objectRecords(store);
  const record = await records.get<RunRecord>(runCollection(famaFrench.name), runId);
  if (record === null) throw new Error(`run ${runId} has no record`);
  return record;
}

/** The only result of a step that ran once. */
export function resultOf({ results }: RunOutcome, step: string): StepResult {
  const [first, ...more] = results.get(step) ?? [];
  if (first === undefined || more.length > 0) throw new Error(`${step} did not run once`);
  return first;
}

async function caught(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
    return null;
  } catch (error) {
    return error;
  }
}

async function mainSteps(run: Run): Promise<void> {
  const isFetching = run.parameters['fetch'] !== 'false';
  const fetched = isFetching ? await runStep(run, 'fetch') : null;
  let isBehind = true;
  if (fetched?.outputs['pending'] !== '0' && run.parameters['dry-run'] !== 'true') {
    const extracted = await runStep(run, 'extract');
    for (const shard of JSON.parse(extracted.outputs['shards'] ?? '[]') as string[]) {
      await runStep(run, 'transform', { shard });
    }
    isBehind = isFetching || extracted.outputs['behind'] === 'true';
  }
  if (run.parameters['dry-run'] === 'true' || !isBehind) return;
  await runStep(run, 'catalogue');
  await runStep(run, 'tables');
}

async function runStep(
  run: Run,
  name: string,
  given: Record<string, string> = {},
): Promise<StepResult> {
  const { bench, identity } = run;
  const step = famaFrench.steps.find((one) => one.name === name);
  if (!step) throw new Error(`no step ${name}`);
  const values = { ...run.parameters, ...given };
  const parameters = Object.fromEntries(
    step.parameters.map((one) => [one.name, values[one.name] ?? one.default ?? '']),
  );
  const scratch = await mkdtemp(join(bench.folder, `${name}-`));
  const ports = portsOf(run, scratch);
  const record = (result: StepResult | null, error: unknown) =>
    recordStep(ports.records, identity, stepRecord({ name, parameters, result, error }));
  try {
    await recordRunStart(ports.records, identity, START);
    const result = await step.run(ports, parameters, identity);
    run.results.set(name, [...(run.results.get(name) ?? []), result]);
    if (name !== 'exit') await record(result, null);
    return result;
  } catch (error) {
    // As the host does: the failure of the step is the one to tell, not that of its record.
    await record(null, error).catch(() => undefined);
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function stepRecord(of: {
  name: string;
  parameters: Record<string, string>;
  result: StepResult | null;
  error: unknown;
}): Parameters<typeof recordStep>[2] {
  const error = of.error === null ? null : toPipelineError(of.error);
  return {
    step: of.name,
    parameters: of.parameters,
    attempt: 0,
    status: error ? 'failed' : 'success',
    started_at: START.toISOString(),
    ended_at: START.toISOString(),
    duration_seconds: 0,
    counts: of.result?.counts ?? {},
    outputs: of.result?.outputs ?? {},
    problems: of.result?.problems ?? [],
    error_class: error?.kind ?? null,
    error_message: error?.message ?? null,
    error_hint: error?.hint ?? null,
  };
}

function portsOf({ bench, notices, logged, checks }: Run, scratch: string): StepPorts {
  const at =
    (level: string) =>
    (event: string, fields: Record<string, unknown> = {}) => {
      logged.push({ level, event, fields });
    };
  return {
    store: bench.store,
    records: objectRecords(bench.store),
    source: bench.source,
    openEngine: bench.openEngine,
    ...noOutside,
    clock: bench.clock ?? manualClock(START),
    notifier: {
      send: async (notice) => {
        notices.push(notice);
      },
    },
    log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    scratch,
    signal: bench.signal ?? new AbortController().signal,
    progress: () => undefined,
    check: (name, failures) => void checks.set(name, (checks.get(name) ?? 0) + failures),
  };
}

const ENGINE_BYTES_MAX = 256 * 2 ** 20;

/** Opens an engine for each call, as the CLI does. */
export const openOwnEngine: StepPorts['openEngine'] = (folders) =>
  duckdbEngine({ folders, memoryBytesMax: ENGINE_BYTES_MAX, threads: 1, connections: 4 });

/**
 * One DuckDB that steps borrow one after the other: opening one takes longer than the rest of a small run. It may
 * read and write below `folder`; what a borrower made is gone when he closes it.
 */
export async function sharedEngine(
  folder: string,
): Promise<{ openEngine: StepPorts['openEngine']; close: () => Promise<void> }> {
  const options = { memoryBytesMax: ENGINE_BYTES_MAX, threads: 1, connections: 1 };
  const engine = await duckdbEngine({ ...options, folders: [folder] });
  const clean = 'USE main; DROP SCHEMA IF EXISTS dartmouth_db CASCADE; DROP TABLE IF EXISTS map';
  let isLent = false;
  return {
    openEngine: async (folders) => {
      const outside = folders.find((one) => !one.startsWith(folder));
      if (isLent || outside !== undefined) throw new Error(`engine is lent, or asked ${outside}`);
      isLent = true;
      const close = async (): Promise<void> => {
        await engine.run(clean);
        isLent = false;
      };
      return { ...engine, close };
    },
    close: () => engine.close(),
  };
}

const TELLS_OF_ONE_RUN = /^(?:_records\/(?:runs|steps|catalogue)\/|logs\/)/;

/**
 * sha256 by key of all objects but those that tell of one run: run records, plans, log CSVs; and but what the
 * catalogue keeps of etags, which a store may draw from the time of a write.
 */
export async function contentOf(store: ObjectStore): Promise<Map<string, string>> {
  const content = new Map<string, string>();
  for await (const { key } of store.list('')) {
    if (TELLS_OF_ONE_RUN.test(key)) continue;
    const bytes = await store.get(key);
    content.set(key, bytes === null ? 'gone' : createHash('sha256').update(bytes).digest('hex'));
  }
  return content;
}

/** Copies every object of a store into an empty one. */
export async function copyStore(from: ObjectStore, to: ObjectStore): Promise<ObjectStore> {
  for await (const { key } of from.list(''))
    await to.put(key, (await from.get(key)) ?? Buffer.of());
  return to;
}

/** One hash over every key and its bytes, as `contentOf` sees them. */
export async function digestOf(store: ObjectStore): Promise<string> {
  const content = JSON.stringify([...(await contentOf(store))]);
  return createHash('sha256').update(content).digest('hex');
}
