import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { asQualityReport } from '../../../services/stages/observe/report.ts';
import { toPipelineError } from '../../../services/core/error.ts';
import { marketMigrations } from '../../../services/pipelines/market-data/warehouse/schema.ts';
import { marketReport } from '../../../services/pipelines/market-data/report.ts';
import { readGrid } from '../../../services/pipelines/market-data/quality/grid.ts';
import {
  serveMarket,
  type MarketServer,
  type MarketServerOptions,
} from '../../../services/sample/market-server.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import { recordRunEnd, recordRunStart } from '../../../services/stages/observe/run-record.ts';
import { migrate } from '../../../services/stages/serve/migrate.ts';
import {
  emptyTables,
  embeddedWarehouse,
  marketBench,
  type MarketBench,
} from '../../support/market.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

let embedded: Awaited<ReturnType<typeof embeddedWarehouse>>;
beforeAll(async () => {
  embedded = await embeddedWarehouse();
  await migrate(embedded.warehouse, marketMigrations('postgres'));
}, 60_000);
afterAll(() => embedded.remove());
beforeEach(() => emptyTables(embedded.warehouse));
const servers: MarketServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** A bench at a moment, with the API of the sample. */
async function benchAt(
  moment: string,
  more: Partial<MarketServerOptions> = {},
  store?: ObjectStore,
): Promise<MarketBench> {
  const clock = virtualClock(new Date(moment));
  const server = await serveMarket({
    host: '127.0.0.1',
    port: 0,
    isPortPreferred: true,
    seed: 7,
    now: () => clock.now(),
    ...more,
  });
  servers.push(server);
  return marketBench({
    warehouse: embedded.warehouse,
    clock,
    apiUrl: server.url,
    ...(store === undefined ? {} : { store }),
  });
}

const COMPACT = { outputsize: 'compact', symbols: 'IBM,KO', 'calls-per-minute': '100' };
const FRIDAY = '2026-01-16T22:30:00Z';

async function reportOf({ store }: MarketBench, date: string, runId = `run-${date}`) {
  const bytes = await store.get(`quality/${date}/${runId}.json`);
  const whole = JSON.parse(Buffer.from(bytes ?? []).toString()) as Record<string, unknown>;
  return asQualityReport(whole['report']);
}

const failing = async (bench: MarketBench, date: string) =>
  ((await reportOf(bench, date))?.rules ?? [])
    .filter(({ isPassed }) => !isPassed)
    .map(({ rule }) => rule);

describe('a good run', () => {
  it('holds every rule, and says so in a report of its own', async () => {
    const bench = await benchAt(FRIDAY);
    const results = await bench.run({ date: '2026-01-16', parameters: COMPACT });
    expect(results.get('quality')?.[0]?.outputs).toMatchObject({ score: '100.00', failed: '0' });
    expect(await failing(bench, '2026-01-16')).toEqual([]);
    expect(await bench.fact()).toHaveLength(200);
    expect(bench.checks.get('freshness-check')).toBe(0);
  });

  it('on a Saturday, on a holiday and before the close asks for the last session alone', async () => {
    for (const moment of ['2026-01-17T12:00:00Z', '2026-01-19T18:00:00Z', '2026-01-20T13:00:00Z']) {
      const bench = await benchAt(moment);
      const date = moment.slice(0, 10);
      await bench.run({ date, parameters: COMPACT });
      expect([date, await failing(bench, date)]).toEqual([date, []]);
    }
  });

  it('with the strict switch asks for today', async () => {
    const bench = await benchAt('2026-01-17T12:00:00Z');
    const run = bench.run({ date: '2026-01-17', parameters: { ...COMPACT, freshness: 'today' } });
    await expect(run).rejects.toMatchObject({ kind: 'quality-failed' });
  });
});

