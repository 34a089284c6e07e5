import { PipelineError } from '../../core/error.ts';
import {
  countStates,
  type PartitionState,
  PARTITION_STATES,
  type PartitionTable,
} from '../../core/partition.ts';
import { estimateRuns } from '../../stages/observe/backfill/estimate.ts';
import {
  type BackfillPlan,
  findPlan,
  givenHash,
  keepPlan,
  type PlanContent,
} from '../../stages/observe/backfill/plan.ts';
import { countUnits, readProgress } from '../../stages/observe/backfill/progress.ts';
import { selectUnits } from '../../stages/observe/backfill/select.ts';
import { findWing, WINGS } from '../commands.ts';
import { bucketFor, recordsOf } from '../host.ts';
import type { Given } from '../program.ts';
import { countOf, type Session } from '../session.ts';
import type { PlanPreview } from '../view/backfill-plan.ts';
import { findKeptPlan } from './kept-plan.ts';
import { rangeOf, readPartitions, statesOf } from './partitions.ts';
import { givenParameters } from './run-request.ts';

/** What a plan is performed from. */
export interface PlanFound {
  preview: PlanPreview;
  /** Keeps the plan, if it is not yet, before its first run; returns the one that is kept. */
  keep(): Promise<BackfillPlan>;
}

/** A plan for the partitions that the flags name; nothing of it is kept yet. */
export async function plannedBackfill(session: Session, given: Given): Promise<PlanFound> {
  const { signal, io } = session;
  const pipeline = given.args[0] ?? '';
  if (pipeline === '') throw nothingNamed();
  findWing(pipeline);
  const range = rangeOf(given);
  if (range.from === null || range.to === null) {
    const lacking = range.from === null ? '--from' : '--to';
    throw new PipelineError('config-invalid', `backfill needs ${lacking} DAY`, {
      hint: 'for example --from 2026-01-01 --to 2026-01-31; the plan is shown before it runs',
    });
  }
  const only = wantedStates(given);
  const found = await readPartitions(session, pipeline, range);
  if (found === null) throw noPartitions(pipeline);
  const store = bucketFor(session, pipeline);
  const planDay = io.clock.now().toISOString().slice(0, 10);
  const order = given.flags.order ?? 'asc';
  const wish = { pipeline, ...range, only, order, given: givenParameters(given) };
  const ports = { planDay, store, records: recordsOf(session, pipeline), signal };
  const content = await selectUnits(found.source, found.table, { wish, ports });
  await checkParameters(session, given, { pipeline, content });
  const how = { createdAt: io.clock.now(), hasEnded: hasEnded(session, pipeline), signal };
  const { plan } = await findPlan(store, content, how);
  const progress = await readProgress(store, plan, { signal });
  const preview = {
    plan,
    progress,
    estimate: estimateRuns(found.runs),
    others: othersOf(found.table, only),
    ...atOnce(given, found),
  };
  return { preview, keep: () => keepPlan(store, content, how) };
}

/** Partitions that are not done and that the plan does not look at. */
function othersOf(
  table: PartitionTable,
  only: ReadonlySet<PartitionState>,
): Partial<Record<PartitionState, number>> {
  const counts = countStates(table);
  const others = PARTITION_STATES.filter(
    (state) => state !== 'done' && !only.has(state) && counts[state] > 0,
  );
  return Object.fromEntries(others.map((state) => [state, counts[state]]));
}

