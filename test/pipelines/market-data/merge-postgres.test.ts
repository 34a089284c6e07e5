import { afterAll, beforeAll, expect, it } from 'vitest';
import { postgresWarehouse } from '../../../services/adapters/warehouse/postgres.ts';
import { marketMigrations } from '../../../services/pipelines/market-data/warehouse/schema.ts';
import type { Warehouse } from '../../../services/ports/warehouse.ts';
import { migrate } from '../../../services/stages/serve/migrate.ts';
import { landThree, THREE_DATES } from '../../support/market-landed.ts';
import { emptyTables, marketBench, type MarketBench } from '../../support/market.ts';
import {
  postgresProgram,
  type PostgresServer,
  startPostgres,
} from '../../support/postgres-server.ts';
import { describeLongWith } from '../../support/require-component.ts';

const program = await postgresProgram();

describeLongWith(program, 'market-data on a PostgreSQL server', () => {
  let server: PostgresServer;
  let warehouse: Warehouse;
  beforeAll(async () => {
    server = await startPostgres(program.path ?? '');
    warehouse = postgresWarehouse(await server.createDatabase('market'));
    await migrate(warehouse, marketMigrations('postgres'));
  }, 60_000);
  afterAll(async () => {
    await warehouse.close();
    await server.stop();
  });

  const merge = (one: MarketBench, date: string, parameters: Record<string, string> = {}) =>
    one.run({
      date,
      parameters: { extract: 'false', 'catch-up-days': '0', ...parameters },
      until: 'transform',
    });

  it('loads days in any order as it loads them at once', async () => {
    const whole = marketBench({ warehouse });
    await landThree(whole);
    await merge(whole, '2026-01-14', { dates: '2026-01-12..2026-01-14' });
    const expected = await whole.fact();
    expect(expected).toHaveLength(16);
    await emptyTables(warehouse);
    const one = marketBench({ warehouse });
    await landThree(one);
    for (const at of [2, 0, 1, 0]) await merge(one, THREE_DATES[at] ?? '');
    expect(await one.fact()).toEqual(expected);
  });

  it('keeps readers in while it loads into an empty table that is being read', async () => {
    await emptyTables(warehouse);
    const one = marketBench({ warehouse });
    await landThree(one);
    await warehouse.transaction(async (reader) => {
      await reader.query('SELECT count(*) FROM market_data.fct_stock_prices');
      await merge(one, '2026-01-12');
      const seen = await reader.query('SELECT count(*) FROM market_data.fct_stock_prices');
      expect(Number(seen.rows[0]?.[0])).toBe(12);
    });
    const indexes = await one.rows(
      `SELECT indexname FROM pg_indexes WHERE tablename = 'fct_stock_prices' ORDER BY 1`,
    );
    expect(indexes.flat()).toEqual(['fct_stock_prices_key', 'fct_stock_prices_price_date']);
  });

  it('lets two runs at once come to what one after the other would', async () => {
    await emptyTables(warehouse);
    const one = marketBench({ warehouse });
    await landThree(one);
    const outcomes = await Promise.allSettled(THREE_DATES.map((date) => merge(one, date)));
    const conflicts = outcomes.filter(({ status }) => status === 'rejected');
    for (const date of THREE_DATES) await merge(one, date);
    expect(conflicts.length).toBeLessThan(3);
    const closes = (await one.fact()).filter((row) => /11\.1111|12\.2222/.test(row));
    expect(closes).toHaveLength(4);
  });
});
