import type { PartitionNote } from '../../../core/partition.ts';
import { dayAfter, sessionsBetween } from '../../../core/trading-calendar.ts';
import type { KnownRun, KnownRuns } from '../../../stages/observe/partitions/known-runs.ts';
import type { LandedSince, UnloadedReply } from './landed-since.ts';
import type { LoadedSymbol, PriceLedger, Unlanded, UnloadedHistory } from './price-ledger.ts';

/** What decides of a symbol's sessions; notes are shared by all sessions of which the same is known. */
export interface SymbolView {
  loaded: LoadedSymbol | null;
  gaps: ReadonlySet<string>;
  open: ReadonlySet<string>;
  /** The first session that is expected. */
  first: string;
  unloaded: readonly UnloadedReply[];
  asked: ReadonlyMap<string, Unlanded>;
  /** A landed history of which the oldest prices are not loaded. */
  history: UnloadedHistory | null;
  done: (day: string) => PartitionNote;
  /** By day of extraction: the newest run for it, if it is running or has failed. */
  runs: ReadonlyMap<string, KnownRun>;
  /** Notes by reason and work. */
  notes: Map<string, PartitionNote>;
}

export interface FoundPrices extends LandedSince {
  ledger: PriceLedger | null;
}

/** A view of every symbol that is known, by name and in the order of names. */
export function symbolViews(known: KnownRuns, found: FoundPrices): Map<string, SymbolView> {
  const { ledger, unloaded } = found;
  const asked = askedBySymbol(found);
  const runs = new Map<string, KnownRun>();
  for (const [date, [last]] of known.byDate) {
    if (last !== undefined && last.state !== 'success') runs.set(date, last);
  }
  const replies = new Map<string, UnloadedReply[]>();
  for (const reply of unloaded)
    void (replies.get(reply.symbol)?.push(reply) ?? replies.set(reply.symbol, [reply]));
  const names = new Set([
    ...Object.keys(ledger?.symbols ?? {}),
    ...replies.keys(),
    ...asked.keys(),
  ]);
  const doneNotes = doneNotesOf(ledger);
  const views = [...names].toSorted().map((symbol): [string, SymbolView] => {
    const loaded = ledger?.symbols[symbol] ?? null;
    const history = ledger?.histories[symbol] ?? null;
    const own = (replies.get(symbol) ?? []).toSorted((a, b) => (a.date > b.date ? -1 : 1));
    const days = asked.get(symbol) ?? new Map<string, Unlanded>();
    const firsts = [
      loaded?.first,
      history?.firstDay,
      ...own.map(({ firstDay }) => firstDay),
      ...days.keys(),
    ];
    return [
      symbol,
      {
        loaded,
        gaps: new Set(loaded?.gaps),
        open: new Set(loaded?.open),
        first: firsts.filter((one) => one !== undefined).toSorted()[0] ?? '',
        unloaded: own,
        asked: days,
        history,
        done: (day) => doneNotes(loaded, day),
        runs,
        notes: new Map(),
      },
    ];
  });
  return new Map(views);
}

/** What a price would be made of again: the newest reply that has it. Partitions share notes. */
function doneNotesOf(
  ledger: PriceLedger | null,
): (loaded: LoadedSymbol | null, day: string) => PartitionNote {
  const notes = new Map<string | null, PartitionNote>();
  const next = new Map<string, string | null>();
  const days = ledger?.loadedDays ?? [];
  const dayAfterSession = (day: string): string | null => {
    const known = next.get(day);
    if (known !== undefined) return known;
    const found = days.find((one) => one > day) ?? null;
    next.set(day, found);
    return found;
  };
  const workOf = (loaded: LoadedSymbol, day: string): string | null => {
    if (day >= loaded.loadedFrom) return loaded.loadedOn;
    return day < loaded.historyOn ? loaded.historyOn : dayAfterSession(day);
  };
  return (loaded, day) => {
    const work = loaded === null ? null : workOf(loaded, day) || null;
    const note = notes.get(work) ?? { runId: null, rows: 1, reason: null, work };
    notes.set(work, note);
    return note;
  };
}

/** What was asked for in vain, by symbol and by the session that was over on the day of asking. */
function askedBySymbol({ ledger, asked }: FoundPrices): Map<string, Map<string, Unlanded>> {
  const bySymbol = new Map<string, Map<string, Unlanded>>();
  const put = (date: string, own: Iterable<readonly [string, Unlanded]>) => {
    const session = sessionsBetween(dayAfter(date, -10), date).at(-1)?.day;
    if (session === undefined) return;
    for (const [symbol, outcome] of own) {
      const days = bySymbol.get(symbol) ?? new Map<string, Unlanded>();
      days.set(session, outcome);
      bySymbol.set(symbol, days);
    }
  };
  for (const [date, own] of Object.entries(ledger?.asked ?? {})) put(date, Object.entries(own));
  for (const [date, own] of asked) put(date, own);
  return bySymbol;
}
