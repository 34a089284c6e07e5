import { PipelineError } from '../../../core/error.ts';
import { sha256 } from '../../../core/manifest.ts';
import { nearest } from '../../../core/nearest.ts';
import type { PartitionState } from '../../../core/partition.ts';
import type { CallOptions, ObjectStore } from '../../../ports/object-store.ts';
import { offer } from '../../shape/publish.ts';

/** Plans and how far they are; the underscore hides them from engines that read tables. */
export const BACKFILLS = '_backfills/';

const ID_LENGTH = 12;
/** Plans of the same content, each made after the one before had ended. */
const REPEATS_MAX = 1_000;

/** One run of a plan. */
export interface BackfillUnit {
  /** What it makes, by the name that the pipeline gives it: a day, a month, a file. */
  work: string;
  /** The name of its first run; a further one after a failure has `-2`, `-3` … behind it. */
  runId: string;
  /** The partitions that it makes; of many the first ones, `partitionCount` being all. */
  partitions: readonly string[];
  partitionCount: number;
  /** How many of them were in which state when the plan was made. */
  states: Partial<Record<PartitionState, number>>;
  /** Why the first of them is not done; null when it is. */
  reason: string | null;
  /** The parameters of its workflow, without those of `-p`, which may hold secrets. */
  parameters: Readonly<Record<string, string>>;
  reads: readonly string[];
  writes: readonly string[];
  sql: readonly string[];
  rows: number | null;
}

/** Partitions that a plan leaves out, for nothing is there that they could be made of. */
export interface LeftOut {
  reason: string;
  partitions: number;
  first: string;
}

/** What to make again and how, settled before the first run and never changed (peers 1.3). */
export interface BackfillPlan {
  id: string;
  pipeline: string;
  from: string | null;
  to: string | null;
  only: readonly PartitionState[];
  order: 'asc' | 'desc';
  /** The names of the parameters of `-p`, and the hash of names and values: a resume has to give the same. */
  given: { names: readonly string[]; sha256: string };
  units: readonly BackfillUnit[];
  leftOut: readonly LeftOut[];
  /** 0 for the first plan of this content, and one more for each made after it had ended. */
  repeat: number;
  createdAt: string;
}

/** A plan without its id and the ids that follow from it. */
export type PlanContent = Omit<BackfillPlan, 'id' | 'repeat' | 'units' | 'createdAt'> & {
  units: readonly Omit<BackfillUnit, 'runId'>[];
};

/** The hash of what `-p` gives, whatever the order. */
export function givenHash(given: Readonly<Record<string, string>>): BackfillPlan['given'] {
  const sorted = Object.entries(given).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { names: sorted.map(([name]) => name), sha256: sha256(JSON.stringify(sorted)) };
}

/** The plan of a content: its id, and the name of each run, follow from what is to be done. */
export function makePlan(content: PlanContent, repeat: number, createdAt: Date): BackfillPlan {
  const { leftOut: _, ...decisive } = content;
  const id = sha256(JSON.stringify([decisive, repeat])).slice(0, ID_LENGTH);
  const name = `${content.pipeline}-backfill-${id}`;
  const units = content.units.map((unit) => ({ ...unit, runId: `${name}-${runWord(unit.work)}` }));
  return { ...content, id, units, repeat, createdAt: createdAt.toISOString() };
}

/** A day as digits, anything else as its hash: a run is named like a Kubernetes object. */
function runWord(work: string): string {
  return /^[\d-]+$/.test(work) ? work.replaceAll('-', '') : sha256(work).slice(0, 10);
}

/** `_backfills/<id>.json`. */
export function planKey(id: string): string {
  return `${BACKFILLS}${id}.json`;
}

/**
 * Keeps the plan by put-if-absent and returns the one that is there then. A plan of the same content that has not ended
 * is that plan; one that has ended makes room for the next.
 */
