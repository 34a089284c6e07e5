import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesystemStore } from '../../services/adapters/object-store/filesystem.ts';
import type { QueryRecord } from '../../services/stages/serve/history/query-history.ts';
import { cli } from '../support/cli.ts';
import { shopRows } from '../support/commerce-rows.ts';
import { publishShop } from '../support/commerce-shop.ts';
import { describeLong } from '../support/require-component.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';

const rowsOf = (transactions: number) =>
  shopRows({ seed: 6, lastDay: '2026-11-20', dayCount: 3, transactions, sessions: 9 });
const COUNT = 'SELECT count(*) AS n FROM curated.transactions';
const AGAIN = /^answered just now, nothing published since: --no-cache asks again\n/;

let folder: TempFolder;

const bucket = () => join(folder.path, '.argosy/store/argosy-commerce');
const argosy = (...argv: string[]) => cli(argv, { cwd: folder.path });

async function publish(transactions: number): Promise<void> {
  await using work = await tempFolder();
  const root = join(folder.path, '.argosy', 'store');
  const store = filesystemStore({ folder: root, bucket: 'argosy-commerce' });
  await publishShop(store, work.path, rowsOf(transactions));
}

async function history(...argv: string[]): Promise<QueryRecord[]> {
  const { stdout } = await argosy('history', '--json', ...argv);
  return JSON.parse(stdout) as QueryRecord[];
}

beforeAll(async () => {
  folder = await tempFolder();
  await publish(40);
}, 30_000);

afterAll(() => folder.remove());

describe('an answer is kept', () => {
  it('and given again in the same bytes, which is said beside the data', async () => {
    const sql = 'SELECT * FROM curated.transactions ORDER BY transaction_id';
    for (const form of ['--json', '--csv']) {
      const first = await argosy('query', '--no-cache', form, sql);
      expect(first).toMatchObject({ exitCode: 0, stderr: '' });
      const again = await argosy('query', form, `${sql} ; -- the same`);
      expect(again).toMatchObject({ exitCode: 0, stdout: first.stdout });
      expect(again.stderr).toMatch(AGAIN);
    }
  });

  it('of a named query too, with the day that it is about', async () => {
    const first = await argosy('query', '--named', 'daily_kpis', '--csv');
    const again = await argosy('query', '--named', 'daily_kpis', '--csv');
    expect(again.stdout).toBe(first.stdout);
    expect(again.stderr).toMatch(AGAIN);
    expect(again.stderr).toContain('as of 2026-11-20, the newest day published\n');
    const other = await argosy('query', '--named', 'daily_kpis', '--as-of', '2026-11-18', '--csv');
    expect(other.stdout).not.toBe(first.stdout);
  });

  it('until something is published', async () => {
    expect((await argosy('query', '--csv', COUNT)).stdout).toBe('n\r\n40\r\n');
    await publish(50);
    expect(await argosy('query', '--csv', COUNT)).toMatchObject({
      stdout: 'n\r\n50\r\n',
      stderr: '',
    });
    expect((await argosy('query', '--csv', COUNT)).stderr).toMatch(AGAIN);
  });

  it('not of what changes by itself', async () => {
    const sql = 'SELECT count(*) AS n FROM curated.transactions WHERE transaction_date < now()';
    await argosy('query', sql);
    expect((await argosy('query', sql)).stderr).toBe('');
  });

  it('not where --no-cache says so', async () => {
    await argosy('query', COUNT);
    expect((await argosy('query', '--no-cache', COUNT)).stderr).toBe('');
  });

  it('and asked for again where what was kept is damaged', async () => {
    await argosy('query', COUNT);
    const answers = join(bucket(), '_queries/cache');
    for (const name of await readdir(answers)) await writeFile(join(answers, name), '{');
    expect(await argosy('query', '--csv', COUNT)).toMatchObject({
      exitCode: 0,
      stdout: 'n\r\n50\r\n',
      stderr: '',
    });
  });
});

