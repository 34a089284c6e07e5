import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { secret } from '../../../services/core/secret.ts';
import type { FeedName } from '../../../services/pipelines/commerce/door/raw-key.ts';
import { readFeedSet } from '../../../services/pipelines/commerce/set/feed-set.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import { curatedRows } from '../../support/commerce-curated.ts';
import { runCommerceStep } from '../../support/commerce-run.ts';
import { START } from '../../support/pipeline.ts';
import { type TempFolder, tempFolder } from '../../support/temp-folder.ts';

const SALT = 'a salt of the test';
const DAY = 'date=2026-01-15';
const HEADER =
  'transaction_id,customer_id,product_id,quantity,price,total_amount,transaction_date,status\n';
const CLICK = {
  session_id: 's',
  customer_id: null,
  event_type: 'page_view',
  page: '/',
  timestamp: '2026-01-15T10:30:45',
  device: 'mobile',
  browser: 'Chrome',
};
const AGENT = 'Mozilla/5.0 (PLANTED)';
const CLICKS = [
  CLICK,
  { ...CLICK, session_id: 's2', browser: AGENT, page: '/account/PLANTED@x.com/orders' },
  { ...CLICK, session_id: null, ip_address: '203.0.113.77', user_agent: AGENT, browser: ' edge ' },
  { ...CLICK, session_id: 's4', ip_address: '203.0.113.77:8080' },
  { ...CLICK, event_type: 'PLANTED@x.com' },
  { ...CLICK, timestamp: 'PLANTED@x.com' },
];
const SALES = [
  'txn_1,cust_1,prod_1,2,10.00,20.00,2026-01-15 10:00:00,Shipped',
  'txn_2,cust_1,prod_1,2,10.00,20.00,2026-01-15 10:00:00,mail PLANTED@x.com',
  'txn_3,cust_1,prod_1,-2,10.00,20.00,2026-01-15 10:00:00,completed',
  // Shifted by a cell.
  'txn_4,5,cust_PLANTED,prod_1,2,10.00,20.00,2026-01-15 10:00:00',
  'txn_5,cust_1,prod_1,2,PLANTED,20.00,PLANTED,PLANTED',
];

let folder: TempFolder;
let store: ObjectStore;

beforeAll(async () => {
  folder = await tempFolder();
  store = memoryStore({ bucket: 'commerce', clock: manualClock(START) });
  const clicks = CLICKS.map((one) => JSON.stringify(one)).join('\n');
  await store.put(`raw/clickstream/${DAY}/c.json`, Buffer.from(clicks));
  await store.put(`raw/transactions/${DAY}/t.csv`, Buffer.from(`${HEADER}${SALES.join('\n')}\n`));
  const settings = { environment: 'prod', personSalt: secret(SALT) };
  for (const name of ['validate', 'clickstream', 'transactions'])
    await runCommerceStep({ store, folder: folder.path, settings }, name);
});
afterAll(() => folder.remove());

async function rows(feed: FeedName, order: string) {
  const { commit } = await readFeedSet(store, feed);
  return curatedRows({ store, folder: folder.path }, feed, { set: commit!, order });
}

it('in prod too: no browser text, no mail address in a path, no whole address, no visit that can be found by trying', async () => {
  const found = await rows('clickstream', 'session_id');
  const visit = createHmac('sha256', SALT);
  const own = found.find(({ session_id: id }) => id?.startsWith('visitor:'));
  expect(own?.['session_id']).not.toMatch(/^visitor:[0-9a-f]{24}$/);
  expect(own?.['session_id']).toHaveLength('visitor:'.length + visit.digest('hex').length);
  expect(found.map(({ browser }) => browser)).toEqual(['Chrome', 'other', 'Chrome', 'Edge']);
  expect(found.map(({ page }) => page)).toEqual(['/', '/account/***/orders', '/', '/']);
  expect(found.map(({ ip_address: ip }) => ip)).toEqual(['', '', '203.0.113.0', '203.0.113.0']);
});

it('a status that nobody knows is kept, without the address in it', async () => {
  const found = await rows('transactions', 'transaction_id');
  expect(found.map(({ status }) => status)).toEqual(['shipped', 'mail ***']);
});

it('rejects show only what their columns may hold', async () => {
  const shown: unknown[] = [];
  for (const feed of ['clickstream', 'transactions'] as const)
    for (const { key } of (await readFeedSet(store, feed)).quarantine) {
      const text = Buffer.from((await store.get(key))!).toString();
      expect(text).not.toContain('PLANTED');
      for (const line of text.trim().split('\n'))
        shown.push((JSON.parse(line) as { values: unknown }).values);
    }
  expect(shown).toContainEqual({ event_type: '***', timestamp: '2026-01-15T10:30:45' });
  expect(shown).toContainEqual({ event_type: 'page_view', timestamp: '***' });
  expect(shown).toContainEqual({
    transaction_id: 'txn_3',
    product_id: 'prod_1',
    quantity: '-2',
    price: '10.00',
    total_amount: '20.00',
    transaction_date: '2026-01-15 10:00:00',
    status: 'completed',
  });
  expect(shown).toContainEqual(
    expect.objectContaining({ transaction_id: 'txn_4', product_id: '***' }) as unknown,
  );
});