export async function keepPlan(
  store: ObjectStore,
  content: PlanContent,
  how: {
    createdAt: Date;
    hasEnded: (plan: BackfillPlan) => Promise<boolean>;
    signal: AbortSignal;
  },
): Promise<BackfillPlan> {
  for (let repeat = 0; repeat < REPEATS_MAX; repeat += 1) {
    const plan = makePlan(content, repeat, how.createdAt);
    const bytes = Buffer.from(`${JSON.stringify(plan, null, 2)}\n`);
    const offered = await offer(store, planKey(plan.id), bytes, how.signal);
    if (offered.isOurs) return plan;
    const there = decodePlan(planKey(plan.id), offered.stored);
    if (!(await how.hasEnded(there))) return there;
  }
  throw new PipelineError('conflict', `${REPEATS_MAX} plans of this content have been made`, {
    hint: `remove old ones below ${BACKFILLS}: nothing depends on them`,
  });
}

/** The plan that would be kept, without keeping it. */
export async function findPlan(
  store: ObjectStore,
  content: PlanContent,
  how: {
    createdAt: Date;
    hasEnded: (plan: BackfillPlan) => Promise<boolean>;
    signal: AbortSignal;
  },
): Promise<{ plan: BackfillPlan; isKept: boolean }> {
  for (let repeat = 0; repeat < REPEATS_MAX; repeat += 1) {
    const plan = makePlan(content, repeat, how.createdAt);
    const there = await readPlan(store, plan.id, { signal: how.signal });
    if (there === null) return { plan, isKept: false };
    if (!(await how.hasEnded(there))) return { plan: there, isKept: true };
  }
  return { plan: makePlan(content, REPEATS_MAX, how.createdAt), isKept: false };
}

/** The plan of this id; null when there is none. */
export async function readPlan(
  store: ObjectStore,
  id: string,
  options?: CallOptions,
): Promise<BackfillPlan | null> {
  if (!isPlanId(id)) return null;
  const bytes = await store.get(planKey(id), options);
  return bytes && decodePlan(planKey(id), bytes);
}

/** Every plan in the order of their ids, and the ids of those that are damaged: one hides no other. */
export async function readPlans(
  store: ObjectStore,
  options?: CallOptions,
): Promise<{ plans: BackfillPlan[]; damaged: string[] }> {
  const plans: BackfillPlan[] = [];
  const damaged: string[] = [];
  for await (const { key } of store.list(BACKFILLS, options)) {
    const id = key.slice(BACKFILLS.length, -'.json'.length);
    if (key !== planKey(id)) continue;
    try {
      const plan = await readPlan(store, id, options);
      if (plan !== null) plans.push(plan);
    } catch (error) {
      if (!(error instanceof PipelineError) || error.kind !== 'input-invalid') throw error;
      damaged.push(id);
    }
  }
  return { plans, damaged };
}

/** `not-found` with the nearest id that there is. */
export function unknownPlan(id: string, known: readonly string[]): PipelineError {
  const near = nearest(id, known);
  const hint = near === undefined ? 'argosy backfill --list shows them' : `did you mean ${near}?`;
  return new PipelineError('not-found', `there is no backfill ${JSON.stringify(id)}`, { hint });
}

function isPlanId(id: string): boolean {
  return /^[0-9a-f]{12}$/.test(id);
}

function decodePlan(key: string, bytes: Uint8Array): BackfillPlan {
  const hint = 'the object is damaged: remove it and plan again, the data does not depend on it';
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new PipelineError('input-invalid', `${key}: plan is not JSON`, { hint, cause });
  }
  if (isPlanAt(key, value)) return value;
  throw new PipelineError('input-invalid', `${key}: not the plan that its name was made for`, {
    hint,
  });
}

/** The id is made again from the content: a plan that was changed is none. */
function isPlanAt(key: string, value: unknown): value is BackfillPlan {
  const plan = (value ?? {}) as BackfillPlan;
  if (typeof plan.repeat !== 'number' || !Array.isArray(plan.units)) return false;
  const { id, repeat, createdAt, units, ...rest } = plan;
  if (Number.isNaN(Date.parse(createdAt))) return false;
  const content = { ...rest, units: units.map(withoutRunId) };
  const made = makePlan(content, repeat, new Date(createdAt));
  const isSame = made.units.every(({ runId }, at) => runId === units[at]?.runId);
  return made.id === id && planKey(id) === key && isSame;
}

function withoutRunId(unit: BackfillUnit): Omit<BackfillUnit, 'runId'> {
  const { runId: _, ...own } = unit;
  return own;
}
