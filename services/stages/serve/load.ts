import { PipelineError } from '../../core/error.ts';
import type { CallOptions } from '../../ports/object-store.ts';
import type { Warehouse, WarehouseTransaction } from '../../ports/warehouse.ts';
import { lockFor, type LockTarget } from './warehouse-lock.ts';

/*
 * A load (design A7.6) is `loadOnce` around work that calls `stageRows` (stage-rows.ts) and `upsertRows` (upsert.ts) for
 * each table, and may run statements of its own in the same transaction.
 */

/** What makes a load the same as an earlier one: its pipeline and the digest of what it loads. */
export interface LoadEntry {
  pipeline: string;
  /** The sha256 of the manifest that names everything to load. */
  digest: string;
  /** `YYYY-MM-DD`. */
  logicalDate: string;
  runId: string;
}

/** How many of what a load did, by words of ours. */
export type LoadCounts = Readonly<Record<string, number>>;

export interface LoadOutcome {
  /** True when the same load was committed before: nothing was done now, and the counts are those of then. */
  isRepeat: boolean;
  counts: LoadCounts;
}

/**
 * Does the work in one transaction together with its row in `argosy.load_log`, once for each digest: a repeat does
 * nothing. Loads of one pipeline follow one another. When the answer of COMMIT is lost, the row is looked for once the
 * first transaction has ended either way: there, the load is done; not there, `unavailable`, and it may be tried again.
 * Where even that cannot be asked, `commit-unknown`: running again is safe all the same. Needs `migrate` before.
 */
export async function loadOnce(
  warehouse: Warehouse,
  entry: LoadEntry,
  work: (tx: WarehouseTransaction) => Promise<LoadCounts>,
  options: CallOptions = {},
): Promise<LoadOutcome> {
  try {
    return await warehouse.transaction(async (tx) => {
      await lockFor(tx, warehouse.dialect, lockOf(entry));
      const before = await readEntry(tx, entry);
      if (before !== null) return { isRepeat: true, counts: before };
      const counts = await work(tx);
      await writeEntry(tx, entry, counts);
      return { isRepeat: false, counts };
    }, options);
  } catch (error) {
    if (!(error instanceof PipelineError) || error.kind !== 'commit-unknown') throw error;
    return await settleUnknown(warehouse, { entry, unknown: error, options });
  }
}

function lockOf({ pipeline }: LoadEntry): LockTarget {
  return { table: 'argosy.load_log', owner: pipeline };
}

interface Unknown {
  entry: LoadEntry;
  unknown: PipelineError;
  options: CallOptions;
}

async function settleUnknown(
  warehouse: Warehouse,
  { entry, unknown, options }: Unknown,
): Promise<LoadOutcome> {
  let counts: LoadCounts | null;
  try {
    counts = await warehouse.transaction(async (tx) => {
      // A transaction whose client is gone holds this lock until it has ended.
      await lockFor(tx, warehouse.dialect, lockOf(entry));
      return readEntry(tx, entry);
    }, options);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new PipelineError('commit-unknown', `${unknown.message}; asked again: ${said}`, {
      hint: 'run again: what was loaded is not loaded twice',
      cause,
    });
  }
  if (counts !== null) return { isRepeat: false, counts };
  throw new PipelineError('unavailable', `${warehouse.url}: connection lost; nothing was loaded`, {
    hint: 'run again when the warehouse can be reached',
    cause: unknown,
  });
}

async function readEntry(tx: WarehouseTransaction, entry: LoadEntry): Promise<LoadCounts | null> {
  const { rows } = await tx.query(
    'SELECT counts FROM argosy.load_log WHERE pipeline = $1 AND digest = $2',
    [entry.pipeline, entry.digest],
  );
  const counts = rows[0]?.[0];
  return counts === undefined ? null : (JSON.parse(String(counts)) as LoadCounts);
}

async function writeEntry(
  tx: WarehouseTransaction,
  { pipeline, digest, logicalDate, runId }: LoadEntry,
  counts: LoadCounts,
): Promise<void> {
  await tx.run(
    `INSERT INTO argosy.load_log (pipeline, digest, logical_date, run_id, counts)
     VALUES ($1, $2, $3, $4, $5)`,
    [pipeline, digest, logicalDate, runId, JSON.stringify(counts)],
  );
}
