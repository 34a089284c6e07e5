import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { filesystemStore } from '../../services/adapters/object-store/filesystem.ts';
import { cli } from '../support/cli.ts';
import { shopRows } from '../support/commerce-rows.ts';
import { publishShop } from '../support/commerce-shop.ts';
import { REFERENCE } from '../support/named-reference.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';

const ROWS = shopRows({
  seed: 6,
  lastDay: '2026-11-20',
  dayCount: 5,
  transactions: 100,
  sessions: 20,
});
let folder: TempFolder;

beforeAll(async () => {
  folder = await tempFolder();
  await using work = await tempFolder();
  const root = join(folder.path, '.argosy', 'store');
  const store = filesystemStore({ folder: root, bucket: 'argosy-commerce' });
  await publishShop(store, work.path, ROWS);
}, 30_000);

afterAll(() => folder.remove());

const argosy = (...argv: string[]) => cli(argv, { cwd: folder.path });

it('answers by name as of the newest day, which it says beside the data', async () => {
  const end = await argosy('query', '--named', 'revenue_by_category', '--csv');
  expect(end).toMatchObject({
    exitCode: 0,
    stderr: 'as of 2026-11-20, the newest day published\n',
  });
  const [head, ...lines] = end.stdout.trim().split('\r\n');
  expect(head).toBe('category,revenue,orders,units,revenue_share_pct');
  expect(lines).toHaveLength(REFERENCE['revenue_by_category']!(ROWS, '2026-11-20').length);
});

it('answers as of a day that is given, as JSON too, and says nothing else', async () => {
  const end = await argosy('query', '--named', 'daily_kpis', '--as-of', '2026-11-18', '--json');
  expect(end).toMatchObject({ exitCode: 0, stderr: '' });
  const days = (JSON.parse(end.stdout) as { date: string }[]).map(({ date }) => date);
  expect(days).toEqual(REFERENCE['daily_kpis']!(ROWS, '2026-11-18').map(([date]) => date));
});

it('the tables are asked as curated.…, of which the pipeline need not be said', async () => {
  const end = await argosy('query', '--csv', 'SELECT count(*) AS n FROM curated.transactions');
  expect(end).toMatchObject({ exitCode: 0, stdout: 'n\r\n100\r\n' });
});

it('lifecycle says what there is and removes nothing that is young', async () => {
  const end = await argosy('lifecycle', '--json', '--yes');
  expect(end.exitCode).toBe(0);
  const { removed, rules } = JSON.parse(end.stdout) as {
    removed: number;
    rules: { rule: { prefix: string }; objects: number }[];
  };
  expect(removed).toBe(0);
  expect(rules.find(({ rule }) => rule.prefix === 'curated/')?.objects).toBeGreaterThan(3);
});

it.each([
  [['query', '--named', 'top_product'], 51, 'did you mean top_products?'],
  [['query', '--named', 'top_products', 'SELECT 1'], 51, '--named takes neither SQL'],
  [['query', '--named', 'top_products', '--warehouse'], 51, '--named takes neither SQL'],
  [['query', '--named', 'top_products', '--as-of', 'monday'], 51, '"monday" is not a day'],
  [['query', '--named', 'top_products', '--pipeline', 'finance'], 51, 'has no named queries'],
  [['query', '--named', 'top_products', '--sample'], 23, 'published no transactions yet'],
  [['query'], 51, 'the query is empty'],
  [['forget'], 51, '--customer'],
  [['forget', '--customer', ' '], 51, '--customer is empty'],
])('%j ends with %d: %s', async (argv, exitCode, message) => {
  const end = await argosy(...argv);
  expect(end).toMatchObject({ exitCode, stdout: '' });
  expect(end.stderr).toContain(message);
});
