import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import { newYorkDay, sessionsBetween } from '../../../services/core/trading-calendar.ts';
import { readGrid } from '../../../services/pipelines/market-data/quality/grid.ts';
import { readReply } from '../../../services/pipelines/market-data/extract/reply.ts';
import { marketReport } from '../../../services/pipelines/market-data/report.ts';
import { marketMigrations } from '../../../services/pipelines/market-data/warehouse/schema.ts';
import { recordRunEnd, recordRunStart } from '../../../services/stages/observe/run-record.ts';
import { migrate } from '../../../services/stages/serve/migrate.ts';
import {
  emptyTables,
  embeddedWarehouse,
  marketBench,
  type MarketBench,
} from '../../support/market.ts';
import { type Day, land, replyBytes } from '../../support/market-landed.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

const DATE = '2026-01-16';
const GOOD = '2026-01-15';
const NEVER = new AbortController().signal;
const ROW = (open: string) =>
  `{"1. open":"${open}","2. high":"2.0000","3. low":"0.5000","4. close":"1.5000","5. volume":"10"}`;
const replyOf = (rows: string) =>
  Buffer.from(`{"Meta Data":{"2. Symbol":"IBM"},"Time Series (Daily)":{${rows}}}`);

const NO_DAYS: readonly (readonly [day: string, rule: string])[] = [
  ['0000-01-01', 'date-invalid'],
  ['0000-00-00', 'date-invalid'],
  ['', 'date-invalid'],
  ['hello', 'date-invalid'],
  ['constructor', 'date-invalid'],
  ['1989-12-29', 'date-invalid'],
  ['2040-01-03', 'date-invalid'],
  ['2026-02-29', 'date-invalid'],
  ['2026-01-15 25:00:00', 'date-invalid'],
  ['2026-01-20', 'date-future'],
  ['2026-01-20 12:00:00', 'date-future'],
  ['2030-01-02', 'date-future'],
];

describe('a key of a reply that is no day of which prices can be', () => {
  it.each(NO_DAYS)('%j is a reject, and first and last day are of the others', (day, rule) => {
    const reply = readReply(
      replyOf(`"${day}":${ROW('9.0000')},"${GOOD}":${ROW('1.0000')}`),
      'IBM',
      DATE,
    );
    expect(reply).toMatchObject({
      outcome: 'prices',
      rows: [{ refreshDate: GOOD, open: '1.0000' }],
      rejects: [{ line: 1, rule, text: expect.stringContaining(`${day} `) }],
      firstDay: GOOD,
      lastDay: GOOD,
      isFinal: true,
    });
  });

  it.each(NO_DAYS)('%j alone makes no prices', (day) => {
    const reply = readReply(replyOf(`"${day}":${ROW('9.0000')}`), 'IBM', DATE);
    expect(reply).toMatchObject({ outcome: 'unreadable', kind: 'input-invalid' });
  });

  it('that is there twice is told, and the last of them is taken', () => {
    const rows = `"${GOOD}":${ROW('1.0000')},"2026-01-14":${ROW('4.0000')},"${GOOD}": ${ROW('3.0000')}`;
    const reply = readReply(replyOf(rows), 'IBM', DATE);
    expect(reply).toMatchObject({
      outcome: 'prices',
      rows: [{ open: '3.0000' }, { open: '4.0000' }],
      rejects: [{ line: 1, rule: 'day-repeated', text: expect.stringContaining('1.0000') }],
    });
  });
});

let embedded: Awaited<ReturnType<typeof embeddedWarehouse>>;
beforeAll(async () => {
  embedded = await embeddedWarehouse();
  await migrate(embedded.warehouse, marketMigrations('postgres'));
}, 60_000);
afterAll(() => embedded.remove());
beforeEach(() => emptyTables(embedded.warehouse));

const bench = () => marketBench({ warehouse: embedded.warehouse });
const merge = (one: MarketBench, parameters: Record<string, string> = {}, date = DATE) =>
  one.run({ date, parameters: { extract: 'false', ...parameters }, until: 'transform' });

