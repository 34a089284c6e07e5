import { afterEach, describe, expect, it } from 'vitest';
import { PipelineError } from '../../../services/core/error.ts';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import type { Extraction } from '../../../services/pipelines/market-data/plan/ledger.ts';
import type { Source } from '../../../services/ports/source.ts';
import {
  serveMarket,
  type MarketServer,
  type MarketServerOptions,
} from '../../../services/sample/market-server.ts';
import { serveHandler } from '../../support/http-server.ts';
import { marketBench, type MarketBench, type MarketBenchOptions } from '../../support/market.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

const DATE = '2026-01-16';
const servers: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

interface Served {
  server: MarketServer;
  bench: MarketBench;
}

async function served(
  options: Partial<MarketServerOptions> = {},
  own: Partial<MarketBenchOptions> = {},
): Promise<Served> {
  const clock = own.clock ?? virtualClock(new Date(`${DATE}T22:30:00Z`));
  const server = await serveMarket({
    host: '127.0.0.1',
    port: 0,
    isPortPreferred: true,
    seed: 1,
    now: () => clock.now(),
    ...options,
  });
  servers.push(server);
  return { server, bench: marketBench({ clock, apiUrl: server.url, ...own }) };
}

const wish = (symbols: string, more: Record<string, string> = {}) => ({
  date: DATE,
  parameters: { symbols, outputsize: 'compact', ...more },
  until: 'extract' as const,
});

const known = (bench: MarketBench, symbol: string, date = DATE) =>
  objectRecords(bench.store).get<Extraction>(`extractions/${date}`, symbol);

const asked = ({ server }: Served) => server.calls.map(({ symbol }) => symbol);

describe('a symbol that a server refuses', () => {
  it('stops none of those after it in its shard, and is kept as failed', async () => {
    const replies = new Map([
      ['GONE', 404],
      ['MINE', 403],
      ['ODD', 418],
    ]);
    const { bench } = await served({ replies });
    const results = await bench.run(wish('GONE,MINE,ODD,KO', { 'shard-size': '20' }));
    const [result] = results.get('extract') ?? [];
    expect(result?.outputs).toEqual({ landed: '1', failed: '3', pending: '0' });
    expect(result?.problems.map(({ object }) => object)).toEqual(['GONE', 'MINE', 'ODD']);
    for (const [symbol, kind] of [
      ['GONE', 'not-found'],
      ['MINE', 'denied'],
      ['ODD', 'config-invalid'],
    ] as const) {
      expect(await known(bench, symbol)).toMatchObject({ outcome: 'failed', kind });
    }
    expect(results.get('plan')?.[0]?.outputs['shards']).toBe('["shard-001"]');
  });

  it('and one that is out of reach are among the problems, and are counted', async () => {
    const { bench } = await served({ replies: new Map([['GE', 503]]) });
    const results = (await bench.run(wish('GE,KO'))).get('extract') ?? [];
    expect(results.map(({ outputs }) => outputs['failed'])).toEqual(['1', '0']);
    expect(results.flatMap(({ problems }) => problems)).toEqual([
      { object: 'GE', message: expect.stringContaining('answered 503') },
    ]);
    expect(await known(bench, 'GE')).toMatchObject({ outcome: 'failed', kind: 'unavailable' });
  });
});

