import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import {
  eraseRows,
  eraseSuperseded,
  findPerson,
  type ForgetPorts,
  madeAsOf,
  type Traces,
} from '../../../services/pipelines/commerce/upkeep/forget.ts';
import { accountsOf, readFeedSet } from '../../../services/pipelines/commerce/set/feed-set.ts';
import { makeCommerceSample } from '../../../services/sample/commerce.ts';
import { curatedRows } from '../../support/commerce-curated.ts';
import { runCommerce } from '../../support/commerce-run.ts';
import { noOutside } from '../../support/no-outside.ts';
import { openOwnEngine, START } from '../../support/pipeline.ts';
import { type TempFolder, tempFolder } from '../../support/temp-folder.ts';

const ID = 'cust_777777';
const DAY = '2026-01-31';
const PARAMETERS = { 'min-transactions': '1', 'min-products': '0', 'freshness-hours': '900' };
const SALES =
  'transaction_id,customer_id,product_id,quantity,price,total_amount,transaction_date,status\n';
const sale = (id: string, customer: string) =>
  `${id},${customer},prod_000001,1,10.00,10.00,2026-01-30 10:00:00,completed\n`;
const click = (session: string, customer: string | null, page: string) =>
  `${JSON.stringify({ session_id: session, customer_id: customer, event_type: 'page_view', page, timestamp: `2026-01-30T10:00:0${page.length}`, device: 'mobile' })}\n`;
const REVIEWS = 'review_id,product_id,customer_id,rating,review_text,review_date\n';

/** Rows about the person beside those of others, wherever a feed may have them. */
const FILES: readonly (readonly [key: string, text: string, isGzip?: boolean])[] = [
  ['transactions/date=2026-01-30/a.csv', `${SALES}${sale('t1', ID)}${sale('t2', 'cust_000001')}`],
  [
    'transactions/date=2026-01-30/copy-of-a.csv',
    `${SALES}${sale('t1', ID)}${sale('t2', 'cust_000001')}`,
  ],
  ['transactions/date=2026-01-29/only.csv', `${SALES}${sale('t3', ID)}`],
  // Its customer is hers, though a rule refuses the row.
  [
    'transactions/date=2026-01-28/refused.csv',
    `${SALES}${sale('t4', ` ${ID} `).replace(',1,10', ',0,10')}${sale('t5', 'cust_000002')}`,
  ],
  [
    'clickstream/date=2026-01-30/clicks.json.gz',
    click('s1', null, '/') +
      click('s1', ID, '/ab') +
      click('s2', null, '/') +
      click('s3', 'cust_000001', '/'),
    true,
  ],
  ['clickstream/date=2026-01-29/hers.json', click('s1', null, '/later')],
  [
    'reviews/date=2026-01-30/reviews.csv',
    `${REVIEWS}r1,prod_000001,${ID},5,"of two\nlines, ""quoted""",2026-01-30\nr2,prod_000001,cust_000001,4,"also\ntwo",2026-01-30\n`,
  ],
];

/** Gone from the raw zone when the person is forgotten, as files are that have grown old. */
const EXPIRED: readonly (readonly [key: string, text: string])[] = [
  ['transactions/date=2026-01-27/x.csv', `${SALES}${sale('t8', ID)}${sale('t9', 'cust_000001')}`],
  [
    'clickstream/date=2026-01-28/x.json',
    click('s8', ID, '/') + click('s8', null, '/a') + click('s9', null, '/'),
  ],
].map(([key = '', text = '']) => [key, text.replaceAll('2026-01-30', '2026-01-27')]);

let folder: TempFolder;
let ports: ForgetPorts;
let found: Traces;
let after: Traces;
let removed: number;

beforeAll(async () => {
  folder = await tempFolder();
  const store = memoryStore({ bucket: 'commerce', clock: manualClock(START) });
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  ports = {
    store,
    records: objectRecords(store),
    openEngine: openOwnEngine,
    log,
    signal: new AbortController().signal,
    cache: join(folder.path, 'cache'),
    scratch: await mkdtemp(join(folder.path, 'forget-')),
    settings: { ...noOutside.settings, environment: 'local' },
  };
  const others = { transactions: 200, products: 20, events: 100, reviews: 30, customers: 20 };
  for (const [key, bytes] of makeCommerceSample({ ...others, lastDay: DAY, days: 2, seed: 3 }))
    await store.put(key, bytes);
  for (const [key, text, isGzip] of FILES)
    await store.put(`raw/${key}`, isGzip ? gzipSync(text) : Buffer.from(text));
  for (const [key, text] of EXPIRED) await store.put(`raw/${key}`, Buffer.from(text));
  await store.put('raw/notes.txt', Buffer.from('of no feed'));
  const place = { store, folder: folder.path };
  await runCommerce(place, { runId: 'run-1', parameters: PARAMETERS });
  for (const [key] of EXPIRED) await store.delete(`raw/${key}`);
  found = await findPerson(ports, ID);
  await eraseRows(ports, found);
  await runCommerce(place, { runId: 'run-2', parameters: PARAMETERS });
  await store.put('_queries/cache/a.json', Buffer.from('{"rows":[["somebody"]]}'));
  await store.put('_queries/history/1.json', Buffer.from(`{"sql":"… = '${ID}'"}`));
  await store.put('_queries/history/2.json', Buffer.from('{"sql":"SELECT 1"}'));
  removed = await eraseSuperseded(ports, found);
  after = await findPerson(ports, ID);
}, 60_000);

