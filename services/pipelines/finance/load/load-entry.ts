import { sha256 } from '../../../core/manifest.ts';
import type { RunIdentity } from '../../../ports/step.ts';
import type { Warehouse } from '../../../ports/warehouse.ts';
import type { LoadCounts, LoadEntry } from '../../../stages/serve/load.ts';

/** What a load is called in `argosy.load_log`, and whether it is what was loaded last for its day. */
export type DayEntry = LoadEntry & ({ isNewest: true; counts: LoadCounts } | { isNewest: false });

/**
 * The entry of a load. What was loaded last for a day is not loaded again. What was loaded before something else is: a
 * correction that is taken back must arrive. So a digest after the first of a day is made of the manifest's and of the
 * entry before it.
 */
export async function entryOf(
  warehouse: Warehouse,
  { digest, run }: { digest: string; run: RunIdentity },
): Promise<DayEntry> {
  const { pipeline, logicalDate, runId } = run;
  const entry = { pipeline, logicalDate, runId };
  const { rows } = await warehouse.query(
    `SELECT digest, counts FROM argosy.load_log WHERE pipeline = $1 AND logical_date = $2::date
     ORDER BY loaded_at, digest`,
    [pipeline, logicalDate],
  );
  const [newest, before] = [rows.at(-1), rows.at(-2)];
  if (newest === undefined) return { ...entry, digest, isNewest: false };
  const last = String(newest[0]);
  if (last === after(before === undefined ? null : String(before[0]), digest)) {
    const counts = JSON.parse(String(newest[1])) as LoadCounts;
    return { ...entry, digest: last, isNewest: true, counts };
  }
  return { ...entry, digest: after(last, digest), isNewest: false };
}

/** The entry of the same manifest once more, after the one that was loaded last for its day. */
export function entryAgain(
  { pipeline, logicalDate, runId, digest: newest }: LoadEntry,
  digest: string,
): LoadEntry {
  return { pipeline, logicalDate, runId, digest: after(newest, digest) };
}

function after(before: string | null, digest: string): string {
  return before === null ? digest : sha256(`${before}\n${digest}`);
}
