import { PipelineError } from '../../core/error.ts';
import {
  type BackfillPlan,
  readPlan,
  readPlans,
  unknownPlan,
} from '../../stages/observe/backfill/plan.ts';
import { findWing, WINGS } from '../commands.ts';
import { bucketFor } from '../host.ts';
import type { Session } from '../session.ts';

/** A plan, and the pipeline in whose bucket it is kept. */
export interface KeptPlan {
  pipeline: string;
  plan: BackfillPlan;
}

/** The plan of this id, looked for in the bucket of one pipeline or of all; `not-found` with the nearest. */
export async function findKeptPlan(
  session: Session,
  id: string,
  pipeline: string | undefined,
): Promise<KeptPlan> {
  const { signal } = session;
  for (const name of namesOf(pipeline)) {
    const plan = await within(session, { name, pipeline }, () =>
      readPlan(bucketFor(session, name), id, { signal }),
    );
    if (plan !== null) return { pipeline: name, plan };
  }
  const { kept: known } = await keptPlans(session, pipeline);
  throw unknownPlan(
    id,
    known.map(({ plan }) => plan.id),
  );
}

/** Every plan of one pipeline or of all, the newest first, and the ids of those that are damaged. */
export async function keptPlans(
  session: Session,
  pipeline: string | undefined,
): Promise<{ kept: KeptPlan[]; damaged: { pipeline: string; id: string }[] }> {
  const { signal } = session;
  const found: KeptPlan[] = [];
  const damaged: { pipeline: string; id: string }[] = [];
  for (const name of namesOf(pipeline)) {
    const those = await within(session, { name, pipeline }, () =>
      readPlans(bucketFor(session, name), { signal }),
    );
    for (const plan of those?.plans ?? []) found.push({ pipeline: name, plan });
    for (const id of those?.damaged ?? []) damaged.push({ pipeline: name, id });
  }
  const kept = found.toSorted((a, b) => (a.plan.createdAt > b.plan.createdAt ? -1 : 1));
  return { kept, damaged };
}

function namesOf(pipeline: string | undefined): string[] {
  if (pipeline === undefined) return Object.keys(WINGS);
  findWing(pipeline);
  return [pipeline];
}

/** Of a pipeline that was not named, a bucket that is not there or may not be read holds no plan: null. */
async function within<T>(
  { log }: Session,
  { name, pipeline }: { name: string; pipeline: string | undefined },
  read: () => Promise<T>,
): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    const isPassed =
      pipeline === undefined &&
      error instanceof PipelineError &&
      (error.kind === 'config-invalid' || error.kind === 'denied');
    if (!isPassed) throw error;
    log.info('backfill.bucket_passed', { pipeline: name, reason: error.message });
    return null;
  }
}
