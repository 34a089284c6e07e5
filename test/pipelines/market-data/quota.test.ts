import { afterEach, describe, expect, it } from 'vitest';
import { newYorkDay } from '../../../services/core/trading-calendar.ts';
import type { Extraction } from '../../../services/pipelines/market-data/plan/ledger.ts';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import { serveMarket, type MarketServer } from '../../../services/sample/market-server.ts';
import type { MarketServerOptions } from '../../../services/sample/market-server.ts';
import { CANARY, marketBench, type MarketBench } from '../../support/market.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

const SYMBOLS = Array.from(
  { length: 40 },
  (_, at) =>
    `S${String.fromCodePoint(65 + (at % 26))}${String.fromCodePoint(65 + Math.floor(at / 26))}`,
);
const QUOTA = { perMinute: 5, perDay: 25 };
const servers: MarketServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function served(
  options: Partial<MarketServerOptions> = {},
): Promise<{ server: MarketServer; bench: MarketBench }> {
  const clock = virtualClock(new Date('2026-01-16T22:30:00Z'));
  const server = await serveMarket({
    host: '127.0.0.1',
    port: 0,
    isPortPreferred: true,
    seed: 1,
    now: () => clock.now(),
    quota: QUOTA,
    ...options,
  });
  servers.push(server);
  return { server, bench: marketBench({ clock, apiUrl: server.url }) };
}

async function outcomes({ store }: MarketBench, date: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for await (const { value } of objectRecords(store).scan<Extraction>(`extractions/${date}`)) {
    counts[value.outcome] = (counts[value.outcome] ?? 0) + 1;
  }
  return counts;
}

/** The most calls that were answered within any minute, and within any day in New York. */
function peaks({ calls }: MarketServer): { minute: number; day: number } {
  const moments = calls.map(({ atMs }) => atMs);
  const within = (start: number) =>
    moments.filter((at) => at >= start && at < start + 60_000).length;
  const days = new Map<string, number>();
  for (const at of moments) {
    const day = newYorkDay(new Date(at));
    days.set(day, (days.get(day) ?? 0) + 1);
  }
  return { minute: Math.max(...moments.map(within)), day: Math.max(...days.values()) };
}

const wish = (parameters: Record<string, string> = {}) => ({
  parameters: { symbols: SYMBOLS.join(','), outputsize: 'compact', ...parameters },
  until: 'extract' as const,
});
const tomorrow = (bench: MarketBench) => bench.clock.sleep(3 * 86_400_000 - 600_000);

describe('a quota of 5 a minute and 25 a day with 40 symbols', () => {
  it('is never exceeded; the rest is reported as pending, and the next run goes on there', async () => {
    const { server, bench } = await served();
    const first = await bench.run({ date: '2026-01-16', ...wish() });
    expect(first.get('plan')?.[0]?.outputs).toMatchObject({ symbols: '25', waiting: '15' });
    expect(first.get('plan')?.[0]?.problems).toHaveLength(15);
    expect(await outcomes(bench, '2026-01-16')).toEqual({ landed: 25, pending: 15 });
    expect(server.calls.every(({ answer }) => answer === 'prices')).toBe(true);

    await bench.run({ date: '2026-01-16', runId: 'again', ...wish() });
    expect(server.calls).toHaveLength(25);

    await tomorrow(bench);
    await bench.run({ date: '2026-01-19', ...wish() });
    expect(server.calls).toHaveLength(50);
    const second = server.calls.slice(25, 40).map(({ symbol }) => symbol);
    expect(second.toSorted()).toEqual(SYMBOLS.slice(25).toSorted());
    expect(peaks(server)).toEqual({ minute: 5, day: 25 });
    expect(server.calls.every(({ answer }) => answer === 'prices')).toBe(true);
  });

  it('is kept by steps that run beside each other', async () => {
    const { server, bench } = await served();
    const { shards = '[]' } = (await bench.step('plan', wish({ 'shard-size': '5' }).parameters))
      .outputs;
    const names = JSON.parse(shards) as string[];
    expect(names).toHaveLength(5);
    await Promise.all(names.map((shard) => bench.step('extract', { shard })));
    expect(server.calls).toHaveLength(25);
    expect(peaks(server)).toEqual({ minute: 5, day: 25 });
    expect(server.calls.every(({ answer }) => answer === 'prices')).toBe(true);
  });

  it('counts calls that fail, and those of another run', async () => {
    const replies = new Map<string, Uint8Array | number>(SYMBOLS.map((symbol) => [symbol, 503]));
    const { server, bench } = await served({ replies });
    const wanted = wish({ symbols: SYMBOLS.slice(0, 12).join(',') });
    await bench.run({ date: '2026-01-16', ...wanted });
    expect(server.calls).toHaveLength(24);
    await bench.run({ date: '2026-01-16', runId: 'another', ...wanted });
    expect(server.calls).toHaveLength(25);
    expect(peaks(server)).toEqual({ minute: 5, day: 25 });
  });

  it('is what the service says it is, when others use the key too', async () => {
    const { server, bench } = await served({ quota: { perMinute: 100, perDay: 3 } });
    await bench.run({ date: '2026-01-16', ...wish({ symbols: SYMBOLS.slice(0, 8).join(',') }) });
    expect(await outcomes(bench, '2026-01-16')).toEqual({ landed: 3, pending: 5 });
    expect(server.calls.filter(({ answer }) => answer === 'day')).toHaveLength(1);
  });

  it('of a minute that others have used is waited for', async () => {
    const { server, bench } = await served({ quota: { perMinute: 1, perDay: 25 } });
    await bench.run({ date: '2026-01-16', ...wish({ symbols: 'IBM,KO' }) });
    expect(await outcomes(bench, '2026-01-16')).toEqual({ landed: 2 });
    expect(server.calls.map(({ answer }) => answer)).toEqual(['prices', 'minute', 'prices']);
  });
});