describe('a rule that does not hold', () => {
  const REBOUNDS = new Map([['daily-move', 2]]);
  const spoilt: readonly (readonly [rule: string, sql: string, isBlocking: boolean])[] = [
    ['null-check', 'SET open_amt = NULL', true],
    ['price-positive', 'SET low_amt = 0', true],
    ['zero-volume-check', 'SET volume_cnt = 0', true],
    ['price-order', 'SET high_amt = low_amt / 2', true],
    ['future-date-check', "SET price_date = DATE '2026-03-02'", true],
    ['session-day', "SET price_date = DATE '2026-01-10'", false],
    ['daily-move', 'SET open_amt = 9999, high_amt = 9999, close_amt = 9999', false],
    ['session-over', 'SET is_final = FALSE', false],
  ];

  it.each(spoilt)(
    '%s fails the run if it blocks, and is told in any case',
    async (rule, change, isBlocking) => {
      const bench = await benchAt(FRIDAY);
      await bench.run({ date: '2026-01-16', parameters: COMPACT });
      await bench.warehouse.transaction((tx) =>
        tx.run(`UPDATE market_data.fct_stock_prices ${change}
        WHERE symbol = 'KO' AND price_date = DATE '2026-01-14'`),
      );
      const again = bench
        .run({ date: '2026-01-16', runId: 'again', parameters: { ...COMPACT, extract: 'false' } })
        .then(
          () => null,
          (error: unknown) => toPipelineError(error).kind,
        );
      expect(await again).toBe(isBlocking ? 'quality-failed' : null);
      const rules = (await reportOf(bench, '2026-01-16', 'again'))?.rules ?? [];
      expect(rules.find((one) => one.rule === rule)?.isPassed).toBe(false);
      // A price that leaps leaps back.
      expect(bench.checks.get(rule)).toBe(REBOUNDS.get(rule) ?? 1);
      const warned = { ...COMPACT, extract: 'false', 'quality-mode': 'warn' };
      const results = await bench.run({ date: '2026-01-16', runId: 'warned', parameters: warned });
      expect(results.get('quality')?.[0]?.problems.map(({ object }) => object)).toContain(
        `rule ${rule}`,
      );
    },
  );

  it('freshness: a symbol that stays behind is told, and none at all fails', async () => {
    const bench = await benchAt(FRIDAY);
    await bench.run({ date: '2026-01-16', parameters: COMPACT });
    await bench.clock.sleep(4 * 86_400_000);
    await bench.run({ date: '2026-01-20', parameters: { ...COMPACT, symbols: 'IBM' } });
    expect(await failing(bench, '2026-01-20')).toEqual(['symbol-freshness']);
    await bench.clock.sleep(86_400_000);
    const stale = bench.run({ date: '2026-01-21', parameters: { ...COMPACT, extract: 'false' } });
    await expect(stale).rejects.toMatchObject({ kind: 'quality-failed' });
    expect(await failing(bench, '2026-01-21')).toEqual(['freshness-check', 'symbol-freshness']);
  });

  it('gap: a session that is missing in the middle is told', async () => {
    const bench = await benchAt(FRIDAY);
    await bench.run({ date: '2026-01-16', parameters: COMPACT });
    await bench.warehouse.transaction((tx) =>
      tx.run(
        `DELETE FROM market_data.fct_stock_prices WHERE symbol = 'KO' AND price_date = DATE '2026-01-14'`,
      ),
    );
    await bench.run({
      date: '2026-01-16',
      runId: 'again',
      parameters: { ...COMPACT, extract: 'false' },
    });
    const rules = (await reportOf(bench, '2026-01-16', 'again'))?.rules ?? [];
    expect(rules.filter(({ isPassed }) => !isPassed).map(({ rule }) => rule)).toEqual([
      'session-gap',
    ]);
    const reload = { ...COMPACT, extract: 'false', reload: 'true' };
    await bench.run({ date: '2026-01-16', runId: 'reload', parameters: reload });
    expect(await bench.fact()).toHaveLength(200);
  });
});