/** The plan of `--resume`, as far as it is. */
export async function resumedBackfill(session: Session, given: Given): Promise<PlanFound> {
  const { signal } = session;
  const id = given.flags.resume ?? '';
  refuseSelection(given);
  const { pipeline, plan } = await findKeptPlan(session, id, given.args[0]);
  if (givenHash(givenParameters(given)).sha256 !== plan.given.sha256) {
    const names = plan.given.names.map((name) => `-p ${name}=…`).join(' ');
    throw new PipelineError('config-invalid', `backfill ${id} was planned with other parameters`, {
      hint: names === '' ? 'it was planned without -p' : `give the same as then: ${names}`,
    });
  }
  const store = bucketFor(session, pipeline);
  const progress = await readProgress(store, plan, { signal });
  const found = await readPartitions(session, pipeline, { from: plan.from, to: plan.to });
  if (found === null) throw noPartitions(pipeline);
  const estimate = estimateRuns(found.runs);
  const preview = { plan, progress, estimate, others: {}, ...atOnce(given, found) };
  return { preview, keep: async () => plan };
}

/** What a plan makes is settled: flags that would select something else are refused, not passed over. */
function refuseSelection({ flags }: Given): void {
  const { from, to, only, all } = flags;
  const given = Object.entries({ from, to, only, all }).find(
    ([, value]) => value !== undefined && value !== false,
  );
  if (given === undefined) return;
  throw new PipelineError('config-invalid', `--resume and --${given[0]} do not go together`, {
    hint: 'the plan says what is made; leave --resume out to make another plan',
  });
}

/** Whether every run of a plan has had its end: such a plan makes room for the next of the same content. */
function hasEnded(session: Session, pipeline: string): (plan: BackfillPlan) => Promise<boolean> {
  const { signal } = session;
  return async (plan) => {
    const progress = await readProgress(bucketFor(session, pipeline), plan, { signal });
    const { running, open } = countUnits(plan, progress);
    return running + open === 0;
  };
}

/** A wrong parameter is told before the plan is. */
async function checkParameters(
  session: Session,
  given: Given,
  { pipeline, content }: { pipeline: string; content: PlanContent },
): Promise<void> {
  if (given.flags.cluster === true) return;
  const [{ readDocuments }, { workflowFiles }, { unitParameters }] = await Promise.all([
    import('../../runner/load.ts'),
    import('../run/run-request.ts'),
    import('../run/unit-runner.ts'),
  ]);
  const request = { args: [pipeline], flags: given.flags };
  const documents = readDocuments(await workflowFiles(pipeline, request, session.io.cwd));
  const [unit] = content.units;
  const some = unit ?? { parameters: {} };
  unitParameters(session, given, { documents, pipeline, unit: some });
}

function wantedStates({ flags }: Given): ReadonlySet<PartitionState> {
  if (flags.all === true && flags.only !== undefined) {
    throw new PipelineError('config-invalid', '--all and --only do not go together', {
      hint: '--all is every state; give --only alone for some',
    });
  }
  if (flags.all === true) return new Set(['done', 'missing', 'failed', 'stale']);
  const only = statesOf('--only', flags.only ?? 'missing,failed');
  if (!only.has('running')) return only;
  throw new PipelineError('config-invalid', '--only running: a run is at those', {
    hint: 'it may be missing, failed, stale, done',
  });
}

/** As many runs at a time as were asked for, and as the pipeline takes on one machine. */
function atOnce(
  given: Given,
  { source }: { source: { atOnce: { max: number; reason: string } } },
): Pick<PlanPreview, 'concurrency' | 'reason'> {
  const wanted = countOf('--concurrency', given.flags.concurrency ?? '1');
  // In a cluster the mutexes of the workflows hold back what may not go on beside each other.
  if (given.flags.cluster === true || wanted <= source.atOnce.max) {
    return { concurrency: wanted, reason: null };
  }
  return { concurrency: source.atOnce.max, reason: source.atOnce.reason };
}

function nothingNamed(): PipelineError {
  return new PipelineError('config-invalid', 'backfill of which pipeline?', {
    hint: `one of ${Object.keys(WINGS).join(', ')}; or --list, or --resume PLAN`,
  });
}

function noPartitions(pipeline: string): PipelineError {
  return new PipelineError('config-invalid', `pipeline ${pipeline} has no partitions`);
}
