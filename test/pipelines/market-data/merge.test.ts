import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { marketMigrations } from '../../../services/pipelines/market-data/warehouse/schema.ts';
import { migrate } from '../../../services/stages/serve/migrate.ts';
import { PipelineError } from '../../../services/core/error.ts';
import type { StepResult } from '../../../services/ports/step.ts';
import type { Warehouse } from '../../../services/ports/warehouse.ts';
import {
  emptyTables,
  embeddedWarehouse,
  marketBench,
  type MarketBench,
} from '../../support/market.ts';
import { type Day, land, landThree, THREE_DATES as DATES } from '../../support/market-landed.ts';
import { sharedMarket } from '../../support/shared-market.ts';

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

describe.skipIf(sharedMarket('daily_AAPL_20170427.json') === null)('real replies', () => {
  it.each(REAL)(
    'of %s on %s: every day is in the fact table, every value exact',
    async (symbol, date, file) => {
      const one = bench();
      const bytes = sharedMarket(file) ?? Buffer.of();
      await one.store.put(`raw/stock_data/${date}/${symbol}_daily.json`, bytes);
      await one.run({ date, parameters: NO_CALLS, until: 'transform' });
      const whole = JSON.parse(bytes.toString().replace(/^\uFEFF/, '')) as Record<string, object>;
      const series = whole['Time Series (Daily)'] as Record<string, Record<string, string>>;
      const expected = Object.entries(series)
        .map(([day, row]) => [symbol, day.slice(0, 10), ...Object.values(row), day.length === 10])
        .toSorted((a, b) => (String(a[1]) < String(b[1]) ? -1 : 1));
      const loaded =
        await one.rows(`SELECT symbol, price_date, open_amt::text, high_amt::text, low_amt::text,
      close_amt::text, volume_cnt::text, is_final FROM market_data.fct_stock_prices ORDER BY price_date`);
      expect(loaded).toEqual(expected);
      expect(loaded.length).toBeGreaterThanOrEqual(95);
      expect(await one.rows('SELECT * FROM market_data.stg_stock_prices')).toEqual([]);
    },
  );
});

const merge = (
  one: MarketBench,
  date: string,
  parameters: Record<string, string> = {},
  runId = `run-${date}`,
) =>
  one.run({
    date,
    runId,
    parameters: { ...NO_CALLS, 'catch-up-days': '0', ...parameters },
    until: 'transform',
  });

const outputsOf = (results: Map<string, StepResult[]>) => results.get('transform')?.[0]?.outputs;
const IDS =
  'SELECT stock_id, symbol, price_date, created_at FROM market_data.fct_stock_prices ORDER BY 2, 3';

