import type { Commit, Part } from '../../core/manifest.ts';
import { type PartitionNote, type PartitionState, partitionTable } from '../../core/partition.ts';
import type { ObjectInfo } from '../../ports/object-store.ts';
import { daysBetween, isDayWithin } from '../../stages/observe/partitions/day-range.ts';
import type { KnownRun } from '../../stages/observe/partitions/known-runs.ts';
import type { PartitionRequest, PartitionSource } from '../../stages/observe/partitions/source.ts';
import { type FileRecord, fileRecords } from './door/file-record.ts';
import { FEED_NAMES, type FeedName, parseRawKey, RAW } from './door/raw-key.ts';
import { FEEDS } from './feed/feeds.ts';
import { CURATED } from './merge/merge.ts';
import { newestSet } from './set/commit-set.ts';
import { readFeedSet } from './set/feed-set.ts';
import { goneParts, type GoneParts, listParts } from './set/gone-parts.ts';

/** Products come when they have changed; the others every day. */
const DAILY: ReadonlySet<FeedName> = new Set(['transactions', 'clickstream', 'reviews']);

const GONE = 'a part that was made of it is gone, or cut short';

/** A partition is a feed on a day: the raw files of that day, and the tables that readers see. */
export const commercePartitions: PartitionSource = {
  unit: 'day',
  lane: 'feed',
  runsMax: 50,
  atOnce: { max: 1, reason: 'runs of commerce wait for each other: they commit the same sets' },
  read: async (request) => {
    const raw = await rawObjects(request);
    const shown = await newestSet(request.store, CURATED);
    const isThere = await listParts(request.store, request.signal);
    const views = new Map<FeedName, FeedView>();
    for (const feed of FEED_NAMES) {
      const view = await readFeed(request, feed, { shown, isThere });
      views.set(feed, view);
      // A day of which all files are gone is one of those that are looked at.
      for (const day of view.taken.keys()) {
        if (raw.get(feed)?.has(day) === false) raw.get(feed)?.set(day, []);
      }
    }
    const days = expectedDays(raw, request);
    const table = partitionTable(commercePartitions);
    for (const [feed, view] of views) {
      for (const [day, objects] of days.get(feed) ?? []) {
        const [state, note] = standing(day, objects, view);
        const isGone = state === 'done' && isPartGone(day, objects, view);
        const told = isGone ? { ...note, reason: GONE } : note;
        table.add({ day, lane: feed, state: isGone ? 'missing' : state, note: told });
      }
    }
    return table.build();
  },
  workOf: async ({ work, partitions, planDay, store, signal }) => {
    const shown = await newestSet(store, CURATED);
    // The ledger knows the files of parts that are gone.
    const isForced = partitions.some(({ state, reason }) => state === 'done' || reason === GONE);
    const reads: string[] = [];
    for (const feed of FEED_NAMES) {
      for await (const { key } of store.list(`${RAW}${feed}/date=${work}/`, { signal })) {
        reads.push(key);
      }
    }
    const rows = partitions.map((one) => one.rows);
    return {
      parameters: {
        // What is made of all feeds is of the day that readers see, whatever day a file is of, if that day has come.
        'logical-date': laterOf(shown?.attributes['as_of'] ?? planDay, work),
        dates: work,
        force: String(isForced),
        trigger: 'backfill',
      },
      reads,
      writes: FEED_NAMES.flatMap((feed) => [`processed/${feed}/`, `curated/${feed}/`]).concat(
        '_commits/',
        'reports/quality/',
      ),
      sql: [...new Set(partitions.map(({ lane }) => lane))].flatMap((lane) => {
        const feed = FEED_NAMES.find((one) => one === lane);
        return feed === undefined ? [] : [FEEDS[feed].typedSql.trim()];
      }),
      rows: rows.includes(null) ? null : rows.reduce<number>((sum, one) => sum + (one ?? 0), 0),
    };
  },
};

/** A file is taken by runs of its day and of later ones. */
function laterOf(a: string, b: string): string {
  return a > b ? a : b;
}

/** Raw objects by feed and by the day of their folder; what has no day is told by `validate`. */
type Raw = ReadonlyMap<FeedName, Map<string, ObjectInfo[]>>;

async function rawObjects({ store, signal }: PartitionRequest): Promise<Raw> {
  const raw = new Map(FEED_NAMES.map((name) => [name, new Map<string, ObjectInfo[]>()]));
  for await (const info of store.list(RAW, { signal })) {
    const named = parseRawKey(info.key);
    if (named === null || named.date === null) continue;
    const days = raw.get(named.feed);
    const own = days?.get(named.date);
    if (own === undefined) days?.set(named.date, [info]);
    else own.push(info);
  }
  return raw;
}

/** Of a daily feed every day from its first to the newest of any feed; of the others those that have files. */
function expectedDays(raw: Raw, range: PartitionRequest): Raw {
  const newest =
    [...raw.values()]
      .flatMap((days) => [...days.keys()])
      .toSorted()
      .at(-1) ?? '';
  const expected = new Map<FeedName, Map<string, ObjectInfo[]>>();
  for (const [feed, days] of raw) {
    const first = [...days.keys()].toSorted()[0];
    const every = first !== undefined && DAILY.has(feed) ? daysBetween(first, newest) : days.keys();
    const within = [...every].filter((day) => isDayWithin(day, range)).toSorted();
    expected.set(feed, new Map(within.map((day) => [day, days.get(day) ?? []])));
  }
  return expected;
}

