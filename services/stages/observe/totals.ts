import { PipelineError } from '../../core/error.ts';
import type { RecordStore } from '../../ports/record-store.ts';
import type { Counts } from '../../ports/step.ts';
import { type CostEstimate, NO_COST, sumCosts } from './cost.ts';
import type { RunRecord, StepRecord } from './run-record.ts';

/** What all runs of a pipeline came to, so that counters grow from run to run whatever a Pushgateway forgets. */
export interface RunTotals {
  runs: { success: number; failed: number };
  counts: Partial<Counts>;
  store_calls: { method: string; outcome: string; count: number; sizeBytes?: number }[];
  cost_usd: CostEstimate;
  last_success_at: string | null;
  steps: Record<string, StepPace>;
  /** The runs counted last, so that an exit handler that is tried again counts its run once. */
  counted: string[];
  /**
   * Those that failed last, with when: they may be taken up again under their id (`argo retry`). Absent in totals of an
   * earlier version.
   */
  failed?: FailedRun[];
}

interface FailedRun {
  run_id: string;
  ended_at: string;
}

/** How long a step takes. */
export interface StepPace {
  /** Of its last good runs, the newest last. */
  durations_seconds: number[];
  /** Over those before the newest; null until there are any. */
  mean_seconds: number | null;
}

const COLLECTION = 'runs';
const DURATIONS_MAX = 20;
const COUNTED_MAX = 100;

/** The totals of a pipeline; null before its first run has ended. */
export async function readTotals(
  records: RecordStore,
  pipeline: string,
): Promise<RunTotals | null> {
  try {
    const totals = await records.get<RunTotals>(COLLECTION, pipeline);
    return totals !== null && Array.isArray(totals.counted) ? totals : null;
  } catch (error) {
    // A damaged record is begun anew: to Prometheus a counter that falls is one that was reset.
    if (error instanceof PipelineError && error.kind === 'input-invalid') return null;
    throw error;
  }
}

/**
 * Adds a run that has ended; one that is not whole (`isWholeRun`) by what it used alone. A run that failed before under
 * the same id adds what it has done since, and its success when it came to one; that it failed stays counted, for a
 * counter that falls is one that was reset. Of two runs that end in the same moment one may be missing.
 */
export async function addRun(
  records: RecordStore,
  run: RunRecord,
  { isWhole }: { isWhole: boolean },
): Promise<RunTotals> {
  const before = (await readTotals(records, run.workflow)) ?? NOTHING;
  const earlier = before.failed?.find(({ run_id: id }) => id === run.run_id);
  if (earlier === undefined && before.counted.includes(run.run_id)) return before;
  const steps = run.steps.filter(({ ended_at: end }) => !earlier || end > earlier.ended_at);
  const used = withUsage(before, steps);
  const after = isWhole ? withOutcome(used, { ...run, steps }, earlier !== undefined) : used;
  const counted = new Set([...before.counted, run.run_id]);
  const whole = { ...after, counted: [...counted].slice(-COUNTED_MAX) };
  await records.put(COLLECTION, run.workflow, whole);
  return whole;
}

function withUsage(before: RunTotals, steps: readonly StepRecord[]): RunTotals {
  const calls = steps.flatMap(({ store_calls: own = [] }) => own);
  return {
    ...before,
    counts: addedCounts([before.counts, ...steps.map(({ counts }) => counts)]),
    store_calls: addedCalls([...before.store_calls, ...calls]),
    cost_usd: sumCosts([before.cost_usd, ...steps.map(({ cost_usd: cost = NO_COST }) => cost)]),
  };
}

function withOutcome(before: RunTotals, run: RunRecord, hasFailedBefore: boolean): RunTotals {
  const { run_id: id, ended_at: endedAt } = run;
  const isSuccess = run.status === 'success';
  const others = (before.failed ?? []).filter((one) => one.run_id !== id);
  return {
    ...before,
    runs: {
      success: before.runs.success + (isSuccess ? 1 : 0),
      failed: before.runs.failed + (isSuccess || hasFailedBefore ? 0 : 1),
    },
    last_success_at: isSuccess ? endedAt : before.last_success_at,
    steps: paces(before.steps, run.steps),
    failed: isSuccess
      ? others
      : [...others, { run_id: id, ended_at: endedAt ?? '' }].slice(-COUNTED_MAX),
  };
}

const NOTHING: RunTotals = {
  runs: { success: 0, failed: 0 },
  counts: {},
  store_calls: [],
  cost_usd: NO_COST,
  last_success_at: null,
  steps: {},
  counted: [],
};

/** Counts of the same name added up. */
export function addedCounts(all: readonly Partial<Counts>[]): Partial<Counts> {
  const sums = new Map<string, number>();
  for (const [name, count] of all.flatMap((counts) => Object.entries(counts))) {
    sums.set(name, (sums.get(name) ?? 0) + count);
  }
  return Object.fromEntries(sums);
}

/** Calls of the same method and outcome added up. */
export function addedCalls(calls: RunTotals['store_calls']): RunTotals['store_calls'] {
  const sums = new Map<string, RunTotals['store_calls'][number]>();
  for (const { method, outcome, count, sizeBytes = 0 } of calls) {
    const name = `${method} ${outcome}`;
    const sum = sums.get(name) ?? { method, outcome, count: 0, sizeBytes: 0 };
    sums.set(name, {
      ...sum,
      count: sum.count + count,
      sizeBytes: (sum.sizeBytes ?? 0) + sizeBytes,
    });
  }
  return [...sums.values()];
}

function paces(before: RunTotals['steps'], steps: readonly StepRecord[]): RunTotals['steps'] {
  const after = { ...before };
  for (const name of new Set(steps.map(({ step }) => step))) {
    const own = steps.filter(({ step }) => step === name);
    const earlier = before[name]?.durations_seconds ?? [];
    const isGood = own.every(({ status }) => status === 'success');
    const longest = Math.max(...own.map((record) => record.duration_seconds));
    after[name] = {
      durations_seconds: isGood ? [...earlier, longest].slice(-DURATIONS_MAX) : earlier,
      mean_seconds:
        earlier.length === 0 ? null : earlier.reduce((sum, one) => sum + one, 0) / earlier.length,
    };
  }
  return after;
}
