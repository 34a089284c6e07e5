import { humaneCount } from '../../core/humane.ts';
import { isHeld } from '../../stages/observe/backfill/hold.ts';
import { planKey } from '../../stages/observe/backfill/plan.ts';
import { countUnits, readProgress } from '../../stages/observe/backfill/progress.ts';
import { findWing } from '../commands.ts';
import { bucketFor } from '../host.ts';
import type { Given } from '../program.ts';
import { type KeptPlan, keptPlans } from '../run/kept-plan.ts';
import { isDead } from '../run/partitions.ts';
import type { Session } from '../session.ts';
import { printJson, widthOf } from '../view/print-result.ts';
import { formatTable } from '../view/text-table.ts';

const COLUMNS = ['plan', 'pipeline', 'made', 'runs', 'done', 'failed', 'left', 'state'];
const NUMBERS = new Set(['runs', 'done', 'failed', 'left']);

interface Line {
  plan: string;
  pipeline: string;
  /** This and the counts are null for a plan that is damaged. */
  made: string | null;
  runs: number | null;
  done: number | null;
  failed: number | null;
  left: number | null;
  state: 'running' | 'stopped' | 'ended' | 'damaged';
}

const UNKNOWN = {
  made: null,
  runs: null,
  done: null,
  failed: null,
  left: null,
  state: 'damaged',
} as const;

/** `argosy backfill --list`: the plans of a pipeline, or of all, and how far each is. */
export async function listBackfills(session: Session, given: Given): Promise<number> {
  const pipeline = given.args[0];
  if (pipeline !== undefined) findWing(pipeline);
  const { kept, damaged } = await keptPlans(session, pipeline);
  const lines = [
    ...(await Promise.all(kept.map((one) => lineOf(session, one)))),
    ...damaged.map((one) => ({ ...UNKNOWN, plan: one.id, pipeline: one.pipeline })),
  ];
  if (given.flags.json === true) printJson(session, lines);
  else if (lines.length === 0) session.io.stdout.write('there are no backfills\n');
  else {
    const heads = COLUMNS.map((name) => ({
      name,
      align: NUMBERS.has(name) ? ('right' as const) : ('left' as const),
      isKept: name === 'plan',
    }));
    const rows = lines.map(({ plan, made, runs, done, failed, left, state, ...line }) => [
      plan,
      line.pipeline,
      made?.slice(0, 19).replace('T', ' ') ?? '',
      ...[runs, done, failed, left].map((count) => (count === null ? '' : humaneCount(count))),
      state,
    ]);
    session.io.stdout.write(formatTable(heads, rows, { widthMax: widthOf(session) }));
  }
  for (const { id } of damaged) {
    session.io.stderr.write(
      `${planKey(id)} is damaged: remove it and plan again, the data does not depend on it\n`,
    );
  }
  return 0;
}

async function lineOf(session: Session, { pipeline, plan }: KeptPlan): Promise<Line> {
  const { signal, io } = session;
  const store = bucketFor(session, pipeline);
  const counts = countUnits(plan, await readProgress(store, plan, { signal }));
  const { done, failed } = counts;
  const runs = plan.units.length;
  const left = counts.open + counts.running;
  const request = { id: plan.id, isDead: isGone, clock: io.clock, signal };
  const state = (await isHeld(store, request)) ? 'running' : left > 0 ? 'stopped' : 'ended';
  return { plan: plan.id, pipeline, made: plan.createdAt, runs, done, failed, left, state };
}

function isGone({ host, pid }: { host: string; pid: number }): boolean {
  return isDead({ host, pid });
}
