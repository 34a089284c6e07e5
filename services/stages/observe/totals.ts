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

/** Adds a run that has ended. Of two runs that end in the same moment one may be missing from the totals. */
export async function addRun(records: RecordStore, run: RunRecord): Promise<RunTotals> {
  const before = (await readTotals(records, run.workflow)) ?? NOTHING;
  if (before.counted.includes(run.run_id)) return before;
  const isSuccess = run.status === 'success';
  const after: RunTotals = {
    runs: {
      success: before.runs.success + (isSuccess ? 1 : 0),
      failed: before.runs.failed + (isSuccess ? 0 : 1),
    },
    counts: addedCounts([before.counts, ...run.steps.map(({ counts }) => counts)]),
    store_calls: addedCalls([
      ...before.store_calls,
      ...run.steps.flatMap(({ store_calls: calls = [] }) => calls),
    ]),
    cost_usd: sumCosts([before.cost_usd, ...run.steps.map(({ cost_usd: cost = NO_COST }) => cost)]),
    last_success_at: isSuccess ? run.ended_at : before.last_success_at,
    steps: paces(before.steps, run.steps),
    counted: [...before.counted, run.run_id].slice(-COUNTED_MAX),
  };
  await records.put(COLLECTION, run.workflow, after);
  return after;
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
