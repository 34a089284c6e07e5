import { type ErrorKind, PipelineError } from '../../core/error.ts';
import { sha256 } from '../../core/manifest.ts';
import { type CostEstimate, NO_COST, sumCosts } from './cost.ts';
import type { RecordStore } from '../../ports/record-store.ts';
import type { Counts, Problem, RunIdentity } from '../../ports/step.ts';

/** How one step of a run went; the last attempt's record stays. */
export interface StepRecord {
  step: string;
  parameters: Record<string, string>;
  attempt: number;
  status: 'success' | 'failed';
  started_at: string;
  ended_at: string;
  duration_seconds: number;
  counts: Partial<Counts>;
  outputs: Record<string, string>;
  problems: Problem[];
  error_class: ErrorKind | null;
  error_message: string | null;
  error_hint: string | null;
  /** Failures by check of data quality. This and the next two are absent in records of earlier versions. */
  checks?: Record<string, number>;
  store_calls?: { method: string; outcome: string; count: number; sizeBytes?: number }[];
  cost_usd?: CostEstimate;
}

/** What a run leaves behind (requirements 6.2), readable with `argosy status` from any machine that sees the store. */
export interface RunRecord {
  run_id: string;
  system: string;
  actor: string;
  workflow: string;
  logical_date: string;
  trigger: RunIdentity['trigger'];
  started_at: string;
  ended_at: string | null;
  status: 'running' | 'success' | 'failed';
  objects_read: number;
  objects_written: number;
  objects_failed: number;
  records_extracted: number;
  records_transformed: number;
  records_loaded: number;
  records_rejected: number;
  bytes_in: number;
  bytes_out: number;
  error_class: ErrorKind | null;
  error_message: string | null;
  problems: Problem[];
  /** Failures by check, of the checks that were made. */
  quality: Record<string, number>;
  /** US dollars by component and together, by list prices (docs/metrics.md); that of the exit step is not in it. */
  cost_estimate: CostEstimate & { total: number };
  /** Where every row went, of a pipeline that accounts for each: `extracted`, `rejected`, `loaded`, `held` and so on. */
  accounts?: Record<string, number>;
  steps: StepRecord[];
}

/** Figures of a run that its pipeline counts in its own way, in place of the sums over its steps. */
export type RunFigures = Partial<
  Pick<
    RunRecord,
    'records_extracted' | 'records_transformed' | 'records_loaded' | 'records_rejected' | 'accounts'
  >
>;

const STEP_PREFIX = 'step-';

/** How many younger runs may end while one goes on before `readRuns` may miss it. */
const GOING_ON_MAX = 20;

/** The collection of what one run's steps leave behind: their records, their plans, the claim on its name. */
export function stepCollection(run: Pick<RunIdentity, 'pipeline' | 'runId'>): string {
  return `steps/${run.pipeline}/${run.runId}`;
}

/** The collection of a pipeline's run records. */
export function runCollection(pipeline: string): string {
  return `runs/${pipeline}`;
}

/** Notes that a run has begun; true for the first step to say so. */
export async function recordRunStart(
  records: RecordStore,
  run: RunIdentity,
  startedAt: Date,
): Promise<boolean> {
  const record = summarise(run, [], { status: 'running', startedAt, endedAt: null });
  try {
    return await records.putIfAbsent(runCollection(run.pipeline), run.runId, record);
  } catch (error) {
    // Whether it is there or not, the record of the end replaces it.
    if (error instanceof PipelineError && error.kind === 'commit-unknown') return true;
    throw error;
  }
}

/** Keeps how a step went. Steps of a fan-out differ in their parameters, and so in their ids. */
export async function recordStep(
  records: RecordStore,
  run: RunIdentity,
  record: StepRecord,
): Promise<void> {
  const id = `${STEP_PREFIX}${record.step}-${sha256(JSON.stringify(record.parameters)).slice(0, 8)}`;
  await records.put(stepCollection(run), id, record);
}

