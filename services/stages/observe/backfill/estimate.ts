import type { KnownRun, KnownRuns } from '../partitions/known-runs.ts';

/** Runs that an estimate is made by. */
const RUNS_MAX = 20;

/** What the runs of a plan may take, one after the other; null is what nothing tells. */
export interface Estimate {
  /** By so many good runs of the past. */
  runs: number;
  secondsEach: number | null;
  costUsdEach: number | null;
}

/** The means over the newest good runs: of backfills where there were any, else of all. */
export function estimateRuns({ all }: KnownRuns): Estimate {
  const good = all.filter(({ state }) => state === 'success');
  const own = good.filter(({ record }) => record.trigger === 'backfill');
  const runs = (own.length > 0 ? own : good).slice(0, RUNS_MAX);
  return {
    runs: runs.length,
    secondsEach: meanOf(runs.map(secondsOf)),
    costUsdEach: meanOf(runs.map(({ record }) => record.cost_estimate?.total ?? null)),
  };
}

function secondsOf({ record }: KnownRun): number | null {
  if (record.ended_at === null) return null;
  return (Date.parse(record.ended_at) - Date.parse(record.started_at)) / 1000;
}

function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0) / known.length;
}
