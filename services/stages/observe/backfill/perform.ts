import pLimit from 'p-limit';
import { type PipelineError, toPipelineError } from '../../../core/error.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { ObjectStore } from '../../../ports/object-store.ts';
import type { BackfillPlan, BackfillUnit } from './plan.ts';
import {
  countUnits,
  keepUnit,
  type PlanCounts,
  readProgress,
  type UnitRecord,
} from './progress.ts';

/** How a run of a plan ended. */
export interface UnitEnd {
  /** Null after a good run. */
  error: PipelineError | null;
  rows: number | null;
  costUsd: number | null;
}

/** Runs workflows for a plan: on this machine, or in a cluster. */
export interface UnitRunner {
  /** Runs it to its end. Never throws for what the run throws. */
  run(unit: BackfillUnit, call: { runId: string; signal: AbortSignal }): Promise<UnitEnd>;
  /** How a run ended of which only the beginning was noted; null when nothing tells, or it never began. */
  endOf(unit: BackfillUnit, runId: string, signal: AbortSignal): Promise<UnitEnd | null>;
}

export interface PerformOptions {
  store: ObjectStore;
  clock: Clock;
  runner: UnitRunner;
  /** Runs at a time. */
  concurrency: number;
  /** True: the first failure is the last run that begins. */
  isFailFast: boolean;
  signal: AbortSignal;
  onEvent(event: BackfillEvent): void;
}

export type BackfillEvent =
  | { type: 'started'; unit: BackfillUnit; runId: string }
  | { type: 'ended'; unit: BackfillUnit; record: UnitRecord; durationMs: number }
  /** Its run had ended well before, and only the note of it was missing. */
  | { type: 'found-done'; unit: BackfillUnit; record: UnitRecord };

/** How a plan stands after it was performed. */
export interface Performed {
  counts: PlanCounts;
  /** The first failure in the order of the plan; null without one. */
  failure: UnitRecord | null;
}

/**
 * Does what a plan has left to do: runs that are done are not run again, whatever has killed whoever ran them. A run that
 * fails does not stop the others. Throws when the records of the plan cannot be kept; what was done until then is found
 * by the next who performs it.
 */
export async function performPlan(plan: BackfillPlan, options: PerformOptions): Promise<Performed> {
  const { store, signal } = options;
  const progress = await readProgress(store, plan, { signal });
  const stop = new AbortController();
  const limit = pLimit(options.concurrency);
  const work = { plan, progress, options, stop };
  const runs = plan.units.map((unit) => limit(() => performUnit(unit, work)));
  const ends = await Promise.allSettled(runs);
  const broken = ends.find((end) => end.status === 'rejected');
  if (broken !== undefined) throw broken.reason;
  signal.throwIfAborted();
  const failed = plan.units.find(({ work: name }) => progress.get(name)?.state === 'failed');
  const failure = failed === undefined ? null : (progress.get(failed.work) ?? null);
  return { counts: countUnits(plan, progress), failure };
}

interface Work {
  plan: BackfillPlan;
  progress: Map<string, UnitRecord>;
  options: PerformOptions;
  /** Aborted: nothing more begins. */
  stop: AbortController;
}

async function performUnit(unit: BackfillUnit, work: Work): Promise<void> {
  const { progress, options, stop } = work;
  if (stop.signal.aborted || options.signal.aborted) return;
  const known = progress.get(unit.work);
  if (known?.state === 'done') return;
  try {
    const attempt = await nextAttempt(unit, known, work);
    if (attempt === null) return;
    const record = await runUnit(unit, attempt, work);
    if (record.state === 'failed' && options.isFailFast) stop.abort();
  } catch (error) {
    // Without its records a plan does not add up: nothing more begins.
    stop.abort();
    throw error;
  }
}

/** The number of the try to make; null when a run was found to have ended well. */
async function nextAttempt(
  unit: BackfillUnit,
  known: UnitRecord | undefined,
  work: Work,
): Promise<number | null> {
  if (known === undefined) return 1;
  if (known.state === 'failed') return known.attempt + 1;
  const { options } = work;
  const end = await options.runner.endOf(unit, known.runId, options.signal);
  if (end === null) return known.attempt;
  if (end.error !== null) return known.attempt + 1;
  const record = await settle(unit, known, { end, work });
  options.onEvent({ type: 'found-done', unit, record });
  return null;
}

async function runUnit(unit: BackfillUnit, attempt: number, work: Work): Promise<UnitRecord> {
  const { plan, progress, options } = work;
  const { clock, signal, store } = options;
  const runId = attempt === 1 ? unit.runId : `${unit.runId}-${attempt}`;
  const startedAt = clock.now();
  const begun: UnitRecord = {
    work: unit.work,
    state: 'running',
    runId,
    attempt,
    startedAt: startedAt.toISOString(),
    endedAt: null,
    error: null,
    rows: null,
    costUsd: null,
  };
  await keepUnit(store, plan, { record: begun, signal });
  progress.set(unit.work, begun);
  options.onEvent({ type: 'started', unit, runId });
  const end = await options.runner.run(unit, { runId, signal }).catch((thrown: unknown) => ({
    error: toPipelineError(thrown),
    rows: null,
    costUsd: null,
  }));
  // A run that was told to stop has not failed: the next one who performs the plan goes on with it.
  if (signal.aborted && end.error !== null) return begun;
  const record = await settle(unit, begun, { end, work });
  const durationMs = clock.now().getTime() - startedAt.getTime();
  options.onEvent({ type: 'ended', unit, record, durationMs });
  return record;
}

async function settle(
  unit: BackfillUnit,
  begun: UnitRecord,
  { end, work }: { end: UnitEnd; work: Work },
): Promise<UnitRecord> {
  const { plan, progress, options } = work;
  const { error, rows, costUsd } = end;
  const record: UnitRecord = {
    ...begun,
    state: error === null ? 'done' : 'failed',
    endedAt: options.clock.now().toISOString(),
    error: error && {
      kind: error.kind,
      message: error.message,
      ...(error.hint ? { hint: error.hint } : {}),
    },
    rows,
    costUsd,
  };
  // Also when it was told to stop: what is done is done.
  await keepUnit(options.store, plan, { record });
  progress.set(unit.work, record);
  return record;
}
