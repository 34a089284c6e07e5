import { dayAfter, sessionsBetween } from '../../../core/trading-calendar.ts';
import type { Cell } from '../../../ports/query-engine.ts';
import type { RunIdentity, StepPorts } from '../../../ports/step.ts';
import type { Warehouse } from '../../../ports/warehouse.ts';
import { type Extraction, extractionsOf, type SymbolRecord, SYMBOLS } from '../plan/ledger.ts';
import { isKnownDay } from '../plan/price-day.ts';
import { FACT, LOADED_REPLIES, SESSIONS, SYMBOL_TABLE } from '../warehouse/schema.ts';
import { landedSince } from './landed-since.ts';
import {
  keepPriceLedger,
  type LoadedSymbol,
  type PriceLedger,
  readPriceLedger,
  type Unlanded,
  type UnloadedHistory,
} from './price-ledger.ts';

const day = (column: string) => `CAST(CAST(${column} AS DATE) AS VARCHAR(10))`;

const SPANS = `SELECT f.symbol, ${day('MIN(f.price_date)')}, ${day('MAX(f.price_date)')}, COUNT(*)
FROM ${FACT.name} f GROUP BY f.symbol`;

const GAPS = `SELECT w.symbol, ${day('d.session_date')}
FROM (SELECT symbol, MIN(price_date) AS first_date, MAX(price_date) AS last_date
  FROM ${FACT.name} GROUP BY symbol) w
JOIN ${SESSIONS.name} d ON d.session_date > w.first_date AND d.session_date < w.last_date
LEFT JOIN ${FACT.name} f ON f.symbol = w.symbol AND f.price_date = d.session_date
WHERE f.symbol IS NULL ORDER BY w.symbol, d.session_date`;

const OPEN = `SELECT symbol, ${day('price_date')} FROM ${FACT.name}
WHERE NOT is_final ORDER BY symbol, price_date`;

const DELISTED = `SELECT symbol, ${day('delisted_on')} FROM ${SYMBOL_TABLE.name}
WHERE delisted_on IS NOT NULL`;

const replyOf = (
  column: string,
) => `SELECT l.symbol, ${day('MAX(l.extraction_date)')}, MAX(l.etag), MAX(l.row_count)
FROM ${LOADED_REPLIES.name} l
JOIN (SELECT symbol, MAX(${column}) AS most FROM ${LOADED_REPLIES.name} GROUP BY symbol) n
  ON n.symbol = l.symbol AND n.most = l.${column}
GROUP BY l.symbol`;

const DAYS = `SELECT DISTINCT ${day('extraction_date')} AS loaded_day FROM ${LOADED_REPLIES.name}
ORDER BY loaded_day`;

/** Writes the ledger of what the fact table holds now, and of what was asked for in vain and is not in it. */
export async function writePriceLedger(
  ports: StepPorts,
  warehouse: Pick<Warehouse, 'query'>,
  run: RunIdentity,
): Promise<void> {
  const { store, records, signal } = ports;
  const before = await readPriceLedger(store, { signal });
  const symbols = await loadedSymbols(warehouse, signal);
  const asOf = [run.logicalDate, before?.asOf ?? ''].toSorted()[1] ?? run.logicalDate;
  const since = { store, records, ledger: before, to: asOf, signal };
  const { asked } = await landedSince(since);
  const { rows } = await warehouse.query(DAYS, [], { signal });
  const ledger: PriceLedger = {
    version: 1,
    runId: run.runId,
    asOf,
    symbols,
    loadedDays: rows.map(([loadedDay]) => String(loadedDay)),
    histories: await unloadedHistories(ports, symbols),
    asked: stillUnlanded(before, asked, symbols),
  };
  await keepPriceLedger(store, ledger, { signal });
}

