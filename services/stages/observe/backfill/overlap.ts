import { PipelineError } from '../../../core/error.ts';
import type { ObjectStore } from '../../../ports/object-store.ts';
import { type HoldRequest, isHeld } from './hold.ts';
import { type BackfillPlan, readPlans } from './plan.ts';

/**
 * `conflict` while another plan is being worked on that has a run for the same: both would make it. Asked after this plan
 * is held, so that of two that begin at once not both go on.
 */
export async function failIfOverlapped(
  store: ObjectStore,
  plan: BackfillPlan,
  request: Omit<HoldRequest, 'id' | 'me'>,
): Promise<void> {
  const works = new Set(plan.units.map(({ work }) => work));
  const { plans } = await readPlans(store, { signal: request.signal });
  for (const other of plans) {
    const same = other.units.find(({ work }) => works.has(work));
    if (other.id === plan.id || other.pipeline !== plan.pipeline || same === undefined) continue;
    if (!(await isHeld(store, { ...request, id: other.id }))) continue;
    throw new PipelineError(
      'conflict',
      `backfill ${other.id} is being worked on, and makes ${same.work} too`,
      { hint: 'wait for it, then plan again: what it has made is not in the new plan' },
    );
  }
}
