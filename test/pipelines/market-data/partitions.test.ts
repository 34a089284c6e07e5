import { beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import {
  keepPriceLedger,
  type LoadedSymbol,
  PRICE_LEDGER_KEY,
  type PriceLedger,
} from '../../../services/pipelines/market-data/ledger/price-ledger.ts';
import { marketPartitions } from '../../../services/pipelines/market-data/partitions.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import { putRun, standings, statuses } from '../../support/partitions.ts';

/** A Wednesday, when the session of that day goes on. */
const NOW = new Date('2026-01-14T16:00:00Z');
const WANTED = { pipeline: 'market-data', now: NOW };
const IBM: LoadedSymbol = {
  first: '2026-01-05',
  last: '2026-01-09',
  gaps: ['2026-01-07'],
  open: ['2026-01-09'],
  delistedOn: null,
  loadedOn: '2026-01-09',
  etag: 'x',
  loadedFrom: '2026-01-08',
  historyOn: '2026-01-06',
};
let store: ObjectStore;

beforeEach(() => {
  store = memoryStore({ bucket: 'market', clock: manualClock(NOW) });
});

function ledger(more: Partial<PriceLedger> = {}): Promise<void> {
  const whole = { version: 1, runId: 'r', asOf: '2026-01-09', symbols: { IBM } } as const;
  const loadedDays = ['2026-01-06', '2026-01-08', '2026-01-09'];
  return keepPriceLedger(store, { ...whole, loadedDays, histories: {}, asked: {}, ...more });
}

async function extraction(symbol: string, date: string, outcome: 'landed' | 'failed' | 'pending') {
  const days = outcome === 'landed' ? { firstDay: '2026-01-08', lastDay: '2026-01-12' } : {};
  const record = { symbol, date, outcome, ...days };
  await objectRecords(store).put(`extractions/${date}`, symbol, record);
  if (outcome === 'landed')
    await store.put(`raw/stock_data/${date}/${symbol}_daily.json`, Buffer.from('{}'));
}

describe('the partitions of market-data', () => {
  it('are sessions by symbol: loaded, a gap, from before the close, not asked for', async () => {
    await ledger();
    const found = await statuses(marketPartitions, store, WANTED);
    expect(found.map(({ day, state, work }) => [day, state, work])).toEqual([
      ['2026-01-05', 'done', '2026-01-06'],
      ['2026-01-06', 'done', '2026-01-08'],
      ['2026-01-07', 'missing', null],
      ['2026-01-08', 'done', '2026-01-09'],
      ['2026-01-09', 'stale', '2026-01-09'],
      ['2026-01-12', 'missing', null],
      ['2026-01-13', 'missing', null],
    ]);
  });

  it('are stale or missing when a reply is landed and not loaded, and tell the day to load', async () => {
    await ledger();
    await extraction('IBM', '2026-01-13', 'landed');
    const found = await statuses(marketPartitions, store, { ...WANTED, from: '2026-01-08' });
    expect(found.map(({ day, state, work }) => [day, state, work])).toEqual([
      ['2026-01-08', 'stale', '2026-01-13'],
      ['2026-01-09', 'stale', '2026-01-13'],
      ['2026-01-12', 'missing', '2026-01-13'],
      ['2026-01-13', 'missing', null],
    ]);
  });

  it('are done when the landed reply is the one that is loaded, byte for byte', async () => {
    await extraction('IBM', '2026-01-13', 'landed');
    const info = await store.head('raw/stock_data/2026-01-13/IBM_daily.json');
    const loaded = { ...IBM, last: '2026-01-12', loadedOn: '2026-01-13', open: [] };
    await ledger({ asOf: '2026-01-13', symbols: { IBM: { ...loaded, etag: info?.etag ?? '' } } });
    const wanted = { ...WANTED, from: '2026-01-08', to: '2026-01-12' };
    const all = await standings(marketPartitions, store, wanted);
    expect(new Set(Object.values(all))).toEqual(new Set(['done']));
    await ledger({ asOf: '2026-01-13', symbols: { IBM: { ...loaded, etag: 'another' } } });
    const again = await standings(marketPartitions, store, wanted);
    expect(again['2026-01-08/IBM']).toBe('stale');
  });

  it('are failed when they were asked for in vain, now or long ago, and wait for the quota', async () => {
    await ledger({ asked: { '2026-01-08': { KO: 'failed' } } });
    await extraction('KO', '2026-01-12', 'pending');
    await extraction('KO', '2026-01-13', 'failed');
    const found = await statuses(marketPartitions, store, WANTED);
    const own = found.filter(({ lane }) => lane === 'KO');
    expect(own.map(({ day, state, reason }) => [day, state, reason])).toEqual([
      ['2026-01-08', 'failed', 'asked for in vain'],
      ['2026-01-09', 'missing', 'not asked for yet'],
      ['2026-01-12', 'missing', 'the quota of the day was used up'],
      ['2026-01-13', 'failed', 'asked for in vain'],
    ]);
  });

  it('are those of a landed history too that is not loaded', async () => {
    const history = { date: '2026-01-08', firstDay: '2025-12-30', lastDay: '2026-01-08' };
    await ledger({ histories: { IBM: history } });
    const [first, ...others] = await statuses(marketPartitions, store, WANTED);
    expect([first?.day, first?.state, first?.work]).toEqual([
      '2025-12-30',
      'missing',
      '2026-01-08',
    ]);
    expect(others.find(({ day }) => day === '2026-01-05')?.state).toBe('done');
  });

  it('are not expected of a symbol that is not traded any more', async () => {
    await ledger({ symbols: { IBM: { ...IBM, delistedOn: '2026-01-09' } } });
    const found = await standings(marketPartitions, store, WANTED);
    expect(Object.keys(found).at(-1)).toBe('2026-01-09/IBM');
  });

  it('are as the newest run of the day of extraction says: running, or failed', async () => {
    await ledger();
    await extraction('IBM', '2026-01-13', 'landed');
    const run = { run_id: 'r1', workflow: 'market-data', logical_date: '2026-01-13' };
    const started_at = '2026-01-14T15:00:00.000Z';
    await putRun(store, { ...run, status: 'running', started_at });
    const running = await standings(marketPartitions, store, WANTED);
    expect(running['2026-01-12/IBM']).toBe('running');
    await putRun(store, { ...run, status: 'failed', started_at });
    const failed = await standings(marketPartitions, store, WANTED);
    expect(failed['2026-01-12/IBM']).toBe('failed');
  });

  it('refuse a ledger that is none', async () => {
    await store.put(PRICE_LEDGER_KEY, Buffer.from('{"version":1}'));
    await expect(standings(marketPartitions, store, WANTED)).rejects.toMatchObject({
      kind: 'input-invalid',
    });
  });
});
