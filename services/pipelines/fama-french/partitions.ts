import {
  type PartitionNote,
  type PartitionState,
  partitionTable,
  WORST_FIRST,
} from '../../core/partition.ts';
import { isMonthWithin } from '../../stages/observe/partitions/day-range.ts';
import type { KnownRun } from '../../stages/observe/partitions/known-runs.ts';
import type { PartitionRequest, PartitionSource } from '../../stages/observe/partitions/source.ts';
import {
  allRecords,
  type ArchiveRecord,
  type CsvEntry,
  type DownloadRecord,
  DOWNLOADS,
  PARSER_VERSION,
} from './ledger.ts';
import { MAP_KEY } from './ingestion-map.ts';
import { landedByHand, landedZips } from './landed.ts';
import { archiveId, type Known, pendingArchives, readKnown } from './pending.ts';
import { csvOwners, isOutdated } from './supersede.ts';
import { csvStem, ingestionDate, linkDate } from './vintage.ts';

/** A partition is the month of a vintage; which there are is known from what was landed. */
export const frenchPartitions: PartitionSource = {
  unit: 'month',
  lane: null,
  runsMax: 50,
  atOnce: { max: 1, reason: 'each run ends by writing the one map of all vintages' },
  read: async (request) => {
    const months = new Map<string, Standing[]>();
    const put = (month: string, one: Standing) =>
      void (months.get(month)?.push(one) ?? months.set(month, [one]));
    const known = await readKnown(request, false);
    for (const one of extractedCsvs(known)) put(one.month, one);
    for (const one of await pendingZips(request, known)) put(one.month, one);
    const table = partitionTable(frenchPartitions);
    const asked = [...months].filter(([month]) => isMonthWithin(month, request));
    const ordered = asked.toSorted(([a], [b]) => (a < b ? -1 : 1));
    const newestMade = (await isMapGone(request))
      ? ordered.findLast(([, all]) => all.every(({ state }) => state === 'done'))?.[0]
      : undefined;
    for (const [month, all] of ordered) {
      if (month === newestMade) all.push({ ...NO_MAP, month });
      const [state, note] = together(month, all, request.runs.all);
      table.add({ day: month, lane: '', state, note });
    }
    return table.build();
  },
  workOf: async ({ work, partitions, planDay, store, records, signal }) => {
    const known = await readKnown({ store, records, signal }, false);
    const isForced = partitions.some(({ state }) => state === 'done');
    const archives = [...known.archives.values()].filter(({ csvs }) =>
      csvs.some(({ key }) => monthOf(key) === work),
    );
    const stems = archives.flatMap(({ csvs }) => csvs.map(({ key }) => csvStem(key)));
    return {
      parameters: {
        'logical-date': planDay,
        fetch: 'false',
        vintage: work,
        force: String(isForced),
        trigger: 'backfill',
      },
      reads: archives.map(({ key }) => key),
      writes: [
        ...archives.flatMap(({ csvs }) => csvs.map(({ key }) => key)),
        ...stems.flatMap((stem) => [`transformed_data/${stem}_`, `_commits/raw_data/${stem}/`]),
        'ingestion_map/ingestion_map.parquet',
      ],
      sql: [],
      rows: partitions[0]?.rows ?? null,
    };
  },
};

interface Standing {
  month: string;
  state: PartitionState;
  rows: number;
  reason: string | null;
  /** False where another run on the same bytes comes to the same. */
  isWorth: boolean;
}

/** One run makes the one map of all months again, so one month lacks it. */
const NO_MAP: Omit<Standing, 'month'> = {
  state: 'missing',
  rows: 0,
  reason: 'the map of all vintages is gone',
  isWorth: true,
};

async function isMapGone({ store, signal }: PartitionRequest): Promise<boolean> {
  return ((await store.head(MAP_KEY, { signal }))?.sizeBytes ?? 0) === 0;
}

function monthOf(key: string): string {
  return ingestionDate(csvStem(key))?.slice(0, 7) ?? '';
}

/** How every CSV stands that was unpacked and is not outdated, and every ZIP that gave none. */
function extractedCsvs(known: Known): Standing[] {
  const owners = csvOwners(known.archives.values());
  const found: Standing[] = [];
  for (const archive of known.archives.values()) {
    if (archive.csvs.length === 0) found.push(...refusedZip(archive));
    for (const csv of archive.csvs) {
      const month = monthOf(csv.key);
      if (month === '' || isOutdated(archive, owners.get(csv.key))) continue;
      found.push({ month, ...csvStanding(csv, known) });
    }
  }
  return found;
}