/** Puts the records of a run's steps together, in the order in which the steps began. */
export async function readSteps(records: RecordStore, run: RunIdentity): Promise<StepRecord[]> {
  const steps: StepRecord[] = [];
  for await (const { id, value } of records.scan<StepRecord>(stepCollection(run))) {
    if (id.startsWith(STEP_PREFIX)) steps.push(value);
  }
  return steps.toSorted((a, b) => (a.started_at < b.started_at ? -1 : 1));
}

/** The newest run records of a pipeline, at most so many, that which began last first. */
export async function readRuns(
  records: RecordStore,
  pipeline: string,
  countMax: number,
): Promise<RunRecord[]> {
  const runs: RunRecord[] = [];
  // The order of writing is that of the ends: a run that goes on was last written when it began.
  const newest = records.newest<RunRecord>(runCollection(pipeline), countMax + GOING_ON_MAX);
  for await (const { id, value } of newest) {
    if (typeof value.started_at !== 'string' || !Array.isArray(value.problems)) {
      throw new PipelineError(
        'input-invalid',
        `record ${runCollection(pipeline)}/${id} is no run record`,
        {
          hint: 'it is damaged: remove that object under _records/, the data does not depend on it',
        },
      );
    }
    runs.push(value);
  }
  return runs.toSorted((a, b) => (a.started_at > b.started_at ? -1 : 1)).slice(0, countMax);
}

/** Writes the final record of a run from those of its steps. */
export async function recordRunEnd(
  records: RecordStore,
  run: RunIdentity,
  end: {
    isSuccess: boolean;
    endedAt: Date;
    figures?: (steps: readonly StepRecord[]) => Promise<RunFigures>;
  },
): Promise<RunRecord> {
  const begun = await records.get<RunRecord>(runCollection(run.pipeline), run.runId);
  const startedAt = new Date(begun?.started_at ?? end.endedAt);
  const status = end.isSuccess ? ('success' as const) : ('failed' as const);
  const steps = await readSteps(records, run);
  const sums = summarise(run, steps, { status, startedAt, endedAt: end.endedAt });
  const record = { ...sums, ...(await end.figures?.(steps)) };
  await records.put(runCollection(run.pipeline), run.runId, record);
  return record;
}

function summarise(
  run: RunIdentity,
  steps: StepRecord[],
  when: { status: RunRecord['status']; startedAt: Date; endedAt: Date | null },
): RunRecord {
  const sum = (name: keyof Counts) =>
    steps.reduce((total, { counts }) => total + (counts[name] ?? 0), 0);
  const failed = steps.find(({ status }) => status === 'failed');
  const cost = sumCosts(steps.map(({ cost_usd: own = NO_COST }) => own));
  return {
    run_id: run.runId,
    system: run.system,
    actor: run.actor,
    workflow: run.pipeline,
    logical_date: run.logicalDate,
    trigger: run.trigger,
    started_at: when.startedAt.toISOString(),
    ended_at: when.endedAt?.toISOString() ?? null,
    status: when.status,
    objects_read: sum('objectsRead'),
    objects_written: sum('objectsWritten'),
    objects_failed: sum('objectsFailed'),
    records_extracted: sum('rowsRead'),
    records_transformed: sum('rowsWritten'),
    records_loaded: sum('rowsWritten'),
    records_rejected: sum('rowsRejected'),
    bytes_in: sum('bytesRead'),
    bytes_out: sum('bytesWritten'),
    error_class: failed?.error_class ?? null,
    error_message: failed?.error_message ?? null,
    problems: steps.flatMap(({ problems }) => problems),
    quality: qualityOf(steps),
    cost_estimate: { ...cost, total: cost.compute + cost.requests + cost.storage },
    steps,
  };
}

/** Failures by check, added up over these steps. */
export function qualityOf(steps: readonly StepRecord[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const [name, count] of steps.flatMap(({ checks = {} }) => Object.entries(checks))) {
    sums.set(name, (sums.get(name) ?? 0) + count);
  }
  return Object.fromEntries(sums);
}