describe('argosy history', () => {
  it('tells what was asked, of what, and how it went', async () => {
    await rm(join(bucket(), '_queries'), { recursive: true });
    await argosy('query', COUNT);
    await argosy('query', COUNT);
    await argosy('query', '--named', 'top_products');
    await argosy('query', 'SELECT nope FROM curated.transactions');
    const [failed, named, again, first] = await history();
    expect(first).toMatchObject({
      pipeline: 'commerce',
      engine: 'duckdb',
      sql: COUNT,
      named: null,
      tables: ['transactions'],
      rows: 1,
      scanned_bytes: expect.any(Number),
      cache_hit: false,
      status: 'success',
      error_class: null,
    });
    expect(first?.scanned_bytes).toBeGreaterThan(1_000);
    expect(again).toMatchObject({ sql: COUNT, cache_hit: true, scanned_bytes: 0, rows: 1 });
    expect(named).toMatchObject({ named: 'top_products', sql: '', as_of: '2026-11-20' });
    expect(failed).toMatchObject({
      status: 'failed',
      error_class: 'input-invalid',
      error_message: expect.stringContaining('nope'),
      rows: null,
    });
  });

  it('tells of one engine, of failures, of the newest', async () => {
    expect(await history('--failed')).toHaveLength(1);
    expect(await history('--limit', '2')).toHaveLength(2);
    expect(await history('--engine', 'athena')).toEqual([]);
    expect(await history('--pipeline', 'finance')).toEqual([]);
  });

  it('is a table that fits a terminal', async () => {
    const { stdout } = await argosy('history');
    expect(stdout.split('\n')[0]).toMatch(/^asked \(UTC\) +engine +took +read +rows +question$/);
    expect(stdout).toContain('--named top_products (as of 2026-11-20)');
    expect(stdout).toContain('input-invalid');
  });

  it('holds no secret of the SQL', async () => {
    await argosy('query', `SELECT 'postgres://me:pa55word@host/db' AS a FROM curated.transactions`);
    const [newest] = await history('--limit', '1');
    expect(newest?.sql).toContain('postgres://***@host/db');
    expect(JSON.stringify(newest)).not.toContain('pa55word');
  });

  it('says where nothing was asked, and that asking where nothing is published leaves nothing', async () => {
    await using empty = await tempFolder();
    const at = { cwd: empty.path };
    const asked = await cli(['query', 'SELECT count(*) FROM current_data', '--csv'], at);
    expect(asked).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/\r\n0\r\n$/) });
    expect(asked.stderr).toBe(
      'fama-french has published nothing yet: first argosy run fama-french\n',
    );
    expect(await readdir(empty.path)).not.toContain('.argosy/store');
    const end = await cli(['history'], at);
    expect(end).toMatchObject({ exitCode: 0, stdout: '', stderr: 'no questions are kept\n' });
  });

  it.each([
    [['--engine', 'duck'], 'did you mean duckdb?'],
    [['--limit', 'all'], '--limit all is not a whole number'],
    [['--pipeline', 'comerce'], 'did you mean commerce?'],
  ])('refuses %j', async (argv, message) => {
    const end = await argosy('history', ...argv);
    expect(end.exitCode).toBe(51);
    expect(end.stderr).toContain(message);
  });
});

describeLong('limits', () => {
  it('a question that opens more than its scan limit is refused before anything is read', async () => {
    const end = await argosy('query', '--no-cache', '--scan-limit', '1 kB', COUNT);
    expect(end).toMatchObject({ exitCode: 22, stdout: '' });
    expect(end.stderr).toMatch(/query opens .* of objects, more than 1.0 kB\nhint: .*--scan-limit/);
    expect((await argosy('query', '--scan-limit', '1GiB', COUNT)).exitCode).toBe(0);
    const named = await argosy('query', '--named', 'top_products', '--no-cache', '--scan-limit=1');
    expect(named.exitCode).toBe(22);
  });

  it('an answer of more rows than the row limit is refused', async () => {
    const sql = 'SELECT 1 FROM curated.transactions';
    expect((await argosy('query', '--row-limit', '50', sql)).exitCode).toBe(0);
    // Though an answer of fifty rows was kept.
    const end = await argosy('query', '--row-limit', '49', sql);
    expect(end.stderr).toContain('query returns more than 49 rows');
  });

  it.each([
    [['--scan-limit', 'ten'], '--scan-limit ten is no number of bytes'],
    [['--scan-limit', '10 GX'], '--scan-limit 10 GX is no number of bytes'],
    [['--row-limit', '0'], '--row-limit 0 is less than 1'],
    [['--engine', 'athen'], 'did you mean athena?'],
    [['--engine', 'athena'], 'Athena reads objects in S3 alone'],
    [['--warehouse', '--scan-limit', '1GB'], '--scan-limit says nothing to the warehouse'],
  ])('%j is refused', async (argv, message) => {
    const end = await argosy('query', ...argv, COUNT);
    expect(end.exitCode).toBe(51);
    expect(end.stderr).toContain(message);
  });
});

it('where nothing can be kept, questions are answered all the same', async () => {
  await rm(join(bucket(), '_queries'), { recursive: true });
  await writeFile(join(bucket(), '_queries'), 'in the way');
  const end = await argosy('query', '--csv', COUNT);
  expect(end).toEqual({ exitCode: 0, stdout: 'n\r\n50\r\n', stderr: '' });
  await rm(join(bucket(), '_queries'));
});
