import { dayAfter, lastCompletedSession, sessionsBetween } from '../../../core/trading-calendar.ts';
import type { ObjectStore } from '../../../ports/object-store.ts';
import type { RecordStore } from '../../../ports/record-store.ts';
import type { Warehouse } from '../../../ports/warehouse.ts';
import { landedKey } from '../plan/landed.ts';
import { type Extraction, extractionsOf, type SymbolRecord, SYMBOLS } from '../plan/ledger.ts';
import { readReply } from '../extract/reply.ts';
import { FACT } from '../warehouse/schema.ts';

/**
 * How a session of a symbol stands: its price is in the warehouse, or only from before the close (`running`); it is
 * landed and not loaded; it was asked for in vain, or left for another day; or nothing is known of it.
 */
export type GridCell = 'loaded' | 'running' | 'landed' | 'failed' | 'pending' | 'missing';

/** Symbols by sessions, the oldest session first. */
export interface Grid {
  sessions: string[];
  symbols: { symbol: string; cells: GridCell[] }[];
}

export interface GridRequest {
  store: Pick<ObjectStore, 'get'>;
  records: RecordStore;
  /** Null where there is none to be asked: then nothing counts as loaded. */
  warehouse: Pick<Warehouse, 'query'> | null;
  now: Date;
  /** How many sessions, up to the newest that is over. */
  sessions: number;
  signal: AbortSignal;
}

/** What is there of the newest sessions, and what is not. */
export async function readGrid(request: GridRequest): Promise<Grid> {
  const sessions = newestSessions(request.now, request.sessions);
  const known = await knownSymbols(request);
  const loaded = await loadedCells(request, sessions[0] ?? '');
  const asked = await askedCells(request, sessions);
  const symbols: Grid['symbols'] = [];
  for (const symbol of new Set([...known.keys(), ...loaded.keys(), ...asked.keys()])) {
    const found = sessions.map(
      (day) => loaded.get(symbol)?.get(day) ?? asked.get(symbol)?.get(day),
    );
    const landed = found.includes(undefined)
      ? await landedDays(request, known.get(symbol))
      : new Set<string>();
    const cells = sessions.map(
      (day, at): GridCell => found[at] ?? (landed.has(day) ? 'landed' : 'missing'),
    );
    symbols.push({ symbol, cells });
  }
  return { sessions, symbols: symbols.toSorted((a, b) => (a.symbol < b.symbol ? -1 : 1)) };
}

function newestSessions(now: Date, count: number): string[] {
  const last = lastCompletedSession(now).day;
  // At least four sessions in any ten days.
  const from = dayAfter(last, -Math.ceil(count / 4) * 10);
  return sessionsBetween(from, last)
    .slice(-count)
    .map(({ day }) => day);
}

async function knownSymbols({ records, signal }: GridRequest): Promise<Map<string, SymbolRecord>> {
  const known = new Map<string, SymbolRecord>();
  for await (const { id, value } of records.scan<SymbolRecord>(SYMBOLS, { signal })) {
    known.set(id, value);
  }
  return known;
}

/** The days of the newest reply, which has at least the sessions of the last months. */
async function landedDays(
  { store, signal }: GridRequest,
  known: SymbolRecord | undefined,
): Promise<Set<string>> {
  if (known === undefined) return new Set();
  const { symbol, landedOn } = known;
  const bytes = await store.get(landedKey(landedOn, symbol), { signal });
  const reply = bytes === null ? null : readReply(bytes, symbol, landedOn);
  const rows = reply?.outcome === 'prices' ? reply.rows : [];
  return new Set(rows.map(({ refreshDate }) => refreshDate.slice(0, 10)));
}

type Cells = Map<string, Map<string, GridCell>>;

async function loadedCells({ warehouse, signal }: GridRequest, from: string): Promise<Cells> {
  const cells: Cells = new Map();
  if (warehouse === null) return cells;
  const { rows } = await warehouse.query(
    `SELECT symbol, CAST(price_date AS VARCHAR(10)), is_final FROM ${FACT.name}
     WHERE price_date >= CAST($1 AS DATE)`,
    [from],
    { signal },
  );
  for (const [symbol, day, isFinal] of rows) {
    setCell(cells, {
      symbol: String(symbol),
      day: String(day),
      cell: isFinal === true ? 'loaded' : 'running',
    });
  }
  return cells;
}

/** What was asked for on the day of a session, or on the next days until a later session, and did not come. */
async function askedCells(
  { records, now, signal }: GridRequest,
  sessions: readonly string[],
): Promise<Cells> {
  const cells: Cells = new Map();
  for (const [at, day] of sessions.entries()) {
    // Days of extraction are UTC's, which are ahead of New York's.
    const end = sessions[at + 1] ?? dayAfter(now.toISOString().slice(0, 10), 1);
    for (let date = day; date < end; date = dayAfter(date, 1)) {
      for await (const { value } of records.scan<Extraction>(extractionsOf(date), { signal })) {
        const { symbol, outcome } = value;
        if (outcome !== 'landed') setCell(cells, { symbol, day, cell: outcome });
      }
    }
  }
  return cells;
}

function setCell(
  cells: Cells,
  { symbol, day, cell }: { symbol: string; day: string; cell: GridCell },
): void {
  const own = cells.get(symbol) ?? new Map<string, GridCell>();
  own.set(day, cell);
  cells.set(symbol, own);
}
