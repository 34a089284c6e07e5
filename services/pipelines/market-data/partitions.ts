import { type PartitionNote, type PartitionState, partitionTable } from '../../core/partition.ts';
import {
  CALENDAR_YEARS,
  lastCompletedSession,
  sessionsBetween,
} from '../../core/trading-calendar.ts';
import type { KnownRun } from '../../stages/observe/partitions/known-runs.ts';
import type { PartitionRequest, PartitionSource } from '../../stages/observe/partitions/source.ts';
import { landedSince, type UnloadedReply } from './ledger/landed-since.ts';
import { readPriceLedger } from './ledger/price-ledger.ts';
import { type SymbolView, symbolViews } from './ledger/symbol-view.ts';
import { landingFolder } from './plan/landed.ts';
import {
  CHANGED_ROWS,
  DELETE_REPLACED,
  INSERT_CHANGED,
  KEEP_REVISIONS,
} from './warehouse/merge-sql.ts';
import { FACT, REVISIONS } from './warehouse/schema.ts';

/** A partition is a session of a symbol; what makes it is a run for the day on which a reply with it was landed. */
export const marketPartitions: PartitionSource = {
  unit: 'day',
  lane: 'symbol',
  runsMax: 200,
  atOnce: { max: 1, reason: 'every run of market-data fills the one staging table' },
  read: async (request) => {
    const { store, records, now, signal } = request;
    const ledger = await readPriceLedger(store, { signal });
    const today = now.toISOString().slice(0, 10);
    const since = await landedSince({ store, records, ledger, to: today, signal });
    const symbols = symbolViews(request.runs, { ledger, ...since });
    const table = partitionTable(marketPartitions);
    const days = sessionsOf(request, symbols).map(({ day }) => day);
    const lanes = [...symbols].map(([symbol, view]) => ({
      symbol,
      view,
      ...plainSpan(days, view),
    }));
    for (const [at, day] of days.entries()) {
      for (const { symbol, view, from, to, newest } of lanes) {
        const isPlain = at >= from && at < to && !view.gaps.has(day) && !view.open.has(day);
        if (isPlain) {
          const note = newest !== null && at >= newest.from ? newest.note : view.done(day);
          table.add({ day, lane: symbol, state: 'done', note });
          continue;
        }
        const cell = standing(day, view);
        if (cell !== null) table.add({ day, lane: symbol, state: cell[0], note: cell[1] });
      }
    }
    return table.build();
  },
  workOf: async ({ work, partitions, store, signal }) => {
    const reads: string[] = [];
    for await (const { key } of store.list(landingFolder(work), { signal })) reads.push(key);
    const isLoaded = partitions.some(({ state }) => state === 'done');
    return {
      parameters: {
        'logical-date': work,
        extract: 'false',
        dates: work,
        'catch-up-days': '0',
        reload: String(isLoaded),
        trigger: 'backfill',
      },
      reads,
      writes: [FACT.name, REVISIONS.name, `quality/${work}/`],
      sql: [CHANGED_ROWS, KEEP_REVISIONS, DELETE_REPLACED, INSERT_CHANGED],
      rows: null,
    };
  },
};

/**
 * The places of the days that are done unless they are gaps, and from which on the newest reply has them: of a million
 * sessions nearly all are, and numbers are compared faster than days.
 */
function plainSpan(days: readonly string[], { loaded, unloaded, first, done }: SymbolView) {
  const none = { from: 0, to: 0, newest: null };
  if (loaded === null || unloaded.length > 0) return none;
  const from = placeOf(days, loaded.first > first ? loaded.first : first);
  const last = [loaded.last, loaded.delistedOn ?? loaded.last].toSorted()[0] ?? '';
  const to = placeOf(days, `${last}~`);
  const newestFrom = placeOf(days, loaded.loadedFrom);
  return { from, to, newest: { from: newestFrom, note: done(loaded.last) } };
}

/** The place of the first day that is not before this one. */
function placeOf(days: readonly string[], day: string): number {
  let [low, high] = [0, days.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((days[middle] ?? '') < day) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** From the first day of any symbol to the newest session that is over. */
function sessionsOf(
  { from, to, now }: PartitionRequest,
  symbols: ReadonlyMap<string, SymbolView>,
): { day: string }[] {
  const firsts = [...symbols.values()].map(({ first }) => first).toSorted();
  const known = firsts.find((day) => day !== '');
  if (known === undefined) return [];
  const first = [known, from ?? known, `${CALENDAR_YEARS.first}-01-01`].toSorted()[2] ?? known;
  const newest = lastCompletedSession(now).day;
  return sessionsBetween(first, to !== null && to < newest ? to : newest);
}

/** How a session of a symbol stands; null where none is expected. */
function standing(day: string, view: SymbolView): [PartitionState, PartitionNote] | null {
  const { loaded, unloaded, first } = view;
  if (first === '' || day < first) return null;
  const delistedOn = loaded?.delistedOn ?? null;
  if (delistedOn !== null && day > delistedOn) return null;
  if (loaded !== null && day < loaded.first && view.history !== null) {
    return replyStanding(view, view.history, false);
  }
  const reply = unloaded.find(({ firstDay, lastDay }) => day >= firstDay && day <= lastDay);
  const isThere =
    loaded !== null && day >= loaded.first && day <= loaded.last && !view.gaps.has(day);
  if (isThere && reply === undefined) {
    if (!view.open.has(day)) return ['done', view.done(day)];
    return ['stale', noteOf(view, 'loaded before the close of its session', view.done(day).work)];
  }
  if (reply !== undefined) return replyStanding(view, reply, isThere);
  const outcome = view.asked.get(day);
  if (outcome === 'failed') return ['failed', noteOf(view, 'asked for in vain', null)];
  if (outcome === 'pending') {
    return ['missing', noteOf(view, 'the quota of the day was used up', null)];
  }
  const run = view.runs.get(day);
  if (run?.state === 'running') return ['running', noteOf(view, 'a run is at it', null, run)];
  if (run?.state === 'failed') return ['failed', noteOf(view, run.reason, null, run)];
  const isGap = loaded !== null && day < loaded.last;
  return [
    'missing',
    noteOf(view, isGap ? 'no reply has a price of it' : 'not asked for yet', null),
  ];
}

/** A reply with the session is landed and not loaded. */
function replyStanding(
  view: SymbolView,
  { date }: Pick<UnloadedReply, 'date'>,
  isThere: boolean,
): [PartitionState, PartitionNote] {
  const run = view.runs.get(date);
  if (run?.state === 'running') return ['running', noteOf(view, 'a run is at it', date, run)];
  if (run?.state === 'failed') return ['failed', noteOf(view, run.reason, date, run)];
  if (isThere) return ['stale', noteOf(view, `landed again on ${date}, and not loaded`, date)];
  return ['missing', noteOf(view, `landed on ${date}, and not loaded`, date)];
}

function noteOf(
  { notes }: SymbolView,
  reason: string | null,
  work: string | null,
  run?: KnownRun,
): PartitionNote {
  const runId = run?.record.run_id ?? null;
  const name = `${work ?? ''} ${runId ?? ''} ${reason ?? ''}`;
  const known = notes.get(name) ?? { runId, rows: null, reason, work };
  notes.set(name, known);
  return known;
}