describe('one bad symbol', () => {
  const symbols = 'IBM,ABCDE,KO';

  it('never stops the others', async () => {
    const { bench } = await served();
    const results = await bench.run({ date: '2026-01-16', ...wish({ symbols }) });
    expect(await outcomes(bench, '2026-01-16')).toEqual({ landed: 2, failed: 1 });
    expect(results.get('extract')?.flatMap(({ problems }) => problems)).toEqual([
      { object: 'ABCDE', message: 'ABCDE: the service does not know this symbol' },
    ]);
    expect(bench.checks.get('symbol-landed')).toBe(1);
  });

  it('ends a strict run with its kind', async () => {
    const { bench } = await served();
    const run = bench.run({ date: '2026-01-16', ...wish({ symbols, strict: 'true' }) });
    await expect(run).rejects.toMatchObject({ kind: 'input-invalid' });
  });
});

describe('the API key', () => {
  it('that is not taken ends the run as denied', async () => {
    const { bench } = await served({ key: 'another' });
    const run = bench.run({ date: '2026-01-16', ...wish({ symbols: 'IBM' }) });
    await expect(run).rejects.toMatchObject({ kind: 'denied' });
  });

  it('is nowhere: not in the store, the log, a result or an error', async () => {
    const quota = Buffer.from(
      JSON.stringify({
        Information: `We have detected your API key as ${CANARY} and our standard API rate limit is 25 requests per day. Please subscribe`,
      }),
    );
    const echo = Buffer.from(JSON.stringify({ 'Error Message': `Oops, ${CANARY}` }));
    const prices = Buffer.from(
      JSON.stringify({
        'Meta Data': { '2. Symbol': 'KO', hint: CANARY },
        'Time Series (Daily)': { '2026-01-16': { '1. open': '1.0' } },
      }),
    );
    const replies = new Map<string, Uint8Array | number>([
      ['KO', prices],
      ['AAPL', echo],
      ['GE', 500],
      ['IBM', quota],
    ]);
    const { server, bench } = await served({ replies });
    const seen: string[] = [];
    for (const symbols of ['KO', 'AAPL', 'GE', 'IBM']) {
      const results = await bench
        .run({ date: '2026-01-16', runId: symbols, ...wish({ symbols }) })
        .catch((error: unknown) => error);
      seen.push(
        JSON.stringify(
          results instanceof Map ? [...results] : [String(results), (results as Error).stack],
        ),
      );
    }
    expect(server.calls.length).toBeGreaterThanOrEqual(4);
    for await (const { key } of bench.store.list('')) {
      seen.push(key, Buffer.from((await bench.store.get(key)) ?? []).toString());
    }
    const all = [...seen, ...bench.logged].join('\n');
    expect(all).toContain('repeats the API key');
    expect(all).not.toContain(CANARY);
    for await (const { key } of bench.store.list('raw/')) expect(key).toBe('nothing is landed');
  });

  it('is asked for before any call', async () => {
    const { server, bench } = await served();
    const { settings } = await import('../../support/no-outside.ts').then(
      ({ noOutside }) => noOutside,
    );
    expect(settings.marketApiKey).toBeUndefined();
    const { apiKeyOf, API_URL } =
      await import('../../../services/pipelines/market-data/extract/ask.ts');
    expect(() => apiKeyOf(undefined, API_URL)).toThrow('ARGOSY_MARKET_API_KEY is not set');
    expect(apiKeyOf(undefined, server.url)).toBe('demo');
    expect(bench.logged).toEqual([]);
  });
});

