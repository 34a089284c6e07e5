import { toPipelineError } from '../../../core/error.ts';
import type { Notice } from '../../../ports/notifier.ts';
import type { RunIdentity, StepPorts } from '../../../ports/step.ts';
import { exitStep, type RunClosing } from '../../../stages/observe/exit.ts';

/** What the runs of a month cost by the estimate, in US dollars, in the order in which they ended. */
export interface Spend {
  runs: Record<string, number>;
  /** Runs that took no files: checks and pages. They belong to the budget, and are compared with nothing. */
  besides?: Record<string, number>;
}

/** Above the budget is a warning, above it by a fifth an error (requirements 3.15). */
const CRITICAL_SHARE = 1.2;
/** A run that costs more than twice the mean of those before is odd, once there are enough of them. */
const ANOMALY_TIMES = 2;
const ANOMALY_RUNS_MIN = 5;
const COLLECTION = 'spend';

/** The exit handler of commerce: as every other, and it watches what runs cost. */
export const exit = exitStep({
  parameters: [
    {
      name: 'monthly-budget-usd',
      description: 'US dollars that the runs of a month may cost by the estimate; 0: not watched',
      default: '19',
    },
  ],
  close: watchSpend,
});

/** Adds the run to its month, and tells people of a budget that is spent, or of a run that costs more than others. */
async function watchSpend(ports: StepPorts, closing: RunClosing): Promise<void> {
  const { run, record, parameters } = closing;
  try {
    const month = record.started_at.slice(0, 7);
    const known = await ports.records.get<Spend>(COLLECTION, month);
    const before = without(known?.runs, run);
    const besides = without(known?.besides, run);
    const cost = record.cost_estimate.total;
    const isBeside = record.steps.every(({ step }) => step !== 'validate');
    const own = { [run.runId]: cost };
    const spend: Spend = isBeside
      ? { runs: before, besides: { ...besides, ...own } }
      : { runs: { ...before, ...own }, besides };
    await ports.records.put(COLLECTION, month, spend);
    const of = {
      month,
      budgetUsd: Number(parameters['monthly-budget-usd'] ?? '0'),
      before: Object.values(before),
      besides: Object.values(besides),
      cost,
      isBeside,
    };
    for (const notice of spendNotices(run, of)) await ports.notifier.send(notice);
  } catch (thrown) {
    // What a run costs is told beside the run: it must not fail one that is good.
    ports.log.warn('spend.unknown', { reason: toPipelineError(thrown).message });
  }
}

function without(
  costs: Readonly<Record<string, number>> | undefined,
  { runId }: RunIdentity,
): Record<string, number> {
  return Object.fromEntries(Object.entries(costs ?? {}).filter(([id]) => id !== runId));
}

/** What people are told of the cost of a run that has ended, given those of its month before it. */
export function spendNotices(
  run: RunIdentity,
  of: {
    month: string;
    budgetUsd: number;
    before: readonly number[];
    /** Of runs that took no files. */
    besides?: readonly number[];
    cost: number;
    /** This run took no files. */
    isBeside?: boolean;
  },
): Notice[] {
  const { month, budgetUsd, before, besides = [], cost, isBeside = false } = of;
  const notices: Notice[] = [];
  const common = { topic: 'cost' as const, pipeline: run.pipeline, runId: run.runId, lines: [] };
  const ofRuns = sum(before);
  const spent = ofRuns + sum(besides);
  const level = levelOf(spent + cost, budgetUsd);
  // Told when the level is reached, not at every run after it.
  if (level !== null && level !== levelOf(spent, budgetUsd)) {
    notices.push({
      ...common,
      severity: level,
      title: `${run.pipeline} has cost ${dollars(spent + cost)} in ${month}: the budget is ${dollars(budgetUsd)}`,
      occasion: `budget ${month} ${level}`,
    });
  }
  const mean = ofRuns / Math.max(1, before.length);
  if (!isBeside && before.length >= ANOMALY_RUNS_MIN && cost > mean * ANOMALY_TIMES) {
    notices.push({
      ...common,
      severity: 'warning',
      title: `${run.pipeline}: this run cost ${dollars(cost)}, the ${before.length} before it ${dollars(mean)} in the mean`,
      occasion: 'cost anomaly',
    });
  }
  return notices;
}

function sum(costs: readonly number[]): number {
  return costs.reduce((total, one) => total + one, 0);
}

function levelOf(spent: number, budgetUsd: number): 'warning' | 'error' | null {
  if (!(budgetUsd > 0) || spent <= budgetUsd) return null;
  return spent > budgetUsd * CRITICAL_SHARE ? 'error' : 'warning';
}

function dollars(value: number): string {
  return `$${value.toFixed(value < 0.1 ? 6 : 2)}`;
}
