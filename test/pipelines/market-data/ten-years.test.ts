import { expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import { partitionGrid } from '../../../services/cli/view/partition-grid.ts';
import { openPartitions } from '../../../services/cli/view/partition-list.ts';
import { sessionsBetween } from '../../../services/core/trading-calendar.ts';
import {
  keepPriceLedger,
  type LoadedSymbol,
} from '../../../services/pipelines/market-data/ledger/price-ledger.ts';
import { marketPartitions } from '../../../services/pipelines/market-data/partitions.ts';
import { NO_RUNS } from '../../../services/stages/observe/partitions/known-runs.ts';
import { describeLong } from '../../support/require-component.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const [FIRST, LAST] = ['2016-11-21', '2026-11-20'];
const SYMBOLS = 500;
const CPU_SECONDS_MAX = 2;
const HEAP_BYTES_MAX = 200 * 2 ** 20;

describeLong('the status of ten years of 500 symbols', () => {
  it('takes less than two seconds of a processor, and less than 200 MiB', async () => {
    const store = memoryStore({ bucket: 'market', clock: manualClock(NOW) });
    const days = sessionsBetween(FIRST, LAST).map(({ day }) => day);
    const symbol = (at: number): LoadedSymbol => ({
      first: FIRST,
      last: LAST,
      gaps: days.filter((_, place) => (place * 7 + at * 13) % 501 === 0),
      open: [],
      delistedOn: null,
      loadedOn: '2026-11-21',
      etag: '',
      loadedFrom: '2026-07-01',
      historyOn: '2017-01-03',
    });
    const symbols = Object.fromEntries(
      Array.from({ length: SYMBOLS }, (_, at) => [`S${at}`, symbol(at)]),
    );
    const whole = { version: 1, runId: 'r', asOf: '2026-11-21', symbols, histories: {} } as const;
    await keepPriceLedger(store, { ...whole, loadedDays: days, asked: {} });
    const before = process.memoryUsage();
    const cpu = process.cpuUsage();
    const { signal } = new AbortController();
    const records = objectRecords(store);
    const request = { store, records, from: FIRST, to: LAST, now: NOW, runs: NO_RUNS, signal };
    const table = await marketPartitions.read(request);
    const text = partitionGrid(table, false) + openPartitions(table, 120);
    const { user, system } = process.cpuUsage(cpu);
    const after = process.memoryUsage();
    expect(table.size).toBe(days.length * SYMBOLS);
    expect(text).toContain('500 symbols; each day as its worst one');
    expect((user + system) / 1e6).toBeLessThan(CPU_SECONDS_MAX);
    const grown = after.heapTotal + after.arrayBuffers - before.heapTotal - before.arrayBuffers;
    expect(grown).toBeLessThan(HEAP_BYTES_MAX);
  });
});