/** What is known of a feed. */
interface FeedView {
  records: ReadonlyMap<string, FileRecord>;
  processed: ReadonlyMap<string, Part>;
  /** The keys of files that were taken, by day. */
  taken: ReadonlyMap<string, readonly string[]>;
  /** Days and months of which a part is staged and not shown. */
  hidden: ReadonlySet<string>;
  gone: GoneParts;
  /** The newest day that has files, of all and by month: one run for it makes again what is of no day. */
  newest: ReadonlySet<string>;
  last: KnownRun | undefined;
}

async function readFeed(
  request: PartitionRequest,
  feed: FeedName,
  { shown, isThere }: { shown: Commit | null; isThere: (part: Part) => boolean },
): Promise<FeedView> {
  const set = await readFeedSet(request.store, feed);
  const shownKeys = new Set((shown?.parts ?? []).map(({ key }) => key));
  const records = await fileRecords(request, feed);
  const hidden = set.curated.filter(({ key }) => !shownKeys.has(key));
  const taken = takenByDay(set.processed);
  return {
    records: new Map(records.map((record) => [record.key, record])),
    processed: new Map(set.processed.map((part) => [part.attributes['source'] ?? '', part])),
    taken,
    gone: goneParts(feed, { set, shown, isThere }),
    newest: newestDays(taken.keys()),
    hidden: new Set(hidden.map(({ attributes }) => attributes['unit'] ?? '')),
    last: request.runs.all[0],
  };
}

/** `all 2026-01-31` for the newest day, `2026-01 2026-01-31` for that of a month. */
function newestDays(days: Iterable<string>): Set<string> {
  const newest = new Map<string, string>();
  for (const day of days) {
    for (const unit of ['all', day.slice(0, 7)]) {
      if (day > (newest.get(unit) ?? '')) newest.set(unit, day);
    }
  }
  return new Set([...newest].map(([unit, day]) => `${unit} ${day}`));
}

/** Whether a part is gone that a run for this day makes again. */
function isPartGone(
  day: string,
  objects: readonly ObjectInfo[],
  { gone, newest }: FeedView,
): boolean {
  if (gone.units.has(day) || objects.some(({ key }) => gone.sources.has(key))) return true;
  const month = day.slice(0, 7);
  if (gone.units.has(month) && newest.has(`${month} ${day}`)) return true;
  return (gone.isDerived || gone.units.has('all')) && newest.has(`all ${day}`);
}

function takenByDay(processed: readonly Part[]): Map<string, string[]> {
  const taken = new Map<string, string[]>();
  for (const { attributes } of processed) {
    const key = attributes['source'] ?? '';
    const day = parseRawKey(key)?.date ?? null;
    if (day === null) continue;
    taken.set(day, [...(taken.get(day) ?? []), key]);
  }
  return taken;
}

function standing(
  day: string,
  objects: readonly ObjectInfo[],
  view: FeedView,
): [PartitionState, PartitionNote] {
  const note = { runId: null, rows: null, reason: null, work: null };
  const here = new Set(objects.map(({ key }) => key));
  const isGone = view.taken.get(day)?.some((key) => !here.has(key)) === true;
  if (isGone) return ['stale', { ...note, work: day, reason: 'a file that was taken is gone' }];
  if (objects.length === 0) return ['missing', { ...note, reason: 'no file has come' }];
  const files = objects.map((info) => fileStanding(info, view));
  const rows = files.reduce((sum, one) => sum + one.rows, 0);
  const refused = files.find(({ state }) => state === 'failed');
  if (refused !== undefined) {
    return ['failed', { ...note, rows, runId: refused.runId, reason: refused.reason }];
  }
  const isHidden = [day, day.slice(0, 7), 'all'].some((unit) => view.hidden.has(unit));
  const open =
    files.find(({ state }) => state === 'stale') ?? files.find(({ state }) => state === 'missing');
  if (open === undefined && !isHidden) return ['done', { ...note, rows, work: day }];
  const { last } = view;
  const runId = last?.record.run_id ?? null;
  if (last?.state === 'running') {
    return ['running', { ...note, rows, runId, work: day, reason: 'a run is at it' }];
  }
  if (last?.state === 'failed' && hasMet(last, objects)) {
    return ['failed', { ...note, rows, runId, work: day, reason: last.reason }];
  }
  const reason = open?.reason ?? 'made, and not shown to readers yet';
  return [open?.state ?? 'missing', { ...note, rows, work: day, reason }];
}

/** Whether the run began when these objects were there. */
function hasMet({ record }: KnownRun, objects: readonly ObjectInfo[]): boolean {
  const began = Date.parse(record.started_at);
  return objects.some(({ lastModified }) => lastModified.getTime() <= began);
}

interface FileStanding {
  state: PartitionState;
  rows: number;
  runId: string | null;
  reason: string | null;
}

function fileStanding({ key, etag }: ObjectInfo, view: FeedView): FileStanding {
  const record = view.records.get(key);
  const part = view.processed.get(key);
  const rows = Number(part?.attributes['rows_in'] ?? record?.metadata.rows ?? 0);
  const one = { rows, runId: record?.runId ?? null, reason: null };
  if (record === undefined || record.etag !== etag) {
    if (part === undefined) return { ...one, state: 'missing', reason: 'a file is not taken yet' };
    return { ...one, state: 'stale', reason: 'a file has changed since it was taken' };
  }
  if (!record.isValid) {
    // Its content is taken under another name.
    if (record.duplicateOf !== null && record.errors.length === 1) return { ...one, state: 'done' };
    return { ...one, state: 'failed', reason: record.errors.join('; ') };
  }
  if (part === undefined) return { ...one, state: 'missing', reason: 'a file is not taken yet' };
  if (part.attributes['source_sha256'] === record.metadata.sha256) return { ...one, state: 'done' };
  return { ...one, state: 'stale', reason: 'a file has changed since it was taken' };
}
