import { objectRecords } from '../../services/adapters/record-store/object.ts';
import { partitionsOf } from '../../services/core/partition.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import { readKnownRuns } from '../../services/stages/observe/partitions/known-runs.ts';
import type { PartitionSource } from '../../services/stages/observe/partitions/source.ts';
import { runCollection, type RunRecord } from '../../services/stages/observe/run-record.ts';

export const NOW = new Date('2026-11-21T12:00:00Z');

/** How partitions stand, as a test compares them: `2026-01-05 done`. */
export async function standings(
  source: PartitionSource,
  store: ObjectStore,
  wanted: { pipeline: string; from?: string; to?: string; now?: Date },
): Promise<Record<string, string>> {
  const found = await statuses(source, store, wanted);
  return Object.fromEntries(found.map(({ partition, state }) => [partition, state]));
}

/** All that is told of partitions. */
export async function statuses(
  source: PartitionSource,
  store: ObjectStore,
  wanted: { pipeline: string; from?: string; to?: string; now?: Date },
) {
  const { pipeline, from = null, to = null, now = NOW } = wanted;
  const records = objectRecords(store);
  const { signal } = new AbortController();
  const isDead = ({ pid }: Record<string, unknown>) => pid === 0;
  const { runsMax } = source;
  const runs = await readKnownRuns({ records, pipeline, runsMax, now, isDead, signal });
  return [...partitionsOf(await source.read({ store, records, from, to, now, runs, signal }))];
}

/** Keeps the record of a run; of one that is killed the claim of a process that is gone. */
export async function putRun(
  store: ObjectStore,
  run: Partial<RunRecord> & Pick<RunRecord, 'run_id' | 'workflow' | 'logical_date' | 'status'>,
  isKilled = false,
): Promise<void> {
  const records = objectRecords(store);
  const record = {
    system: 'local',
    started_at: '2026-11-21T11:00:00.000Z',
    ended_at: run.status === 'running' ? null : '2026-11-21T11:00:10.000Z',
    trigger: 'manual',
    records_loaded: 0,
    error_message: run.status === 'failed' ? 'a rule does not hold' : null,
    problems: [],
    cost_estimate: { compute: 0, requests: 0, storage: 0, total: 0.001 },
    steps: [],
    ...run,
  };
  await records.put(runCollection(run.workflow), run.run_id, record);
  const claim = { host: 'here', pid: isKilled ? 0 : 1 };
  await records.put(`steps/${run.workflow}/${run.run_id}`, 'claim', claim);
}
