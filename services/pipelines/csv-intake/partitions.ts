import { encodeEventKey } from '../../core/key.ts';
import { type PartitionNote, type PartitionState, partitionTable } from '../../core/partition.ts';
import type { ObjectInfo } from '../../ports/object-store.ts';
import type { KnownRun } from '../../stages/observe/partitions/known-runs.ts';
import type { PartitionRequest, PartitionSource } from '../../stages/observe/partitions/source.ts';
import { stepCollection } from '../../stages/observe/run-record.ts';
import { PROFILE_VERSION } from '../../stages/shape/profile/profile.ts';
import { FILES } from './ledger.ts';
import type { ShardPlan } from './plan.ts';
import type { FileRecord } from './summary.ts';
import { fileId, fileNameOf, isUpload, PROCESSED, summaryKeyOf, UPLOADS } from './upload.ts';

/** Of so many runs that failed last it is known which files they were to profile. */
const FAILED_RUNS_MAX = 20;

/** A partition is a file on the day on which its newest version was put there. */
export const csvPartitions: PartitionSource = {
  unit: 'day',
  lane: 'file',
  runsMax: 200,
  atOnce: { max: 8, reason: 'each run profiles one file' },
  read: async (request) => {
    const found = await readFound(request);
    const table = partitionTable(csvPartitions);
    for await (const info of request.store.list(UPLOADS, { signal: request.signal })) {
      if (!isUpload(info.key)) continue;
      const day = info.lastModified.toISOString().slice(0, 10);
      if ((request.from ?? day) > day || (request.to ?? day) < day) continue;
      const [state, note] = standing(info, found);
      table.add({ day, lane: fileNameOf(info.key), state, note });
    }
    return table.build();
  },
  workOf: async ({ work, partitions, planDay }) => {
    // A version that has a record, and so rows, is profiled again only when that is asked for.
    const isForced = partitions.some(({ state, rows }) => state !== 'missing' || rows !== null);
    return {
      parameters: {
        'event-key': encodeEventKey(work),
        force: String(isForced),
        'logical-date': planDay,
        trigger: 'backfill',
      },
      reads: [work],
      writes: [
        summaryKeyOf(fileNameOf(work)),
        `_records/${FILES}/${fileId(fileNameOf(work))}.json`,
      ],
      sql: [],
      rows: partitions[0]?.rows ?? null,
    };
  },
};

interface Found {
  records: ReadonlyMap<string, FileRecord>;
  /** By `key etag`: the run that is at it, or that failed at it. */
  atWork: ReadonlyMap<string, KnownRun>;
  /** Keys of the summaries that are there. */
  summaries: ReadonlySet<string>;
}

async function readFound({ store, records, runs, signal }: PartitionRequest): Promise<Found> {
  const summaries = new Set<string>();
  for await (const { key, sizeBytes } of store.list(PROCESSED, { signal })) {
    if (sizeBytes > 0) summaries.add(key);
  }
  const known = new Map<string, FileRecord>();
  for await (const { value } of records.scan<FileRecord>(FILES, { signal })) {
    known.set(value.file_name, value);
  }
  const atWork = new Map<string, KnownRun>();
  const failed = runs.all.filter(({ state }) => state === 'failed').slice(0, FAILED_RUNS_MAX);
  const running = runs.all.filter(({ state }) => state === 'running');
  for (const run of [...failed.toReversed(), ...running]) {
    const plans = stepCollection({ pipeline: 'csv-intake', runId: run.record.run_id });
    for await (const { id, value } of records.scan<ShardPlan>(plans, { signal })) {
      if (!id.startsWith('shard-')) continue;
      for (const { key, etag } of value.files) atWork.set(`${key} ${etag}`, run);
    }
  }
  return { records: known, atWork, summaries };
}

function standing(
  { key, etag }: ObjectInfo,
  { records, atWork, summaries }: Found,
): [PartitionState, PartitionNote] {
  const record = records.get(fileNameOf(key));
  const note = { runId: null, rows: record?.row_count ?? null, reason: null, work: key };
  const isCurrent = record?.etag === etag && record.profile_version === PROFILE_VERSION;
  const isThere = summaries.has(summaryKeyOf(fileNameOf(key)));
  if (isCurrent && record.status === 'success' && isThere) return ['done', note];
  const run = atWork.get(`${key} ${etag}`);
  const runId = run?.record.run_id ?? null;
  if (run?.state === 'running') return ['running', { ...note, runId, reason: 'a run is at it' }];
  if (isCurrent && record.status === 'error')
    return ['failed', { ...note, rows: null, reason: record.error_message ?? 'it is no table' }];
  if (run !== undefined) return ['failed', { ...note, runId, reason: run.reason }];
  if (record === undefined) return ['missing', { ...note, reason: 'not profiled yet' }];
  if (isCurrent) return ['missing', { ...note, reason: 'its summary is gone' }];
  const reason =
    record.etag === etag
      ? 'profiled by an earlier version of argosy'
      : 'the file has changed since it was profiled';
  return ['stale', { ...note, reason }];
}