afterAll(() => folder.remove());

async function textOf(key: string): Promise<string> {
  const bytes = await ports.store.get(`raw/${key}`);
  return (key.endsWith('.gz') ? gunzipSync(bytes!) : Buffer.from(bytes!)).toString();
}

it('finds the person in every zone: refused rows, copies, and clicks before the login too', () => {
  expect(found.raw.map(({ key, rows }) => [key.slice('raw/'.length), rows])).toEqual([
    ['clickstream/date=2026-01-29/hers.json', 1],
    ['clickstream/date=2026-01-30/clicks.json.gz', 2],
    ['reviews/date=2026-01-30/reviews.csv', 1],
    ['transactions/date=2026-01-28/refused.csv', 1],
    ['transactions/date=2026-01-29/only.csv', 1],
    ['transactions/date=2026-01-30/a.csv', 1],
    ['transactions/date=2026-01-30/copy-of-a.csv', 1],
  ]);
  const rows = new Map(found.tables.map(({ table, rows: count }) => [table, count]));
  // Of four one is refused for its quantity, one for its date, and one file is a copy.
  expect(rows.get('curated_local.transactions')).toBe(2);
  expect(rows.get('processed_local.transactions')).toBe(2);
  expect(rows.get('curated_local.customer_360')).toBe(1);
  expect(found).toMatchObject({ unreadable: [], passedOver: ['raw/notes.txt'], superseded: 0 });
});

it('rows of others stay, of files too that are gone', async () => {
  const rows = (await curatedRows({ store: ports.store, folder: folder.path }, 'transactions')).map(
    (row) => row['transaction_id'],
  );
  expect(rows).toEqual(expect.arrayContaining(['t2', 't9']));
  const sessions = (await curatedRows({ store: ports.store, folder: folder.path }, 'clickstream'))
    .length;
  const { published, rowsIn, rejected } = accountsOf(await readFeedSet(ports.store, 'clickstream'));
  expect([sessions, rowsIn]).toEqual([published, published + rejected]);
});

it('afterwards the person is in no row of any zone', () => {
  expect({ raw: after.raw, tables: after.tables }).toEqual({ raw: [], tables: [] });
  expect(removed).toBeGreaterThan(0);
});

it('no object of the store holds the identifier, as text or in a column of any Parquet file', async () => {
  const engine = await openOwnEngine([folder.path]);
  const holding: string[] = [];
  for await (const { key } of ports.store.list('')) {
    const bytes = Buffer.from((await ports.store.get(key))!);
    const plain = key.endsWith('.gz') ? gunzipSync(bytes) : bytes;
    if (plain.includes(ID)) holding.push(key);
    if (!key.endsWith('.parquet')) continue;
    const path = join(folder.path, `look-${key.replaceAll('/', '-')}`);
    await writeFile(path, bytes);
    const { rows } = await engine.query(
      `SELECT count(*) FROM (FROM read_parquet('${path}') AS r SELECT CAST(r AS VARCHAR) AS text) WHERE contains(text, $1)`,
      [ID],
    );
    if (Number(rows[0]?.[0]) > 0) holding.push(key);
  }
  await engine.close();
  expect(holding).toEqual([]);
});

it('answers that were kept are gone, and questions about the person, but not those about others', async () => {
  const left: string[] = [];
  for await (const { key } of ports.store.list('_queries/')) left.push(key);
  expect(left).toEqual(['_queries/history/2.json']);
});

it('what is about others keeps its bytes, and visitors who are not known stay', async () => {
  expect(await textOf('transactions/date=2026-01-30/a.csv')).toBe(
    `${SALES}${sale('t2', 'cust_000001')}`,
  );
  expect(await textOf('transactions/date=2026-01-29/only.csv')).toBe(SALES);
  expect(await textOf('clickstream/date=2026-01-30/clicks.json.gz')).toBe(
    click('s2', null, '/') + click('s3', 'cust_000001', '/'),
  );
  expect(await textOf('reviews/date=2026-01-30/reviews.csv')).toBe(
    `${REVIEWS}r2,prod_000001,cust_000001,4,"also\ntwo",2026-01-30\n`,
  );
});

it('a copy that was refused is emptied: it would be taken for new otherwise', async () => {
  expect(await textOf('transactions/date=2026-01-30/copy-of-a.csv')).toBe(SALES);
  expect(await madeAsOf(ports)).toBe(DAY);
});