describe('a symbol that could not be asked for', () => {
  it.each([
    [503, 'unavailable'],
    [404, 'not-found'],
    [403, 'denied'],
  ])('as it was answered %i fails the run once the others are loaded', async (status, kind) => {
    const bench = await benchAt(FRIDAY, { replies: new Map([['KO', status]]) });
    const run = bench.run({ date: '2026-01-16', parameters: COMPACT });
    await expect(run).rejects.toMatchObject({ kind });
    expect(await bench.fact()).toHaveLength(100);
    expect(await failing(bench, '2026-01-16')).toEqual([]);
    const identity = { logicalDate: '2026-01-16', runId: 'run-2026-01-16' };
    const shards = JSON.stringify(['shard-001', 'shard-002']);
    await expect(bench.step('quality', { shards }, identity)).rejects.toMatchObject({
      kind,
      message: expect.stringMatching(`^not extracted: KO: .* answered ${status}$`),
    });
  });

  it('because no key is taken fails it too', async () => {
    const bench = await benchAt(FRIDAY);
    await bench.run({ date: '2026-01-16', parameters: COMPACT });
    const locked = await benchAt(FRIDAY, { key: 'another' }, bench.store);
    const parameters = { ...COMPACT, force: 'true' };
    const run = locked.run({ date: '2026-01-16', runId: 'locked', parameters });
    await expect(run).rejects.toMatchObject({ kind: 'denied' });
    const identity = { logicalDate: '2026-01-16', runId: 'locked' };
    const shards = JSON.stringify(['shard-001', 'shard-002']);
    await expect(locked.step('quality', { shards }, identity)).rejects.toMatchObject({
      kind: 'denied',
      message: 'not extracted: IBM: the service does not take the API key; KO: not asked for',
    });
  });

  it('is one that is unknown, to a strict run alone', async () => {
    const bench = await benchAt(FRIDAY);
    const parameters = { ...COMPACT, symbols: 'IBM,ABCDE' };
    await bench.run({ date: '2026-01-16', parameters });
    const identity = { logicalDate: '2026-01-16', runId: 'run-2026-01-16' };
    const shards = JSON.stringify(['shard-001', 'shard-002']);
    const strict = bench.step('quality', { shards, strict: 'true' }, identity);
    await expect(strict).rejects.toMatchObject({
      message: 'not extracted: ABCDE: the service does not know this symbol',
    });
  });
});

describe('the grid of symbols and sessions', () => {
  it('tells what is loaded, missing, failed, pending and landed', async () => {
    const bench = await benchAt(FRIDAY);
    const { store, clock, warehouse } = bench;
    await bench.run({ date: '2026-01-16', parameters: COMPACT });
    await bench.clock.sleep(4 * 86_400_000);
    const more = { ...COMPACT, symbols: 'IBM,ABCDE,KO,GE', 'calls-per-day': '3' };
    await bench.run({ date: '2026-01-20', parameters: more, until: 'extract' });
    const { signal } = new AbortController();
    const request = { store, records: objectRecords(store), now: clock.now(), sessions: 3, signal };
    const grid = await readGrid({ ...request, warehouse });
    expect(grid).toEqual({
      sessions: ['2026-01-15', '2026-01-16', '2026-01-20'],
      symbols: [
        { symbol: 'ABCDE', cells: ['missing', 'missing', 'failed'] },
        { symbol: 'GE', cells: ['landed', 'landed', 'landed'] },
        { symbol: 'IBM', cells: ['loaded', 'loaded', 'landed'] },
        { symbol: 'KO', cells: ['loaded', 'loaded', 'pending'] },
      ],
    });
    const without = await readGrid({ ...request, warehouse: null });
    expect(without.symbols[2]?.cells).toEqual(['landed', 'landed', 'landed']);
  });
});

describe('the page', () => {
  it('shows prices, volume, gaps and checks of a run, whatever a symbol is called', async () => {
    const bench = await benchAt(FRIDAY);
    const identity = {
      runId: 'run-2026-01-16',
      pipeline: 'market-data',
      logicalDate: '2026-01-16',
      trigger: 'manual' as const,
      system: 'local' as const,
      actor: 'local-user',
    };
    const records = objectRecords(bench.store);
    await recordRunStart(records, identity, bench.clock.now());
    await bench.run({ date: '2026-01-16', parameters: { ...COMPACT, symbols: 'IBM,KO,ABCDE' } });
    await recordRunEnd(records, identity, { isSuccess: true, endedAt: bench.clock.now() });
    const ignore = (): void => undefined;
    const page = await marketReport({
      ports: {
        store: bench.store,
        openEngine: async () => Promise.reject(new Error('no engine here')),
        log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
        signal: new AbortController().signal,
        cache: '/nowhere',
      },
      records,
      logicalDate: null,
    });
    expect(page.logicalDate).toBe('2026-01-16');
    for (const words of [
      'Closing prices',
      'Shares traded',
      'freshness-check',
      'does not know this symbol',
    ]) {
      expect(page.html).toContain(words);
    }
    expect(page.html.match(/<figure /g)).toHaveLength(4);
    await expect(
      marketReport({
        ...page,
        ports: { ...bench, store: bench.store } as never,
        records,
        logicalDate: '2020-01-01',
      }),
    ).rejects.toMatchObject({ kind: 'not-found' });
  });
});
