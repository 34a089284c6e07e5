import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli, type CliEnd } from '../support/cli.ts';
import { describeLong } from '../support/require-component.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const RUN_MS_MAX = 60_000;

describe('argosy run finance --sample', () => {
  let home: TempFolder;
  let first: CliEnd;
  const argosy = (...argv: string[]) => cli(argv, { cwd: home.path });
  const rows = async (sql: string): Promise<unknown> =>
    JSON.parse((await argosy('query', '--sample', '--warehouse', '--json', sql)).stdout);

  beforeAll(async () => {
    home = await tempFolder();
    first = await argosy('run', 'finance', '--sample');
  }, RUN_MS_MAX);
  afterAll(() => home.remove());

  it('ends well with the figures of the run, its accounts, and rejects by reason', () => {
    expect([first.exitCode, first.stderr]).toEqual([0, expect.any(String)]);
    expect(first.stdout).toMatch(
      /Run date +2026-01-31\n +Records extracted +10,000\n +Records transformed +9,734\n +Records rejected +266\n +Success rate +97\.22 %\n +Duration +[\d.]+ s\n/,
    );
    expect(first.stdout).toContain('10,000 = 266 rejected + 9,722 loaded + 12 held');
    expect(first.stdout).toContain('9,722 inserted, 0 updated, 0 unchanged');
    expect(first.stdout).toContain(
      '11 of 11 checks of the clean rows hold, 8 of 8 of the loaded tables',
    );
    expect(first.stdout).toMatch(/report +file:.*\/clean\/2026-01-31\/report-[0-9a-f]{16}\.json\n/);
    expect(first.stdout).toMatch(/null-amount +140\n/);
    expect(first.stdout).toContain('argosy query --sample --warehouse');
  });

  it('has loaded what it says, and leaves other warehouses alone', async () => {
    expect(
      await rows(`SELECT (SELECT count(*) FROM fact_transactions) AS facts,
        (SELECT count(*) FROM dim_customers) AS customers, (SELECT count(*) FROM held_transactions) AS held`),
    ).toEqual([{ facts: 9722, customers: 4997, held: 12 }]);
    expect(await readdir(join(home.path, '.argosy'))).not.toContain('warehouse');
    const risky = await argosy(
      'query',
      '--sample',
      '--warehouse',
      'select * from vw_high_risk_transactions limit 10',
    );
    expect(risky.exitCode).toBe(0);
    expect(risky.stdout.trim().split('\n')).toHaveLength(12);
  });

  it(
    'finds nothing new the second time',
    async () => {
      const before = await rows('SELECT max(updated_at) AS newest FROM fact_transactions');
      const second = await argosy('run', 'finance', '--sample');
      expect(second.exitCode).toBe(0);
      expect(second.stdout).toContain('nothing new: 9,722 rows as they were');
      expect(await rows('SELECT max(updated_at) AS newest FROM fact_transactions')).toEqual(before);
    },
    RUN_MS_MAX,
  );

  it(
    'loads what was held when the late customers come',
    async () => {
      const late = 'customers=inbox/sample/late-customers-2026-01-31.csv';
      const { stdout } = await argosy('run', 'finance', '--sample', '-p', late);
      expect(stdout).toContain('10 inserted, 0 updated, 9,722 unchanged');
      expect(await rows('SELECT count(*) AS held FROM held_transactions')).toEqual([{ held: 2 }]);
    },
    RUN_MS_MAX,
  );

  it('answers questions about the clean rows too, without the warehouse', async () => {
    const sql = `SELECT count(*) AS n, count(DISTINCT transaction_id) AS ids,
      typeof(min(amount)) AS type FROM finance.current_transactions`;
    const { stdout } = await argosy('query', '--sample', '--json', sql);
    expect(JSON.parse(stdout)).toEqual([{ n: 9734, ids: 9734, type: 'DECIMAL(12,2)' }]);
    const tables = JSON.parse((await argosy('tables', '--sample', '--json')).stdout) as {
      database: string;
      name: string;
    }[];
    const own = tables.filter(({ database }) => database === 'finance');
    expect(own.map(({ name }) => name)).toEqual([
      'transactions',
      'customers',
      'current_transactions',
    ]);
  });

  it('cleans an upload in a run of its own, which is no batch', async () => {
    const raw = join(home.path, '.argosy/sample/store/argosy-finance/raw');
    await mkdir(raw);
    await writeFile(join(raw, 'x.csv'), 'transaction_id,amount\nA,1.50\nA,2\nB,\nC,-1\nD,3\n');
    const audits = await rows('SELECT count(*) AS n FROM etl_audit_log');
    const end = await argosy('run', 'finance', '--sample', '-p', 'key=raw/x.csv');
    expect(end.stdout).toMatch(/processed +1 file\n +rows +2 written, 3 rejected\n +output +file:/);
    const again = await argosy('run', 'finance', '--sample', '-p', 'uploads=true');
    expect(again.stdout).toMatch(/processed +nothing new/);
    expect(await rows('SELECT count(*) AS n FROM etl_audit_log')).toEqual(audits);
  });

  it('keeps an audit row of each run', async () => {
    const audit = await rows('SELECT status, records_loaded FROM etl_audit_log ORDER BY run_id');
    expect(audit).toMatchObject([
      { status: 'success', records_loaded: 9722 },
      { status: 'success', records_loaded: 9722 },
      expect.anything(),
    ]);
  });

  it(
    'tells one clear error where nothing was put into the inbox',
    async () => {
      const other = join(home.path, 'other');
      await mkdir(other);
      const end = await cli(['run', 'finance'], { cwd: other });
      expect(end.exitCode).toBe(23);
      expect(end.stderr).toMatch(/error: .*transactions: no .* below inbox\/transactions\//);
    },
    RUN_MS_MAX,
  );
});

describeLong('argosy run finance', () => {
  it(
    'loads what the inbox holds, and ends well after extract when an increment of the next day brings nothing',
    async () => {
      await using home = await tempFolder();
      const inbox = join(home.path, '.argosy/store/argosy-finance/inbox');
      const put = async (name: string, text: string): Promise<void> => {
        await mkdir(join(inbox, name), { recursive: true });
        await writeFile(join(inbox, name, 'a.csv'), text);
      };
      await put(
        'transactions',
        `transaction_id,customer_id,transaction_date,amount,merchant_id,category,status,payment_method
         t1,c1,2026-01-30 10:00:00,6000.00,M1,gas,completed,cash\n`.replaceAll(/^ +/gm, ''),
      );
      await put(
        'customers',
        `customer_id,customer_name,registration_date,customer_tier,email,is_active
         C1,Ann,2020-01-01 00:00:00,gold,ann@example.com,true\n`.replaceAll(/^ +/gm, ''),
      );
      const run = (day: string) =>
        cli(`run finance -p increment=true -p min-rows=0 -p logical-date=${day}`.split(' '), {
          cwd: home.path,
        });
      expect((await run('2026-01-31')).stdout).toContain('1 = 0 rejected + 1 loaded + 0 held');
      const next = await run('2026-02-01');
      expect(next.exitCode).toBe(0);
      expect(next.stdout).toMatch(/this run +nothing new\n +quality +nothing to check/);
      expect(next.stderr).not.toContain('transform');
    },
    RUN_MS_MAX,
  );
});
