import { dayAfter, lastCompletedSession, sessionsBetween } from '../../core/trading-calendar.ts';
import type { RecordStore } from '../../ports/record-store.ts';
import type { Warehouse } from '../../ports/warehouse.ts';
import { type Extraction, extractionsOf, type SymbolRecord, SYMBOLS } from './ledger.ts';
import { FACT } from './schema.ts';

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
  const symbols = new Set([...known.keys(), ...loaded.keys(), ...asked.keys()]);
  return {
    sessions,
    symbols: [...symbols].toSorted().map((symbol) => ({
      symbol,
      cells: sessions.map(
        (day) =>
          loaded.get(symbol)?.get(day) ??
          asked.get(symbol)?.get(day) ??
          (isLanded(known.get(symbol), day) ? 'landed' : 'missing'),
      ),
    })),
  };
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

/** A reply holds at least the sessions of the last weeks before its newest. */
function isLanded(known: SymbolRecord | undefined, day: string): boolean {
  return known !== undefined && day <= known.lastDay;
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
