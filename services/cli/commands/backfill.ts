import { once } from 'node:events';
import { exitCodeOf, PipelineError } from '../../core/error.ts';
import { humaneCount } from '../../core/humane.ts';
import { type PartitionState, partitionsOf, type PartitionTable } from '../../core/partition.ts';
import { printable } from '../../core/printable.ts';
import { holdPlan } from '../../stages/observe/backfill/hold.ts';
import {
  type Performed,
  performPlan,
  type UnitRunner,
} from '../../stages/observe/backfill/perform.ts';
import { failIfOverlapped } from '../../stages/observe/backfill/overlap.ts';
import type { BackfillPlan } from '../../stages/observe/backfill/plan.ts';
import { bucketFor } from '../host.ts';
import type { Given, Work } from '../program.ts';
import { plannedBackfill, resumedBackfill } from '../run/backfill-request.ts';
import { clearAfterKilled } from '../run/killed-runs.ts';
import { isDead, readPartitions } from '../run/partitions.ts';
import { planLog } from '../run/plan-log.ts';
import { thisProcess } from '../run/process-mark.ts';
import type { Session } from '../session.ts';
import { backfillEvents, endText } from '../view/backfill-events.ts';
import { planDetail, type PlanPreview, planText } from '../view/backfill-plan.ts';
import { printJson, widthOf } from '../view/print-result.ts';

/** `argosy backfill`: settles which runs make the partitions that are missing or failed, then runs them. */
export const backfill: Work = async (session, given) => {
  if (given.flags.list === true) {
    return (await import('./backfill-list.ts')).listBackfills(session, given);
  }
  const isResumed = given.flags.resume !== undefined;
  const find = isResumed ? resumedBackfill : plannedBackfill;
  const found = await find(session, given);
  const { preview } = found;
  const { plan, progress } = preview;
  const left = plan.units.filter(({ work }) => progress.get(work)?.state !== 'done');
  const isDry = given.flags.dryRun === true;
  tellPlan(session, given, { preview, isDry });
  if (isDry || left.length === 0) return 0;
  if (!isResumed && !(await isWanted(session, given, left.length))) return 0;
  const { signal, io } = session;
  const store = bucketFor(session, plan.pipeline);
  await failIfOverlapped(store, plan, { isDead: isGone, clock: io.clock, signal });
  return perform(session, given, { ...preview, plan: await found.keep() });
};

function tellPlan(
  session: Session,
  given: Given,
  { preview, isDry }: { preview: PlanPreview; isDry: boolean },
): void {
  const { plan, progress, estimate, concurrency } = preview;
  const { stdout, stderr } = session.io;
  if (given.flags.json === true) {
    if (isDry) printJson(session, { plan, estimate, concurrency, runs: [...progress.values()] });
    return;
  }
  const isEmpty = plan.units.length === 0;
  const out = isDry ? stdout : stderr;
  if (isEmpty) out.write(`nothing to do: ${emptyWords(plan)}\n`);
  else if (plan.units.every(({ work }) => progress.get(work)?.state === 'done')) {
    const runs = plan.units.length;
    const those = runs === 1 ? 'its 1 run is' : `all ${humaneCount(runs)} runs are`;
    out.write(`nothing to do: backfill ${plan.id} has ended, ${those} done\n`);
    return;
  }
  out.write(planText(preview, widthOf(session)));
  if (isDry && !isEmpty) stdout.write(`\n${planDetail(preview)}`);
  if (isDry) stderr.write('nothing was changed\n');
}

function emptyWords({ pipeline, only, leftOut }: BackfillPlan): string {
  const words =
    only.length > 1 ? `${only.slice(0, -1).join(', ')} or ${only.at(-1)}` : only.join('');
  const that = leftOut.length === 0 ? '' : ' and could be made';
  return `no partition of ${pipeline} in these days is ${words}${that}`;
}

/** Asks on a terminal; `config-invalid` where nobody can be asked and `--yes` is not given. */
async function isWanted(
  { io, self, signal }: Session,
  given: Given,
  runs: number,
): Promise<boolean> {
  if (given.flags.yes === true) return true;
  const { stdin, stderr } = io;
  const canAsk = (stdin as { isTTY?: boolean }).isTTY === true && stderr.isTTY === true;
  if (!canAsk) {
    throw new PipelineError('config-invalid', 'nothing was run: there is no terminal to ask at', {
      hint: `add --yes to run the plan, or --dry-run to see its objects and SQL (${self} backfill --help)`,
    });
  }
  stderr.write(`start ${runs === 1 ? 'this run' : `these ${humaneCount(runs)} runs`}? [y/N] `);
  // Ctrl-D answers nothing.
  const answers = [once(stdin, 'data', { signal }), once(stdin, 'end', { signal })];
  const [answer] = (await Promise.race(answers)) as unknown[];
  stdin.pause();
  if (/^\s*y(es)?\s*$/i.test(String(answer))) return true;
  stderr.write('nothing was run\n');
  return false;
}