/** Histories that were landed for an earlier warehouse, or by a run whose load has failed since. */
async function unloadedHistories(
  { records, signal }: StepPorts,
  symbols: Readonly<Record<string, LoadedSymbol>>,
): Promise<PriceLedger['histories']> {
  const found: Record<string, UnloadedHistory> = {};
  for await (const { id, value } of records.scan<SymbolRecord>(SYMBOLS, { signal })) {
    const date = value.bootstrappedOn;
    const loaded = symbols[id];
    if (date === null || loaded === undefined || loaded.historyOn >= date) continue;
    const extraction = await records.get<Extraction>(extractionsOf(date), id, { signal });
    const { firstDay, lastDay } = extraction ?? { firstDay: null, lastDay: null };
    if (firstDay === null || lastDay === null || firstDay >= loaded.first) continue;
    found[id] = { date, firstDay, lastDay };
  }
  return found;
}

async function loadedSymbols(
  warehouse: Pick<Warehouse, 'query'>,
  signal: AbortSignal,
): Promise<Record<string, LoadedSymbol>> {
  const rowsOf = async (sql: string) => (await warehouse.query(sql, [], { signal })).rows;
  const spans = await rowsOf(SPANS);
  const isWhole = spans.every(hasEverySession);
  const gaps = daysBySymbol(isWhole ? [] : await rowsOf(GAPS));
  const open = daysBySymbol(await rowsOf(OPEN));
  const delisted = daysBySymbol(await rowsOf(DELISTED));
  const newest = new Map((await rowsOf(replyOf('extraction_date'))).map((row) => [row[0], row]));
  const largest = new Map((await rowsOf(replyOf('row_count'))).map((row) => [row[0], row]));
  const symbols = spans.map(([name, first, last]): [string, LoadedSymbol] => {
    const symbol = String(name);
    const [, loadedOn = '', etag = '', rows = 0] = newest.get(name) ?? [];
    const [, historyOn = loadedOn] = largest.get(name) ?? [];
    return [
      symbol,
      {
        first: String(first),
        last: String(last),
        gaps: gaps.get(symbol) ?? [],
        open: open.get(symbol) ?? [],
        delistedOn: delisted.get(symbol)?.[0] ?? null,
        loadedOn: String(loadedOn),
        etag: String(etag),
        loadedFrom: daysBefore(String(last), { sessions: Number(rows), first: String(first) }),
        historyOn: String(historyOn),
      },
    ];
  });
  return Object.fromEntries(symbols.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The session so many before the last, this one counted; none before the first. */
function daysBefore(
  last: string,
  { sessions, first }: { sessions: number; first: string },
): string {
  if (!isKnownDay(last)) return first;
  // At least two sessions in any three days but for the longest holidays.
  const from = [dayAfter(last, -Math.ceil(sessions * 1.6) - 10), first].toSorted()[1] ?? first;
  return isKnownDay(from) ? (sessionsBetween(from, last).at(-sessions)?.day ?? first) : first;
}

function hasEverySession([, first, last, count]: readonly Cell[]): boolean {
  const [from, to] = [String(first), String(last)];
  return isKnownDay(from) && isKnownDay(to) && sessionsBetween(from, to).length === Number(count);
}

function daysBySymbol(rows: readonly (readonly Cell[])[]): Map<string, string[]> {
  const days = new Map<string, string[]>();
  for (const [name, one] of rows) {
    const symbol = String(name);
    const own = days.get(symbol);
    if (own === undefined) days.set(symbol, [String(one)]);
    else own.push(String(one));
  }
  return days;
}

/** What was asked for in vain, without what has been loaded since. */
function stillUnlanded(
  before: PriceLedger | null,
  asked: ReadonlyMap<string, ReadonlyMap<string, Unlanded>>,
  symbols: Readonly<Record<string, LoadedSymbol>>,
): PriceLedger['asked'] {
  const all = new Map<string, Record<string, Unlanded>>();
  for (const [date, own] of Object.entries(before?.asked ?? {})) all.set(date, { ...own });
  for (const [date, own] of asked) all.set(date, { ...all.get(date), ...Object.fromEntries(own) });
  const left: Record<string, Record<string, Unlanded>> = {};
  for (const date of [...all.keys()].toSorted()) {
    const own = Object.entries(all.get(date) ?? {}).filter(([symbol]) => {
      const loaded = symbols[symbol];
      return loaded === undefined || loaded.loadedOn < date;
    });
    if (own.length > 0) left[date] = Object.fromEntries(own);
  }
  return left;
}
