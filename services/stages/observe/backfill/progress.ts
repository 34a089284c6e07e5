import type { ErrorKind } from '../../../core/error.ts';
import { sha256 } from '../../../core/manifest.ts';
import type { CallOptions, ObjectStore } from '../../../ports/object-store.ts';
import { BACKFILLS, type BackfillPlan, type BackfillUnit } from './plan.ts';

/** How a run of a plan stands; there is none before its first try. */
export interface UnitRecord {
  work: string;
  /** `running` is written before the run begins: who comes after a kill looks whether it has ended. */
  state: 'running' | 'done' | 'failed';
  /** The name of the newest run for it; of an earlier one the record is replaced. */
  runId: string;
  /** Counted from 1. */
  attempt: number;
  startedAt: string;
  endedAt: string | null;
  /** Why it failed; null otherwise. */
  error: { kind: ErrorKind; message: string; hint?: string } | null;
  rows: number | null;
  costUsd: number | null;
}

/** done + failed + running + open = the runs of the plan. */
export interface PlanCounts {
  done: number;
  failed: number;
  running: number;
  /** Never begun. */
  open: number;
}

/** The records of a plan's runs, by work. */
export async function readProgress(
  store: ObjectStore,
  plan: BackfillPlan,
  options?: CallOptions,
): Promise<Map<string, UnitRecord>> {
  const found = new Map<string, UnitRecord>();
  for await (const { key } of store.list(unitFolder(plan.id), options)) {
    const bytes = await store.get(key, options);
    const record = bytes === null ? null : decode(bytes);
    // One that cannot be read is as none: what its run did is looked for by the name of the run.
    if (record !== null) found.set(record.work, record);
  }
  return found;
}

/** Keeps how a run stands, in place of what was known. */
export async function keepUnit(
  store: ObjectStore,
  plan: BackfillPlan,
  { record, signal }: { record: UnitRecord; signal?: AbortSignal },
): Promise<void> {
  const bytes = Buffer.from(`${JSON.stringify(record, null, 2)}\n`);
  await store.put(unitKey(plan.id, record.work), bytes, { signal });
}

/** How far a plan is. */
export function countUnits(
  { units }: { units: readonly Pick<BackfillUnit, 'work'>[] },
  progress: ReadonlyMap<string, UnitRecord>,
): PlanCounts {
  const counts: PlanCounts = { done: 0, failed: 0, running: 0, open: 0 };
  for (const { work } of units) counts[progress.get(work)?.state ?? 'open'] += 1;
  return counts;
}

function unitFolder(id: string): string {
  return `${BACKFILLS}${id}/runs/`;
}

function unitKey(id: string, work: string): string {
  const name = /^[\d-]+$/.test(work) ? work : sha256(work).slice(0, 16);
  return `${unitFolder(id)}${name}.json`;
}

function decode(bytes: Uint8Array): UnitRecord | null {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString('utf8')) as Partial<UnitRecord> | null;
    const isRecord =
      typeof value?.work === 'string' &&
      typeof value.attempt === 'number' &&
      ['running', 'done', 'failed'].includes(value.state ?? '');
    return isRecord ? (value as UnitRecord) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