describe('the history', () => {
  it('is asked for once, then the last sessions, and again after a long absence', async () => {
    const { server, bench } = await served();
    const symbols = { parameters: { symbols: 'IBM' }, until: 'extract' as const };
    await bench.run({ date: '2026-01-16', ...symbols });
    await bench.clock.sleep(86_400_000);
    await bench.run({ date: '2026-01-17', ...symbols });
    await bench.clock.sleep(200 * 86_400_000);
    await bench.run({ date: '2026-08-05', ...symbols });
    expect(server.calls.map(({ outputsize }) => outputsize)).toEqual(['full', 'compact', 'full']);
  });

  it('that the plan of the key does not hold is replaced by the last sessions, once', async () => {
    const { server, bench } = await served({ isFullPremium: true });
    const symbols = { parameters: { symbols: 'IBM' }, until: 'extract' as const };
    await bench.run({ date: '2026-01-16', ...symbols });
    await bench.clock.sleep(86_400_000);
    await bench.run({ date: '2026-01-17', ...symbols });
    expect(server.calls.map(({ answer }) => answer)).toEqual(['premium', 'prices', 'prices']);
    expect(await outcomes(bench, '2026-01-16')).toEqual({ landed: 1 });
  });

  it('lands the bytes unchanged', async () => {
    const body = Buffer.from(
      '\uFEFF{"Meta Data":{"2. Symbol":"IBM"},  "Time Series (Daily)":{"2026-01-16":{"1. open":"1.0"}}}\r\n',
    );
    const { bench } = await served({ replies: new Map([['IBM', body]]) });
    await bench.run({ date: '2026-01-16', ...wish({ symbols: 'IBM' }) });
    const landed = await bench.store.get('raw/stock_data/2026-01-16/IBM_daily.json');
    expect(Buffer.from(landed ?? [])).toEqual(body);
  });

  it('of a day that is landed is not asked for again, unless a session was not over', async () => {
    const { server, bench } = await served();
    const symbols = { parameters: { symbols: 'IBM' }, until: 'extract' as const };
    await bench.run({ date: '2026-01-16', ...symbols });
    await bench.run({ date: '2026-01-16', runId: 'again', ...symbols });
    expect(server.calls).toHaveLength(1);
    await bench.run({
      date: '2026-01-16',
      runId: 'forced',
      ...symbols,
      parameters: { symbols: 'IBM', force: 'true' },
    });
    expect(server.calls.map(({ outputsize }) => outputsize)).toEqual(['full', 'full']);
  });

  it('with a session that is not over is asked for again after its close', async () => {
    const clock = virtualClock(new Date('2026-01-16T16:00:00Z'));
    const { server, bench } = await served({
      now: () => clock.now(),
      quota: { perMinute: 5, perDay: 25 },
    });
    const running = marketBench({ clock, store: bench.store, apiUrl: server.url });
    const symbols = {
      date: '2026-01-16',
      parameters: { symbols: 'IBM' },
      until: 'extract' as const,
    };
    const known = async () =>
      objectRecords(bench.store).get<Extraction>('extractions/2026-01-16', 'IBM');
    await running.run({ ...symbols, runId: 'noon' });
    expect(await known()).toMatchObject({ isFinal: false, lastDay: '2026-01-16' });
    await clock.sleep(6 * 3_600_000);
    await running.run({ ...symbols, runId: 'evening' });
    expect(await known()).toMatchObject({ isFinal: true, lastDay: '2026-01-16' });
    await running.run({ ...symbols, runId: 'night' });
    expect(server.calls).toHaveLength(2);
  });
});
