import { PipelineError } from '../../core/error.ts';
import { type Grid, type GridCell, readGrid } from '../../pipelines/market-data/quality/grid.ts';
import type { Warehouse } from '../../ports/warehouse.ts';
import { bucketFor, recordsOf } from '../host.ts';
import { widthOf } from './print-result.ts';
import type { Session } from '../session.ts';
import { formatTable } from './text-table.ts';
import { openExistingWarehouse } from '../wire/warehouse.ts';

/** Sessions beside each other: two weeks of trading fit a terminal of 80 columns. */
const SESSIONS_SHOWN = 10;

const WORDS: Readonly<Record<GridCell, readonly [short: string, meaning: string]>> = {
  loaded: ['ok', 'loaded'],
  running: ['open', 'loaded before the close'],
  landed: ['land', 'landed, not loaded'],
  failed: ['FAIL', 'asked for in vain'],
  pending: ['wait', 'pending: the quota of the day was used up'],
  missing: ['-', 'missing'],
};

/** The newest sessions of every symbol; what is loaded only where the warehouse can be asked. */
export async function readMarketGrid(session: Session): Promise<Grid> {
  const { signal, io } = session;
  const request = {
    store: bucketFor(session, 'market-data'),
    records: recordsOf(session, 'market-data'),
    now: io.clock.now(),
    sessions: SESSIONS_SHOWN,
    signal,
  };
  const warehouse = await existingWarehouse(session);
  try {
    return await readGrid({ ...request, warehouse });
  } catch (error) {
    // A warehouse into which no prices were loaded yet has no such table.
    if (!(error instanceof PipelineError) || error.kind !== 'bug' || warehouse === null)
      throw error;
    return readGrid({ ...request, warehouse: null });
  }
}

/** Null where there is none yet, or where it cannot be asked now: what is landed is told all the same. */
async function existingWarehouse(session: Session): Promise<Warehouse | null> {
  try {
    return await openExistingWarehouse(session);
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    if (error.kind !== 'not-found') {
      session.log.warn('status.warehouse', { reason: error.message });
    }
    return null;
  }
}

/** The grid as a table, and what its words mean. */
export function printMarketGrid(session: Session, { sessions, symbols }: Grid): void {
  if (symbols.length === 0) return;
  const columns = [
    { name: 'symbol', align: 'left' as const, isKept: true },
    ...sessions.map((day) => ({ name: day.slice(5), align: 'left' as const })),
  ];
  const rows = symbols.map(({ symbol, cells }) => [symbol, ...cells.map((cell) => WORDS[cell][0])]);
  const { stdout } = session.io;
  stdout.write(`\n${formatTable(columns, rows, { widthMax: widthOf(session) })}`);
  const used = new Set(symbols.flatMap(({ cells }) => cells));
  const legend = Object.entries(WORDS)
    .filter(([cell]) => used.has(cell as GridCell))
    .map(([, [short, meaning]]) => `${short} ${meaning}`);
  stdout.write(`${legend.join(' · ')}\n`);
}
