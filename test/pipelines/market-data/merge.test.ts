import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { marketMigrations } from '../../../services/pipelines/market-data/schema.ts';
import { migrate } from '../../../services/stages/serve/migrate.ts';
import { emptyTables, embeddedWarehouse, marketBench } from '../../support/market.ts';

const SHARED = new URL('../../../../shared/data/market/', import.meta.url);
const REAL = [
  ['AAPL', '2017-04-27', 'daily_AAPL_20170427.json'],
  ['XELB', '2017-04-27', 'daily_XELB_20170427.json'],
  ['MSFT', '2018-08-16', 'daily_MSFT_20180816.json'],
] as const;

let warehouse: Awaited<ReturnType<typeof embeddedWarehouse>>;
beforeAll(async () => {
  warehouse = await embeddedWarehouse();
  await migrate(warehouse.warehouse, marketMigrations('postgres'));
}, 60_000);
afterAll(() => warehouse.remove());
beforeEach(() => emptyTables(warehouse.warehouse));

const bench = () => marketBench({ warehouse: warehouse.warehouse });
const NO_CALLS = { extract: 'false' };

describe.skipIf(!existsSync(SHARED))('real replies', () => {
  it.each(REAL)('of %s on %s: every day is in the fact table, every value exact', async (symbol, date, file) => {
    const { store, run, rows } = bench();
    const bytes = readFileSync(new URL(file, SHARED));
    await store.put(`raw/stock_data/${date}/${symbol}_daily.json`, bytes);
    await run({ date, parameters: NO_CALLS, until: 'transform' });
    const reply = JSON.parse(bytes.toString().replace(/^\uFEFF/, '')) as Record<string, object>;
    const series = reply['Time Series (Daily)'] as Record<string, Record<string, string>>;
    const expected = Object.entries(series)
      .map(([day, row]) => [symbol, day.slice(0, 10), ...Object.values(row), day.length === 10])
      .toSorted((a, b) => (String(a[1]) < String(b[1]) ? -1 : 1));
    const loaded = await rows(`SELECT symbol, price_date, open_amt::text, high_amt::text, low_amt::text,
      close_amt::text, volume_cnt::text, is_final FROM market_data.fct_stock_prices ORDER BY price_date`);
    expect(loaded).toEqual(expected);
    expect(loaded.length).toBeGreaterThanOrEqual(95);
    expect(await rows('SELECT * FROM market_data.stg_stock_prices')).toEqual([]);
  });
});