describe('a redirect', () => {
  it('is not followed, so that a claimed call is one request', async () => {
    const away = await serveHandler((_request, response) => {
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    servers.push(away);
    const clock = virtualClock(new Date(`${DATE}T22:30:00Z`));
    const bench = marketBench({ clock, apiUrl: away.url });
    await bench.run(wish('IBM'));
    expect(away.requests).toHaveLength(1);
    expect(await known(bench, 'IBM')).toMatchObject({ outcome: 'failed', kind: 'config-invalid' });
  });
});

describe('what ends the asking of a run', () => {
  it('is a key that is not taken: one call tells, and the symbol is kept as failed', async () => {
    const ground = await served({ key: 'another' });
    await expect(ground.bench.run(wish('IBM,KO,GE'))).rejects.toMatchObject({
      kind: 'denied',
      hint: 'look at ARGOSY_MARKET_API_KEY',
    });
    expect(asked(ground)).toEqual(['IBM']);
    expect(await known(ground.bench, 'IBM')).toMatchObject({ outcome: 'failed', kind: 'denied' });
  });

  it('is, with strict, the first symbol that fails', async () => {
    const ground = await served();
    const run = ground.bench.run(wish('ABCDE,IBM,KO', { strict: 'true' }));
    await expect(run).rejects.toMatchObject({ kind: 'input-invalid' });
    expect(asked(ground)).toEqual(['ABCDE']);
  });

  it('is over after a while, so that a run that is tried again asks', async () => {
    const ground = await served();
    await expect(ground.bench.run(wish('ABCDE,IBM', { strict: 'true' }))).rejects.toMatchObject({
      kind: 'input-invalid',
    });
    await ground.bench.clock.sleep(600_000);
    await ground.bench.step('extract', { shard: 'shard-002' }, { runId: `run-${DATE}` });
    expect(asked(ground)).toEqual(['ABCDE', 'IBM']);
  });
});

describe('symbols that always fail', () => {
  const replies = new Map(['XA', 'XB', 'XC'].map((symbol) => [symbol, 503]));

  it('take one call each where the others need the rest', async () => {
    const ground = await served({ replies });
    await ground.bench.run(wish('XA,XB,XC,GE,KO', { 'calls-per-day': '5' }));
    expect(asked(ground)).toEqual(['XA', 'XB', 'XC', 'GE', 'KO']);
  });

  it('come after those that were asked for longer ago', async () => {
    const ground = await served({ replies });
    const wanted = wish('XA,XB,XC,GE,KO,IBM', { 'calls-per-day': '3' });
    await ground.bench.run(wanted);
    await ground.bench.clock.sleep(3 * 86_400_000);
    await ground.bench.run({ ...wanted, date: '2026-01-19' });
    expect(asked(ground)).toEqual(['XA', 'XB', 'XC', 'GE', 'KO', 'IBM']);
  });

  it('are asked for three times where the quota has so many', async () => {
    const ground = await served({ replies });
    await ground.bench.run(wish('XA,GE'));
    expect(asked(ground)).toEqual(['XA', 'XA', 'XA', 'GE']);
  });
});

describe('what is landed', () => {
  it('stays so when the quota leaves nothing to ask again', async () => {
    const { bench } = await served();
    await bench.run(wish('IBM'));
    const landed = await known(bench, 'IBM');
    const again = { ...wish('IBM', { force: 'true', 'calls-per-day': '1' }), runId: 'again' };
    const plan = (await bench.run(again)).get('plan')?.[0];
    expect(plan?.outputs).toMatchObject({ symbols: '0', waiting: '1' });
    expect(await known(bench, 'IBM')).toEqual(landed);
  });

  it('by another run after the plan is not asked for again', async () => {
    const ground = await served();
    const { parameters } = wish('IBM');
    await ground.bench.step('plan', parameters, { runId: 'slow' });
    await ground.bench.run(wish('IBM'));
    const late = await ground.bench.step('extract', { shard: 'shard-001' }, { runId: 'slow' });
    expect(late.outputs).toMatchObject({ landed: '1' });
    expect(asked(ground)).toEqual(['IBM']);
  });

  it('by runs that ask at once is asked for by one of them', async () => {
    const clock = virtualClock(new Date(`${DATE}T22:30:00Z`));
    let calls = 0;
    const source: Source = {
      fetch: async ({ url }) => {
        calls += 1;
        await clock.sleep(9_000);
        const rows = { [DATE]: { '1. open': '1.0' } };
        const body = { 'Meta Data': { '2. Symbol': 'IBM' }, 'Time Series (Daily)': rows };
        const bytes = Buffer.from(JSON.stringify(body));
        return { status: 'fresh', url, bytes, contentType: null, etag: null, lastModified: null };
      },
    };
    const bench = marketBench({ clock, source, apiUrl: 'http://127.0.0.1:1/query' });
    await bench.step('plan', wish('IBM').parameters, { runId: 'one' });
    await bench.step('plan', wish('IBM').parameters, { runId: 'two' });
    const one = bench.step('extract', { shard: 'shard-001' }, { runId: 'one' });
    await clock.sleep(1_000);
    const two = bench.step('extract', { shard: 'shard-001' }, { runId: 'two' });
    const landed = (await Promise.all([one, two])).map(({ outputs }) => outputs['landed']);
    expect([landed, calls]).toEqual([['1', '1'], 1]);
  });
});

describe('a symbol that another run was asking for', () => {
  it('is asked for at once when that run was stopped', async () => {
    const clock = virtualClock(new Date(`${DATE}T22:30:00Z`));
    let calls = 0;
    const source: Source = {
      fetch: async () => {
        calls += 1;
        throw new PipelineError('interrupted', 'stopped');
      },
    };
    const bench = marketBench({ clock, source, apiUrl: 'http://127.0.0.1:1/query' });
    const run = (runId: string) => bench.run({ ...wish('IBM'), runId });
    await expect(run('one')).rejects.toMatchObject({ kind: 'interrupted' });
    const stoppedAt = clock.now();
    await expect(run('two')).rejects.toMatchObject({ kind: 'interrupted' });
    expect([calls, clock.now()]).toEqual([2, stoppedAt]);
  });
});

describe('prices are asked for on their day alone', () => {
  it.each(['2027-05-05', '2026-01-17', '2026-01-15'])('and not for %s', async (logicalDate) => {
    const ground = await served();
    const refusal = { kind: 'config-invalid', hint: expect.stringContaining('argosy backfill') };
    const { parameters } = wish('IBM', { force: 'true' });
    await expect(ground.bench.step('plan', parameters, { logicalDate })).rejects.toMatchObject(
      refusal,
    );
    const extract = ground.bench.step('extract', { shard: 'shard-001' }, { logicalDate });
    await expect(extract).rejects.toMatchObject(refusal);
    expect(asked(ground)).toEqual([]);
  });

  it.each(['2026-01-17T04:00:00Z', '2026-01-17T10:59:00Z'])(
    'which a run that is late may still do at %s',
    async (moment) => {
      const ground = await served({}, { clock: virtualClock(new Date(moment)) });
      await ground.bench.run(wish('IBM'));
      expect(asked(ground)).toEqual(['IBM']);
    },
  );

  it('which a run that asks for nothing is not held to', async () => {
    const { bench } = await served();
    const run = bench.step(
      'plan',
      { symbols: 'IBM', extract: 'false' },
      { logicalDate: '2026-01-05' },
    );
    expect((await run).outputs).toMatchObject({ symbols: '0' });
  });
});