describe('the fact table', () => {
  it('of one load of everything is that of every order of its days, each of them twice', async () => {
    const whole = bench();
    await landThree(whole);
    await merge(whole, '2026-01-14', { dates: '2026-01-12..2026-01-14' });
    const expected = await whole.fact();
    expect(expected).toHaveLength(16);
    expect(expected.filter((row) => /11\.1111|12\.2222/.test(row))).toHaveLength(4);
    const orders = [
      [0, 1, 2],
      [2, 1, 0],
      [1, 0, 2],
      [0, 2, 1],
      [2, 0, 1, 0, 2],
    ];
    for (const order of orders) {
      await emptyTables(warehouse.warehouse);
      const one = bench();
      await landThree(one);
      for (const at of order) await merge(one, DATES[at] ?? '');
      expect([order, await one.fact()]).toEqual([order, expected]);
    }
  });

  it('keeps stock_id and created_at of unchanged rows, and touches no row when a day is loaded again', async () => {
    const one = bench();
    await landThree(one);
    await merge(one, '2026-01-12');
    const before = new Map((await one.rows(IDS)).map((row) => [row.slice(1, 3).join(' '), row]));
    expect(outputsOf(await merge(one, '2026-01-13'))).toEqual({
      inserted: '2',
      revised: '2',
      unchanged: '2',
      rejected: '0',
    });
    const kept = (await one.rows(IDS)).filter(
      ([, , day]) => day !== '2026-01-09' && day !== '2026-01-13',
    );
    expect(kept).toHaveLength(10);
    expect(kept).toEqual(kept.map((row) => before.get(row.slice(1, 3).join(' '))));
    const tuples = 'SELECT xmin::text, ctid::text FROM market_data.fct_stock_prices ORDER BY 2';
    const untouched = await one.rows(tuples);
    expect(outputsOf(await merge(one, '2026-01-13'))).toMatchObject({
      inserted: '0',
      revised: '0',
    });
    const again = await merge(one, '2026-01-13', { reload: 'true' }, 'reload');
    expect(outputsOf(again)).toEqual({
      inserted: '0',
      revised: '0',
      unchanged: '6',
      rejected: '0',
    });
    expect(await one.rows(tuples)).toEqual(untouched);
  });

  it('has every revision with old and new price', async () => {
    const one = bench();
    await landThree(one);
    for (const date of DATES) await merge(one, date);
    const revisions =
      await one.rows(`SELECT symbol, price_date, old_close_amt, new_close_amt, was_final, run_id
      FROM market_data.price_revisions ORDER BY price_date, symbol`);
    expect(revisions).toEqual([
      ['IBM', '2026-01-09', '10.5000', '11.1111', true, 'run-2026-01-13'],
      ['KO', '2026-01-09', '10.5000', '11.1111', true, 'run-2026-01-13'],
      ['IBM', '2026-01-12', '10.5000', '12.2222', true, 'run-2026-01-14'],
      ['KO', '2026-01-12', '10.5000', '12.2222', true, 'run-2026-01-14'],
    ]);
  });

  it('takes a session that was not over, marks it, and replaces it later', async () => {
    const one = bench();
    await land(one, { date: '2026-01-14', symbol: 'IBM' }, [
      { day: '2026-01-14 12:14:00', close: '9.0000' },
      { day: '2026-01-13' },
    ]);
    await merge(one, '2026-01-14');
    expect((await one.fact()).map((row) => row.split(' ').at(-1))).toEqual(['true', 'false']);
    await land(one, { date: '2026-01-15', symbol: 'IBM' }, [
      { day: '2026-01-14', close: '9.5000' },
    ]);
    await merge(one, '2026-01-15');
    expect((await one.fact())[1]).toBe('IBM 2026-01-14 10.0000 20.0000 1.0000 9.5000 100 true');
    expect(await one.rows('SELECT was_final FROM market_data.price_revisions')).toEqual([[false]]);
  });

  it('has the rows that can be cast; the others are in quarantine with place and rule', async () => {
    const one = bench();
    const bad: Day[] = [
      { day: '2026-01-14' },
      { day: '2026-02-29' },
      { day: '2024-02-29' },
      { day: '2026-04-31' },
      { day: '14.01.2026' },
      { day: '2026-01-13', open: 'n/a' },
      { day: '2026-01-12', close: '1e5' },
      { day: '2026-01-09', volume: '12.5' },
      { day: '2026-01-08', close: '' },
      { day: '2026-01-07', close: '99999999999999.9999' },
      { day: '2026-01-06', close: '.5' },
      { day: '2026-01-05', close: '10.00005' },
    ];
    await land(one, { date: '2026-01-14', symbol: 'IBM' }, bad);
    const results = await merge(one, '2026-01-14');
    expect(outputsOf(results)).toEqual({
      inserted: '4',
      revised: '0',
      unchanged: '0',
      rejected: '5',
    });
    expect(results.get('transform')?.[0]?.counts).toEqual({
      rowsRead: 9,
      rowsWritten: 4,
      rowsRejected: 5,
    });
    expect((await one.fact()).map((row) => row.split(' ')[5])).toEqual([
      '10.5000',
      '10.0001',
      '0.5000',
      '10.5000',
    ]);
    const rejectsOf = async (dataset: string) => {
      const kept = await one.store.get(`_quarantine/${dataset}/2026-01-14/IBM.jsonl`);
      const lines = Buffer.from(kept ?? [])
        .toString()
        .trim()
        .split('\n');
      return lines.map(
        (line) => JSON.parse(line) as { line: number; rule: string; object: string },
      );
    };
    const days = await rejectsOf('replies');
    expect(days.map(({ line, rule }) => `${line} ${rule}`)).toEqual([
      '2 date-invalid',
      '4 date-invalid',
      '5 date-invalid',
    ]);
    const rules = await rejectsOf('stock_prices');
    expect(rules.map(({ line, rule }) => `${line} ${rule}`)).toEqual([
      '6 open-invalid',
      '7 close-invalid',
      '8 volume-invalid',
      '9 close-invalid',
      '10 close-invalid',
    ]);
    expect(rules[0]?.object).toBe('raw/stock_data/2026-01-14/IBM_daily.json');
  });

  it('gets what was landed and never loaded, when the next day is loaded', async () => {
    const one = bench();
    await landThree(one);
    await merge(one, '2026-01-14', { 'catch-up-days': '7' });
    expect(await one.fact()).toHaveLength(16);
  });
});