async function perform(session: Session, given: Given, preview: PlanPreview): Promise<number> {
  const { plan, concurrency } = preview;
  const { pipeline } = plan;
  const { io, signal } = session;
  const store = bucketFor(session, pipeline);
  if (given.flags.cluster !== true) await clearAfterKilled(session, pipeline);
  const request = { id: plan.id, me: thisProcess(), isDead: isGone, clock: io.clock, signal };
  const hold = await holdPlan(store, request);
  const log = await planLog(session, plan.id);
  const events = backfillEvents(session, plan);
  try {
    await failIfOverlapped(store, plan, request);
    const runner = await runnerOf(session, given, { pipeline, logPath: () => log.path() });
    const isFailFast = given.flags.failFast === true;
    const rest = { store, clock: io.clock, runner, concurrency, isFailFast, signal };
    const end = await performPlan(plan, { ...rest, onEvent: events });
    const exitCode = tellEnd(session, given, { plan, end, logPath: log.path() });
    return exitCode === 0 ? await stillOpen(session, plan) : exitCode;
  } catch (error) {
    if (!signal.aborted) tellResume(session, given, plan);
    throw error;
  } finally {
    if (signal.aborted) tellResume(session, given, plan);
    await log.end();
    // One that cannot say so is found to be gone by the next who looks.
    await hold.release().catch((error: unknown) => {
      session.log.warn('backfill.hold', { plan: plan.id, reason: String(error) });
    });
  }
}

function isGone({ host, pid }: { host: string; pid: number }): boolean {
  return isDead({ host, pid });
}

async function runnerOf(
  session: Session,
  given: Given,
  from: { pipeline: string; logPath: () => string | null },
): Promise<UnitRunner> {
  if (given.flags.cluster === true) {
    return (await import('../cluster/unit-runner.ts')).clusterRunner(session, given, from.pipeline);
  }
  return (await import('../run/unit-runner.ts')).unitRunner(session, given, from);
}

/** The exit code is 0, or that of the first run that failed. */
function tellEnd(
  session: Session,
  given: Given,
  { plan, end, logPath }: { plan: BackfillPlan; end: Performed; logPath: string | null },
): number {
  const { counts, failure } = end;
  if (given.flags.json === true) printJson(session, { plan: plan.id, ...counts, failure });
  else session.io.stdout.write(endText(plan, end, logPath));
  if (counts.done < plan.units.length) tellResume(session, given, plan);
  const kind = failure?.error?.kind;
  return kind === undefined ? 0 : exitCodeOf(kind);
}

/**
 * Runs may be good and leave a partition as it was, as a file that is no table, or find that its input is gone: then the
 * exit code is that of `quality-failed`.
 */
async function stillOpen(session: Session, plan: BackfillPlan): Promise<number> {
  const found = await readPartitions(session, plan.pipeline, { from: plan.from, to: plan.to });
  const planned = new Set(plan.units.flatMap(({ partitions }) => partitions));
  const open = found === null ? [] : [...partitionsOf(found.table, NOT_DONE)];
  const those = open.filter(({ partition }) => planned.has(partition));
  const [first] = those;
  if (first === undefined) return found === null ? 0 : goneInputs(session, plan, found.table);
  const more = those.length === 1 ? '' : ` and ${humaneCount(those.length - 1)} more`;
  const text = `still not done: ${first.partition} is ${first.state}: ${first.reason ?? ''}${more}`;
  session.io.stderr.write(`${printable(text)}\n`);
  return exitCodeOf('quality-failed');
}

/** A partition may be none any more because what it is made of was removed: no run can have made it. */
async function goneInputs(
  session: Session,
  { pipeline, units }: BackfillPlan,
  table: PartitionTable,
): Promise<number> {
  const there = new Set(Array.from(partitionsOf(table), ({ partition }) => partition));
  const store = bucketFor(session, pipeline);
  const { signal } = session;
  for (const { partitions, reads } of units) {
    const lost = partitions.find((partition) => !there.has(partition));
    if (lost === undefined) continue;
    for (const key of reads) {
      if ((await store.head(key, { signal })) !== null) continue;
      session.io.stderr.write(`${printable(`not made: ${lost}: ${key} is gone`)}\n`);
      return exitCodeOf('quality-failed');
    }
  }
  return 0;
}

const NOT_DONE = new Set<PartitionState>(['missing', 'failed', 'stale']);

function tellResume({ io, self, flags }: Session, given: Given, plan: BackfillPlan): void {
  const sample = flags.sample === true ? ' --sample' : '';
  const cluster = given.flags.cluster === true ? ' --cluster' : '';
  const names = plan.given.names.map((name) => ` -p ${name}=…`).join('');
  io.stderr.write(
    `  ${self} backfill ${plan.pipeline}${sample} --resume ${plan.id}${cluster}${names}  # goes on with what is left\n`,
  );
}
