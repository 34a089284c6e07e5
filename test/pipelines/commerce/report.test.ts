import { parse } from 'node-html-parser';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { filesystemStore } from '../../../services/adapters/object-store/filesystem.ts';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import { commerceReport } from '../../../services/pipelines/commerce/report.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import { REFERENCE } from '../../support/named-reference.ts';
import { shopRows } from '../../support/commerce-rows.ts';
import { writeRuns } from '../../support/commerce-runs.ts';
import { publishShop } from '../../support/commerce-shop.ts';
import { openOwnEngine } from '../../support/pipeline.ts';
import { type TempFolder, tempFolder } from '../../support/temp-folder.ts';

const LAST = '2026-11-20';
const ROWS = shopRows({
  seed: 4,
  lastDay: LAST,
  dayCount: 70,
  transactions: 1200,
  sessions: 400,
});
let folder: TempFolder;
let store: ObjectStore;
let html: string;

beforeAll(async () => {
  folder = await tempFolder();
  store = bucket('commerce');
  await publishShop(store, folder.path, ROWS);
  await writeRuns(objectRecords(store), { day: LAST, count: 5 });
  html = (await pageOf(null)).html;
}, 30_000);

afterAll(() => folder.remove());

function bucket(name: string): ObjectStore {
  return filesystemStore({ folder: folder.path, bucket: name });
}

function pageOf(logicalDate: string | null, own = store) {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const { signal } = new AbortController();
  const cache = `${folder.path}/cache`;
  const ports = { store: own, openEngine: openOwnEngine, log, signal, cache };
  return commerceReport({ ports, records: objectRecords(own), logicalDate });
}

const textOf = (page: string, place: string): string =>
  (parse(page).querySelector(place)?.structuredText ?? '').replaceAll(/\s+/g, ' ');

it('shows the four figures that a slow implementation counts, each with its change', () => {
  const tiles = parse(html).querySelectorAll('.tile');
  const expected = REFERENCE['current_kpis']!(ROWS, LAST);
  const shown = tiles.map((tile) => tile.querySelector('.value')?.text.replaceAll(/[,% ]/g, ''));
  const [revenue, ...others] = expected.map(([, value]) => Number(value));
  expect(shown.map(Number)).toEqual([Math.round(revenue!), ...others]);
  for (const [at, tile] of tiles.entries())
    expect(tile.querySelector('.note')?.text).toMatch(
      Number(expected[at]![3]) > 0 ? /up [\d.]+ % from/ : /down [\d.]+ % from/,
    );
});

it('has the parts of requirements 3.14, in words too', () => {
  const ids = parse(html)
    .querySelectorAll('section')
    .map((one) => one.id);
  expect(ids).toEqual(['revenue', 'products', 'funnel', 'customers', 'quality', 'cost', 'runs']);
  const top = REFERENCE['top_products']!(ROWS, LAST).slice(0, 10);
  for (const [, name] of top) expect(html).toContain(String(name).replaceAll(/[&<>"].*/g, ''));
  expect(textOf(html, '#customers')).toMatch(/VIP \d+ [\d.]+ %/);
  expect(textOf(html, 'header')).toContain('last updated 2026-11-20 04:00:41 UTC');
  expect(html).toContain('<meta http-equiv="refresh" content="3600"');
});

it('the revenue of every day is that of a slow implementation, and there are thirty', () => {
  const rows = parse(html)
    .querySelectorAll('#revenue tbody tr')
    .map((row) => row.querySelectorAll('td').map((cell) => cell.text.trim()));
  const expected = new Map(REFERENCE['daily_kpis']!(ROWS, LAST).map((row) => [row[0], row[7]]));
  expect(rows).toHaveLength(30);
  for (const [day, revenue] of rows)
    expect(revenue?.replaceAll(',', '') || undefined).toBe(expected.get(day ?? ''));
});

it('is the same page for the same store, and about the day that was asked for', async () => {
  expect((await pageOf(null)).html).toBe(html);
  const earlier = await pageOf('2026-11-01');
  expect(earlier.logicalDate).toBe('2026-11-01');
  expect(textOf(earlier.html, '.subtitle')).toBe('The shop as of 2026-11-01');
});

it('what is markup in a name is text in the page', () => {
  expect(html).toContain('Mug &quot;&lt;b&gt;Tom &amp; Jerry');
  expect(parse(html).querySelector('b')).toBeNull();
});

it('a run that failed is said first, its message as text', async () => {
  const own = bucket('failed');
  await publishShop(own, folder.path, ROWS);
  await writeRuns(objectRecords(own), { day: LAST, count: 2, isFailed: true });
  const page = (await pageOf(null, own)).html;
  expect(textOf(page, '.state')).toContain('The newest run failed');
  expect(textOf(page, '.alerts')).toContain('transactions: <script>alert(1)</script>');
  expect(parse(page).querySelector('script')).toBeNull();
});

it('a shop with one day and no sessions, no products and no run has a page without a fault', async () => {
  const own = bucket('small');
  const { transactions } = ROWS;
  await publishShop(own, folder.path, {
    transactions: transactions.slice(0, 1),
    products: [],
    clicks: [],
    reviews: [],
  });
  const { html: page } = await pageOf(null, own);
  expect(page).not.toMatch(/NaN|undefined|Infinity|null/);
  expect(textOf(page, '.state')).toContain('No run is recorded');
});

it('before anything is published there is no page', async () => {
  const own = bucket('empty');
  await own.put('_here', Buffer.from(''));
  await expect(pageOf(null, own)).rejects.toMatchObject({ kind: 'not-found' });
});