async function caught(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    return error;
  }
}

describe('a load that fails', () => {
  /** The warehouse, whose n-th statement from now on fails in place of being run. */
  function failingAt(number: number): Warehouse & { count: () => number } {
    const real = warehouse.warehouse;
    let count = 0;
    const guard =
      <A extends unknown[], T>(work: (...args: A) => Promise<T>) =>
      async (...args: A): Promise<T> => {
        count += 1;
        if (count === number) throw new PipelineError('unavailable', `statement ${number} failed`);
        return work(...args);
      };
    return {
      ...real,
      transaction: (work, options) =>
        real.transaction(
          (tx) =>
            work({
              run: guard((...args: Parameters<typeof tx.run>) => tx.run(...args)),
              query: guard((...args: Parameters<typeof tx.query>) => tx.query(...args)),
              copyIn: guard((...args: Parameters<typeof tx.copyIn>) => tx.copyIn(...args)),
            }),
          options,
        ),
      count: () => count,
    };
  }

  const STAGED = `SELECT symbol, refresh_date, close_price, extraction_date FROM market_data.stg_stock_prices ORDER BY 1, 4, 2`;
  const stateOf = async (one: MarketBench) => ({
    ids: await one.rows(IDS),
    fact: await one.fact(),
    staged: await one.rows(STAGED),
    replies: await one.rows('SELECT object_key FROM market_data.stg_replies ORDER BY 1'),
    loaded: await one.rows('SELECT object_key, etag FROM market_data.loaded_replies ORDER BY 1'),
    revisions: await one.rows('SELECT * FROM market_data.price_revisions ORDER BY 1, 2'),
    symbols: await one.rows('SELECT * FROM market_data.dim_symbols ORDER BY 1'),
  });

  it.each(['load', 'transform'])(
    'at any statement of %s leaves fact and staging as they were',
    async (step) => {
      const one = bench();
      await landThree(one);
      await merge(one, '2026-01-12');
      const identity = { logicalDate: '2026-01-13', runId: 'failing' };
      const parameters = { 'catch-up-days': '0' };
      if (step === 'transform') await one.step('load', parameters, identity);
      const before = await stateOf(one);
      let number = 0;
      for (let isHit = true; isHit;) {
        number += 1;
        const failing = failingAt(number);
        const broken = marketBench({ warehouse: failing, store: one.store });
        const outcome = await caught(() => broken.step(step, parameters, identity));
        isHit = failing.count() >= number;
        const state = isHit ? await stateOf(one) : before;
        const kind = outcome instanceof PipelineError ? outcome.kind : null;
        expect([number, kind, state]).toEqual([number, isHit ? 'unavailable' : null, before]);
      }
      expect(number).toBeGreaterThan(step === 'load' ? 8 : 15);
      expect(await stateOf(one)).not.toEqual(before);
      await merge(one, '2026-01-13');
      expect((await one.fact()).filter((row) => row.includes('11.1111'))).toHaveLength(2);
    },
  );

  it('because a newer day was loaded after its own was staged is a conflict, and the next load cures it', async () => {
    const one = bench();
    await landThree(one);
    const old = { logicalDate: '2026-01-13', runId: 'old' };
    const { warehouse: real } = warehouse;
    await one.step('load', { 'catch-up-days': '0' }, old);
    // As another process does between the two steps.
    await real.transaction(async (tx) => {
      await tx.run(`INSERT INTO market_data.loaded_replies VALUES
        ('IBM', '2026-01-14 00:00:00', 'raw/stock_data/2026-01-14/IBM_daily.json', 'some', 3)`);
    });
    await expect(one.step('transform', {}, old)).rejects.toMatchObject({ kind: 'conflict' });
    await one.step('load', { 'catch-up-days': '0' }, { ...old, runId: 'again' });
    await one.step('transform', {}, { ...old, runId: 'again' });
    expect((await one.fact()).find((row) => row.startsWith('IBM 2026-01-12'))).toContain('12.2222');
  });

  it('because a later reply that was loaded is gone puts no old price back', async () => {
    const one = bench();
    await landThree(one);
    for (const date of [DATES[1], DATES[2]]) await merge(one, date);
    const before = await one.fact();
    await one.store.delete('raw/stock_data/2026-01-14/KO_daily.json');
    await expect(merge(one, DATES[0])).rejects.toMatchObject({ kind: 'not-found' });
    expect(await one.fact()).toEqual(before);
  });

  it('for a reply that is gone or is none loads the others, and is strict when asked', async () => {
    const one = bench();
    await landThree(one);
    await one.store.put('raw/stock_data/2026-01-12/BAD_daily.json', Buffer.from('<html>'));
    const results = await merge(one, '2026-01-12');
    expect(results.get('load')?.[0]?.problems).toHaveLength(1);
    expect(await one.fact()).toHaveLength(12);
    await expect(
      merge(one, '2026-01-12', { strict: 'true', reload: 'true' }),
    ).rejects.toMatchObject({ kind: 'input-invalid' });
  });
});

