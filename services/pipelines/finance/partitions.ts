import { sha256 } from '../../core/manifest.ts';
import { type PartitionNote, type PartitionState, partitionTable } from '../../core/partition.ts';
import type { RecordStore } from '../../ports/record-store.ts';
import { daysBetween, earliest, isDayWithin } from '../../stages/observe/partitions/day-range.ts';
import type { KnownRun } from '../../stages/observe/partitions/known-runs.ts';
import type { PartitionRequest, PartitionSource } from '../../stages/observe/partitions/source.ts';
import { readSteps } from '../../stages/observe/run-record.ts';
import {
  extractManifestKey,
  ownExtractManifestKey,
  readExtractManifest,
} from './extract/extract-manifest.ts';
import { loadSql } from './load/load-sql.ts';
import { type Made, readMade } from './made.ts';

const LANDED = 'extracted/';
const MANIFEST = /^extracted\/(\d{4}-\d{2}-\d{2})\/manifest(?:-([0-9a-f]{16}))?\.json$/;

/** A partition is a logical date: what was extracted for it, and the run that has loaded it. */
export const financePartitions: PartitionSource = {
  unit: 'day',
  lane: null,
  // Those of more than ten years: nothing else in the store tells which day is loaded.
  runsMax: 5_000,
  atOnce: { max: 1, reason: 'runs of finance wait for each other: one mutex, one warehouse' },
  sources: ['transactions', 'customers'],
  read: async (request) => {
    const { landed, days } = await readLanded(request);
    const runs = await batchRuns(request);
    const made = await readMade(request);
    // The first of all, so that a range behind the last landing is missing, and not without partitions.
    const first = earliest([...days, ...runs.keys()]);
    const table = partitionTable(financePartitions);
    if (first === null) return table.build();
    const today = request.now.toISOString().slice(0, 10);
    const from = request.from !== null && request.from > first ? request.from : first;
    const to = request.to !== null && request.to < today ? request.to : today;
    for (const day of daysBetween(from, to)) {
      const [state, note] = await standing(
        { day, landed: landed.get(day), runs: runs.get(day) ?? [] },
        made,
      );
      table.add({ day, lane: '', state, note });
    }
    return table.build();
  },
  workOf: async ({ work, store, signal }) => {
    const key = extractManifestKey(work);
    const landed = await store.head(key, { signal });
    const sources =
      landed === null ? [] : (await readExtractManifest(store, key, signal)).manifest.sources;
    return {
      parameters: {
        'logical-date': work,
        ...(landed === null ? {} : { extract: 'false' }),
        trigger: 'backfill',
      },
      reads: [...(landed === null ? [] : [key]), ...sources.map((source) => source.key)],
      writes: [
        `clean/${work}/`,
        `_quarantine/`,
        'dim_customers',
        'fact_transactions',
        'held_transactions',
      ],
      sql: loadSql(),
      rows: landed === null ? null : sources.reduce((sum, { rows }) => sum + rows, 0),
    };
  },
};

/** What was extracted. */
interface Extracted {
  /** The digest of the newest manifest of every day of the range: its first 16 digits. */
  landed: ReadonlyMap<string, string>;
  /** Every day that has a manifest, within the range or not. */
  days: ReadonlySet<string>;
}

async function readLanded(request: PartitionRequest): Promise<Extracted> {
  const { store, signal } = request;
  const found = new Map<string, Set<string>>();
  const days = new Set<string>();
  for await (const { key } of store.list(LANDED, { signal })) {
    const [, day = '', digest = ''] = MANIFEST.exec(key) ?? [];
    if (day === '') continue;
    days.add(day);
    if (!isDayWithin(day, request)) continue;
    const own = found.get(day) ?? new Set();
    if (digest !== '') own.add(digest);
    found.set(day, own);
  }
  const landed = new Map<string, string>();
  for (const [day, digests] of found) {
    const [only = ''] = digests;
    // Of several only the newest manifest itself tells which it is.
    const digest = digests.size === 1 ? only : await newestDigest(request, day);
    if (digest !== '') landed.set(day, digest);
  }
  return { landed, days };
}

async function newestDigest({ store, signal }: PartitionRequest, day: string): Promise<string> {
  const bytes = await store.get(extractManifestKey(day), { signal });
  return bytes === null ? '' : sha256(bytes).slice(0, 16);
}

/** The runs of the batch path by their day, the newest first; those of single uploads are no part of it. */
async function batchRuns(request: PartitionRequest): Promise<Map<string, KnownRun[]>> {
  const batch = new Map<string, KnownRun[]>();
  for (const [day, runs] of request.runs.byDate) {
    const own: KnownRun[] = [];
    for (const run of runs) if (await isBatch(request.records, run)) own.push(run);
    if (own.length > 0) batch.set(day, own);
  }
  return batch;
}

async function isBatch(records: RecordStore, { record, state }: KnownRun): Promise<boolean> {
  const identity = { ...identityOf(record.run_id), logicalDate: record.logical_date };
  // The record of a run that goes on has no steps yet.
  const steps = state === 'running' ? await readSteps(records, identity) : record.steps;
  return !steps.some(({ step }) => step === 'process');
}

function identityOf(runId: string) {
  const words = { trigger: 'manual', system: 'local', actor: '' } as const;
  return { runId, pipeline: 'finance', ...words };
}

interface Day {
  day: string;
  landed: string | undefined;
  runs: readonly KnownRun[];
}

async function standing(
  { day, landed, runs }: Day,
  made: Made,
): Promise<[PartitionState, PartitionNote]> {
  const work = landed === undefined ? null : day;
  const good = runs.find(({ state }) => state === 'success');
  const rows = good?.record.records_loaded ?? null;
  const [last] = runs;
  const note = { runId: last?.record.run_id ?? null, rows, reason: null, work };
  if (last?.state === 'running') return ['running', { ...note, reason: 'a run is at it' }];
  if (last?.state === 'failed') return ['failed', { ...note, reason: last.reason }];
  if (good === undefined) {
    const reason = landed === undefined ? 'nothing is landed' : 'landed, and not loaded';
    return ['missing', { ...note, reason }];
  }
  const clean = outputOf(good, 'transform');
  if (clean !== null && !(await made.isWhole(clean))) {
    return ['missing', { ...note, reason: 'what was cleaned of it is gone' }];
  }
  const loaded = outputOf(good, 'extract');
  if (landed === undefined || loaded === null) return ['done', note];
  if (loaded === ownExtractManifestKey(day, landed)) return ['done', note];
  return ['stale', { ...note, reason: 'other rows were landed since it was loaded' }];
}

/** The key of the manifest that a step of the run has named: it holds the hash of what the step has made. */
function outputOf({ record }: KnownRun, step: string): string | null {
  return record.steps.find((one) => one.step === step)?.outputs['manifest'] ?? null;
}
