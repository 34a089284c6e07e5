import { PipelineError } from '../../core/error.ts';
import type { RecordStore } from '../../ports/record-store.ts';
import { stepCollection } from '../../stages/observe/run-record.ts';
import { thisProcess } from './process-mark.ts';

/** Runs of one pipeline that may start in the same second. */
const CLAIMS_MAX = 100;

/**
 * A name that no other run has: the wanted one, or that with `-2`, `-3` … behind it. It is taken by a record beside
 * those of the run's steps, before the run starts, with the process that it belongs to; of two that claim one name at the same moment, one gets the next.
 */
export async function claimRunName(
  records: RecordStore,
  pipeline: string,
  wanted: { name: string; startedAt: Date },
): Promise<string> {
  for (let number = 1; number <= CLAIMS_MAX; number++) {
    const name = number === 1 ? wanted.name : `${wanted.name}-${number}`;
    if (await isClaimed(records, stepCollection({ pipeline, runId: name }), wanted.startedAt))
      return name;
  }
  throw new PipelineError('conflict', `${wanted.name}: ${CLAIMS_MAX} runs have that name`, {
    hint: 'run again in a second',
  });
}

async function isClaimed(
  records: RecordStore,
  collection: string,
  startedAt: Date,
): Promise<boolean> {
  try {
    const claim = { started_at: startedAt.toISOString(), ...thisProcess() };
    return await records.putIfAbsent(collection, 'claim', claim);
  } catch (error) {
    // Nobody knows whose it is now: the next name is as good.
    if (error instanceof PipelineError && error.kind === 'commit-unknown') return false;
    throw error;
  }
}