async function linesOf({ store }: MarketBench, key: string): Promise<Record<string, unknown>[]> {
  const text = Buffer.from((await store.get(key)) ?? []).toString();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('a reply with days that there are not', () => {
  it('is loaded without them, which are in quarantine with their reasons, and stops no other symbol', async () => {
    const one = bench();
    const days: Day[] = NO_DAYS.map(([day]) => ({ day }));
    await land(one, { date: DATE, symbol: 'BAD' }, [...days, { day: GOOD }]);
    await land(one, { date: DATE, symbol: 'KO' }, [{ day: GOOD }]);
    const results = await merge(one);
    expect((await one.fact()).map((row) => row.slice(0, 14))).toEqual([
      `BAD ${GOOD}`,
      `KO ${GOOD} `,
    ]);
    const kept = await linesOf(one, `_quarantine/replies/${DATE}/BAD.jsonl`);
    expect(kept.map(({ line, rule }) => [line, rule])).toEqual(
      NO_DAYS.map(([, rule], at) => [at + 1, rule]),
    );
    const staged = results.get('load')?.[0];
    expect(staged?.counts.rowsRejected).toBe(NO_DAYS.length);
    expect(one.checks.get('day-real')).toBe(NO_DAYS.length);
    expect(staged?.problems).toEqual([
      { object: '_quarantine/replies', message: expect.stringContaining('12 days') },
    ]);
  });

  it('and a corrected one leave no price of a day to come', async () => {
    const one = bench();
    await land(one, { date: DATE, symbol: 'IBM' }, [{ day: '2030-01-02' }, { day: GOOD }]);
    await merge(one);
    await land(one, { date: DATE, symbol: 'IBM' }, [{ day: GOOD }, { day: '2026-01-14' }]);
    await merge(one);
    expect(await one.rows('SELECT MAX(price_date) FROM market_data.fct_stock_prices')).toEqual([
      [GOOD],
    ]);
  });

  it('is asked for again without end, and stops no run', async () => {
    const clock = virtualClock(new Date('2026-01-15T22:30:00Z'));
    const one = marketBench({
      warehouse: embedded.warehouse,
      clock,
      apiUrl: 'http://127.0.0.1:1/query',
      source: {
        fetch: async ({ url }) => {
          const { searchParams } = new URL(url);
          const symbol = searchParams.get('symbol') ?? '';
          const days = sessionsBetween('2026-01-05', newYorkDay(clock.now()));
          const real = days.map(({ day }): Day => ({ day }));
          const bad = NO_DAYS.map(([day]): Day => ({ day }));
          const bytes = replyBytes(symbol, symbol === 'KO' ? real : [...bad, ...real]);
          return { status: 'fresh', url, bytes, contentType: null, etag: null, lastModified: null };
        },
      },
    });
    const parameters = { symbols: 'BAD,KO', 'calls-per-minute': '100' };
    for (const date of ['2026-01-15', '2026-01-16']) {
      const results = await one.run({ date, parameters });
      expect(results.get('quality')?.[0]?.outputs).toMatchObject({ failed: '0' });
      expect(await objectRecords(one.store).get('symbols', 'BAD', { signal: NEVER })).toMatchObject(
        { lastDay: date },
      );
      await clock.sleep(86_400_000);
    }
    expect(await one.fact()).toHaveLength(20);
  });

  it.each(['0000-00-00', 'hello', '', '1980-01-02', '2040-01-03'])(
    'whose record says that %j is its newest does not stop the plan: its history is asked for',
    async (lastDay) => {
      const one = bench();
      const record = { symbol: 'BAD', bootstrappedOn: DATE, landedOn: DATE, lastDay };
      await objectRecords(one.store).put('symbols', 'BAD', record);
      const { outputs } = await one.step('plan', { symbols: 'BAD' });
      expect(outputs).toMatchObject({ symbols: '1' });
      const shard = await objectRecords(one.store).get('steps/market-data/run-1', 'shard-001', {
        signal: NEVER,
      });
      expect(shard).toMatchObject({ calls: [{ symbol: 'BAD', outputsize: 'full' }] });
    },
  );

  it('has a page, as every other symbol', async () => {
    const one = bench();
    const identity = {
      runId: `run-${DATE}`,
      pipeline: 'market-data',
      logicalDate: DATE,
      trigger: 'manual' as const,
      system: 'local' as const,
      actor: 'local-user',
    };
    const records = objectRecords(one.store);
    await recordRunStart(records, identity, one.clock.now());
    await recordRunEnd(records, identity, { isSuccess: true, endedAt: one.clock.now() });
    for (const symbol of ['BAD', 'KO']) {
      const days = symbol === 'BAD' ? NO_DAYS.map(([day]) => ({ day })) : [];
      await land(one, { date: DATE, symbol }, [...days, { day: '2026-01-14' }, { day: GOOD }]);
      const record = { symbol, bootstrappedOn: DATE, landedOn: DATE, lastDay: GOOD };
      await records.put('symbols', symbol, record);
    }
    const ignore = (): void => undefined;
    const page = await marketReport({
      ports: {
        store: one.store,
        openEngine: async () => Promise.reject(new Error('no engine here')),
        log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
        signal: new AbortController().signal,
        cache: '/nowhere',
      },
      records,
      logicalDate: null,
    });
    expect(page.html.match(/<figure /g)).toHaveLength(4);
  });
});

describe('the grid', () => {
  it('shows as landed only a session that the newest reply has', async () => {
    const one = bench();
    const records = objectRecords(one.store);
    await land(one, { date: DATE, symbol: 'IBM' }, [{ day: '2026-01-14' }, { day: DATE }]);
    const record = { symbol: 'IBM', bootstrappedOn: DATE, landedOn: DATE, lastDay: 'hello' };
    await records.put('symbols', 'IBM', record);
    await records.put('symbols', 'GONE', { ...record, symbol: 'GONE' });
    const grid = await readGrid({
      store: one.store,
      records,
      warehouse: null,
      now: one.clock.now(),
      sessions: 4,
      signal: NEVER,
    });
    expect(grid).toEqual({
      sessions: ['2026-01-13', '2026-01-14', '2026-01-15', '2026-01-16'],
      symbols: [
        { symbol: 'GONE', cells: ['missing', 'missing', 'missing', 'missing'] },
        { symbol: 'IBM', cells: ['missing', 'landed', 'missing', 'landed'] },
      ],
    });
  });
});

describe('days to load', () => {
  it('for which nothing is landed are told', async () => {
    const one = bench();
    const results = await merge(one, { dates: '2026-01-05..2026-01-09' });
    expect(results.get('load')?.[0]?.problems).toEqual([
      {
        object: 'raw/stock_data',
        message: 'nothing is landed from 2026-01-05 to 2026-01-09, so nothing of it is loaded',
      },
    ]);
  });

  it.each([
    ['9999-99-99', DATE],
    ['2026-02-29', DATE],
    ['2026-01-05..2040-01-01', DATE],
    ['1989-12-31', DATE],
    ['', '0001-01-01'],
    ['', '1989-12-31'],
    ['', '2036-01-01'],
  ])('%j of a run of %s are refused when they cannot be', async (dates, date) => {
    for (const step of ['plan', 'load']) {
      const refused = bench().step(step, { dates, extract: 'false' }, { logicalDate: date });
      await expect(refused).rejects.toMatchObject({ kind: 'config-invalid' });
    }
  });

  it('may look back further than there are days', async () => {
    const one = bench();
    await land(one, { date: '2026-01-14', symbol: 'IBM' }, [{ day: '2026-01-14' }]);
    await merge(one, { 'catch-up-days': '999999999' });
    expect(await one.fact()).toHaveLength(1);
  });

  it('pass over an object that is named by a day that there is not', async () => {
    const one = bench();
    await land(one, { date: '2025-02-30', symbol: 'IBM' }, [{ day: '2025-02-28' }]);
    await land(one, { date: DATE, symbol: 'IBM' }, [{ day: GOOD }]);
    await merge(one, { dates: `2025-02-01..${DATE}` });
    expect(await one.fact()).toHaveLength(1);
  });
});
