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
import { archiveId, type Known, pendingArchives } from './pending.ts';
import { csvStem, ingestionDate } from './vintage.ts';

/** What to unpack, and what was found wrong while looking for it. */
export interface Planned {
  plan: ExtractPlan;
  problems: Problem[];
}

/**
 * The plan that the fetch of this run has left. A run that was told not to fetch has none: then everything that is
 * landed and not worked on is planned here, whether a download or somebody's hand has put it there; with a vintage
 * only what is, or may be, of it.
 */
export async function extractPlan(
  ports: StepPorts,
  run: RunIdentity,
  { known, vintage }: { known: Known; vintage: string | null },
): Promise<Planned> {
  const plan = await ports.records.get<ExtractPlan>(stepCollection(run), EXTRACT_PLAN);
  if (plan && plan.isFetched !== false) return { plan, problems: [] };
  const made = await planLanded(ports, known);
  if (vintage !== null) made.plan.archives = ofVintage(made.plan.archives, known, vintage);
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

/** Those of which a CSV is of the vintage, as far as they were unpacked before; else those that may be of it. */
function ofVintage(
  archives: readonly PlannedArchive[],
  { archives: records }: Known,
  vintage: string,
): PlannedArchive[] {
  return archives.filter(({ key, sha256, year, month }) => {
    const unpacked = records.get(archiveId(key));
    if (unpacked?.sha256 === sha256 && unpacked.csvs.length > 0) {
      return unpacked.csvs.some((csv) => ingestionDate(csvStem(csv.key))?.startsWith(vintage));
    }
    const [wantedYear = '', wantedMonth] = vintage.split('-');
    if (year !== null && year !== Number(wantedYear)) return false;
    return wantedMonth === undefined || month === null || month === Number(wantedMonth);
  });
}
