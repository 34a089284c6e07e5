import type { Problem, RunIdentity, StepPorts } from '../../ports/step.ts';
import { stepCollection } from '../../stages/observe/run-record.ts';
import { landedByHand, landedZips } from './landed.ts';
import {
  allRecords,
  type DownloadRecord,
  DOWNLOADS,
  EXTRACT_PLAN,
  type ExtractPlan,
  type PlannedArchive,
} from './ledger.ts';
import { type Known, pendingArchives } from './pending.ts';

/** What to unpack, and what was found wrong while looking for it. */
export interface Planned {
  plan: ExtractPlan;
  problems: Problem[];
}

/**
 * The plan that the fetch of this run has left. A run that was told not to fetch has none: then everything that is
 * landed and not worked on is planned here, whether a download or somebody's hand has put it there.
 */
export async function extractPlan(
  ports: StepPorts,
  run: RunIdentity,
  known: Known,
): Promise<Planned> {
  const plan = await ports.records.get<ExtractPlan>(stepCollection(run), EXTRACT_PLAN);
  if (plan && plan.isFetched !== false) return { plan, problems: [] };
  const made = await planLanded(ports, known);
  await ports.records.put(stepCollection(run), EXTRACT_PLAN, made.plan);
  return made;
}

async function planLanded(ports: StepPorts, known: Known): Promise<Planned> {
  const zips = await landedZips(ports);
  const records = await allRecords<DownloadRecord>(ports.records, DOWNLOADS);
  const downloads = [...records.values()];
  const archives: PlannedArchive[] = [];
  const problems: Problem[] = [];
  for (const archive of pendingArchives(downloads, known)) {
    if (zips.has(archive.key)) archives.push(archive);
    else {
      const { key, url } = archive;
      ports.log.warn('archive.gone', { object: key, url });
      problems.push({ object: url, message: `${key}: the landed ZIP is gone` });
    }
  }
  const from = { zips, downloads, known, withOwnNames: true };
  archives.push(...(await landedByHand(ports, from)));
  return { plan: { archives, rows: [], logKey: '', isFetched: false }, problems };
}