function refusedZip({ url, outcome, message }: ArchiveRecord): Standing[] {
  if (outcome === 'extracted' || outcome === 'superseded') return [];
  const month = monthOfLink(linkDate({ label: '', url }));
  return month === null
    ? []
    : [{ month, state: 'failed', rows: 0, reason: message, isWorth: false }];
}

/** July stands for a year of which no month is told (requirements 1.4). */
function monthOfLink({
  year,
  month,
}: {
  year: number | null;
  month: number | null;
}): string | null {
  return year === null ? null : `${year}-${String(month ?? 7).padStart(2, '0')}`;
}

function csvStanding(csv: CsvEntry, known: Known): Omit<Standing, 'month'> {
  const stem = csvStem(csv.key);
  const refused = known.refused.get(stem);
  if (refused?.sha256 === csv.sha256 && refused.parser === PARSER_VERSION) {
    return { state: 'failed', rows: 0, reason: refused.message, isWorth: false };
  }
  const commit = known.commits.get(stem);
  if (commit === undefined) {
    return { state: 'missing', rows: 0, reason: 'unpacked, and not transformed', isWorth: true };
  }
  const rows = commit.parts.reduce((sum, part) => sum + part.rows, 0);
  if (known.broken.has(stem)) {
    return {
      state: 'missing',
      rows: 0,
      reason: 'a part of it is gone, or cut short',
      isWorth: true,
    };
  }
  const { source_sha256: source, parser, qualifier } = commit.attributes;
  if (source !== csv.sha256 || qualifier !== csv.qualifier) {
    return { state: 'stale', rows, reason: 'other bytes were landed since', isWorth: true };
  }
  if (parser === PARSER_VERSION) return { state: 'done', rows, reason: null, isWorth: true };
  return { state: 'stale', rows, reason: 'made by an earlier parser', isWorth: true };
}

/** What is landed and was never unpacked, and links of which nothing was landed. */
async function pendingZips(request: PartitionRequest, known: Known): Promise<Standing[]> {
  const downloads = await allRecords<DownloadRecord>(request.records, DOWNLOADS);
  const zips = await landedZips(request);
  const from = { zips, downloads: downloads.values(), known, withOwnNames: true };
  const pending = [
    ...pendingArchives(downloads.values(), known),
    ...(await landedByHand(request, { ...from, downloads: [...downloads.values()] })),
  ];
  const found: Standing[] = [];
  for (const { key, sha256, year, month } of pending) {
    const unpacked = known.archives.get(archiveId(key));
    // What is known of its CSVs is told by them.
    if (unpacked?.sha256 === sha256) continue;
    const isReplaced = unpacked !== undefined;
    const own = monthOfLink({ year, month }) ?? request.now.toISOString().slice(0, 7);
    const reason = isReplaced ? 'another ZIP was landed since' : 'landed, and not unpacked';
    const state = isReplaced ? 'stale' : 'missing';
    found.push({ month: own, state, rows: 0, reason, isWorth: true });
  }
  for (const { url, year, month, archive, status } of downloads.values()) {
    if (archive !== undefined) continue;
    const told = year === undefined ? linkDate({ label: '', url }) : { year, month: month ?? null };
    const own = monthOfLink(told);
    if (own === null) continue;
    found.push({ month: own, state: 'failed', rows: 0, reason: status, isWorth: false });
  }
  return found;
}

/** A month is as its worst file is. */
function together(
  month: string,
  all: readonly Standing[],
  runs: readonly KnownRun[],
): [PartitionState, PartitionNote] {
  const worst = WORST_FIRST.find((state) => all.some((one) => one.state === state)) ?? 'done';
  const rows = all.reduce((sum, one) => sum + one.rows, 0);
  const those = all.filter((one) => one.state === worst);
  const reason = those.find((one) => one.reason !== null)?.reason ?? null;
  const work = all.some(({ isWorth, state }) => isWorth && (worst === 'done' || state !== 'done'))
    ? month
    : null;
  const [last] = runs;
  if (worst === 'done') return ['done', { runId: null, rows, reason: null, work: month }];
  if (last?.state === 'running' && worst !== 'failed') {
    const note = { runId: last.record.run_id, rows, reason: 'a run is at it', work };
    return ['running', note];
  }
  if (last?.state === 'failed' && worst !== 'failed') {
    return ['failed', { runId: last.record.run_id, rows, reason: last.reason, work }];
  }
  return [worst, { runId: null, rows, reason, work }];
}
