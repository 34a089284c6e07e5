import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveMarket } from '../../services/sample/market-server.ts';
import { cli, type CliEnd } from '../support/cli.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const RUN_MS_MAX = 60_000;
/** A year less than half, so that the embedded warehouse has little to do. */
const SMALL = ['-p', 'symbols=IBM,KO,NOSUCH', '-p', 'outputsize=compact'];

describe('argosy run market-data --sample', () => {
  let home: TempFolder;
  let first: CliEnd;
  const argosy = (...argv: string[]) => cli(argv, { cwd: home.path });
  const rows = async (sql: string): Promise<unknown> =>
    JSON.parse((await argosy('query', '--sample', '--warehouse', '--json', sql)).stdout);

  beforeAll(async () => {
    home = await tempFolder();
    first = await argosy('run', 'market-data', '--sample', ...SMALL);
  }, RUN_MS_MAX);
  afterAll(() => home.remove());

  it('needs no key, loads what there is, and names the symbol that there is not', () => {
    expect([first.exitCode, first.stderr]).toEqual([0, expect.any(String)]);
    expect(first.stdout).toMatch(/symbols +2 landed, 1 failed, 0 pending\n/);
    expect(first.stdout).toMatch(/this run +\d+ prices inserted, 0 revised, 0 unchanged\n/);
    expect(first.stdout).toContain('100.00 % of the checks hold');
    expect(first.stdout).toMatch(/^IBM( +ok){10}$/m);
    expect(first.stdout).toMatch(/^NOSUCH( +-){9} +FAIL$/m);
    expect(first.stderr).toContain('NOSUCH: the service does not know this symbol');
  });

  it('is asked with SQL', async () => {
    expect(
      await rows(
        'SELECT symbol, count(*) AS days FROM market_data.fct_stock_prices GROUP BY 1 ORDER BY 1',
      ),
    ).toEqual([
      { symbol: 'IBM', days: expect.any(Number) },
      { symbol: 'KO', days: expect.any(Number) },
    ]);
    const inStore = await argosy('query', '--sample', 'FROM market_data.fct_stock_prices');
    expect(inStore.exitCode).toBe(51);
    expect(inStore.stderr).toContain('argosy query --warehouse');
  });

  it(
    'changes nothing the second time, nor when its day is loaded again',
    async () => {
      const state =
        'SELECT max(stock_id) AS id, max(created_at) AS newest FROM market_data.fct_stock_prices';
      const before = await rows(state);
      const second = await argosy('run', 'market-data', '--sample', ...SMALL);
      expect(second.exitCode).toBe(0);
      // While a session goes on its symbols are asked for again.
      expect(second.stdout).toMatch(/symbols +[02] landed, 1 failed, 0 pending\n/);
      expect(second.stdout).toMatch(/this run +nothing new\n/);
      const today = new Date().toISOString().slice(0, 10);
      const days = ['--from', '2026-01-01', '--to', today, '--all', '--yes'];
      const backfill = await argosy('backfill', 'market-data', '--sample', ...days);
      expect([backfill.exitCode, backfill.stderr]).toEqual([0, expect.any(String)]);
      expect(await rows(state)).toEqual(before);
    },
    RUN_MS_MAX,
  );

  it(
    'with a key that is not taken fails after one call, and says so',
    async () => {
      const now = () => new Date();
      const at = { host: '127.0.0.1', port: 0, isPortPreferred: true };
      const server = await serveMarket({ ...at, seed: 1, now, key: 'another' });
      const own = ['-p', `api-url=${server.url}`, '-p', 'force=true'];
      const end = await argosy('run', 'market-data', '--sample', ...SMALL, ...own);
      await server.close();
      expect([end.exitCode, server.calls.length]).toEqual([50, 1]);
      expect(end.stderr).toContain('IBM: the service does not take the API key');
      const { stdout } = await argosy('status', 'market-data', '--sample');
      expect(stdout).toMatch(/failed .* IBM: the service does not take the API key/);
    },
    RUN_MS_MAX,
  );

  it('has a status by symbol and session, also for programs', async () => {
    const { stdout } = await argosy('status', 'market-data', '--sample', '--json');
    const { grid } = JSON.parse(stdout) as { grid: { sessions: string[]; symbols: object[] } };
    expect(grid.sessions).toHaveLength(10);
    expect(grid.symbols).toContainEqual({ symbol: 'KO', cells: Array(10).fill('loaded') });
  });

  it('has partitions by session and symbol: loaded, and asked for in vain', async () => {
    const argv = ['status', 'market-data', '--sample', '--from', '2026-01', '--json'];
    const { stdout } = await argosy(...argv);
    const { counts, partitions } = JSON.parse(stdout) as {
      counts: Record<string, number>;
      partitions: { lane: string; state: string }[];
    };
    expect(counts).toMatchObject({ done: 200, missing: 0, failed: 1, stale: 0 });
    expect(partitions).toContainEqual(
      expect.objectContaining({ lane: 'NOSUCH', state: 'failed', reason: 'asked for in vain' }),
    );
  });

  it('has a page', async () => {
    const end = await argosy('report', 'market-data', '--sample', '--output', 'page.html');
    expect(end.exitCode).toBe(0);
    const page = await readFile(join(home.path, 'page.html'), 'utf8');
    expect(page).toContain('Closing prices');
    expect(page).not.toContain('<script');
  });
});

describe('argosy backfill', () => {
  it.each([
    [['backfill', 'market-data', '--from', '2026-01-02', '--to', '2026-01-01'], 'is after --to'],
    [['backfill', 'market-data', '--from', 'yesterday', '--to', '2026-01-01'], 'is not a day'],
  ])('refuses %j', async (argv, words) => {
    await using home = await tempFolder();
    const end = await cli(argv, { cwd: home.path });
    expect(end.exitCode).toBe(51);
    expect(end.stderr).toContain(words);
  });
});

describe('argosy run market-data', () => {
  it.each(['dates=9999-99-99', 'logical-date=0001-01-01', 'logical-date=1989-12-31'])(
    'with %s ends before any call',
    async (parameter) => {
      await using home = await tempFolder();
      const end = await cli(['run', 'market-data', '--sample', '-p', parameter], {
        cwd: home.path,
      });
      expect(end.exitCode).toBe(51);
      expect(end.stderr).toContain('cannot be');
      expect(end.stderr).not.toContain('extract');
    },
  );

  it('without a key ends before any call, and names the setting', async () => {
    await using home = await tempFolder();
    const end = await cli(['run', 'market-data'], { cwd: home.path });
    expect(end.exitCode).toBe(51);
    expect(end.stderr).toContain('ARGOSY_MARKET_API_KEY is not set');
  });
});