describe('the analyst', () => {
  it('may read what is published, and change or see nothing else', async () => {
    const one = bench();
    await landThree(one);
    await merge(one, '2026-01-12');
    const as = (sql: string) =>
      warehouse.warehouse.transaction(async (tx) => {
        await tx.run('SET LOCAL ROLE market_data_analyst');
        return tx.query(sql);
      });
    expect((await as('SELECT COUNT(*) FROM market_data.fct_stock_prices')).rows).toEqual([[12]]);
    await expect(as('DELETE FROM market_data.fct_stock_prices')).rejects.toMatchObject({
      kind: 'denied',
    });
    await expect(as('SELECT * FROM market_data.stg_stock_prices')).rejects.toMatchObject({
      kind: 'denied',
    });
  });
});

describe('the reference table', () => {
  it('knows first and last day of each symbol, and which is not traded any more', async () => {
    const one = bench();
    await land(one, { date: '2026-01-14', symbol: 'OLD' }, [
      { day: '2025-12-01' },
      { day: '2025-12-02' },
    ]);
    await land(one, { date: '2026-01-14', symbol: 'NEW' }, [
      { day: '2026-01-13' },
      { day: '2026-01-14' },
    ]);
    await merge(one, '2026-01-14');
    expect(
      await one.rows(`SELECT symbol, first_price_date, last_price_date, delisted_on
      FROM market_data.dim_symbols ORDER BY 1`),
    ).toEqual([
      ['NEW', '2026-01-13', '2026-01-14', null],
      ['OLD', '2025-12-01', '2025-12-02', '2025-12-02'],
    ]);
  });
});
