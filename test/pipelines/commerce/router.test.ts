import { expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { duckdbEngine } from '../../../services/adapters/query-engine/duckdb.ts';
import { readFeedSet } from '../../../services/pipelines/commerce/set/feed-set.ts';
import { makeCommerceSample } from '../../../services/sample/commerce.ts';
import { runCommerceStep } from '../../support/commerce-run.ts';
import { START } from '../../support/pipeline.ts';
import { describeLong } from '../../support/require-component.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const FILES = [
  ...makeCommerceSample({
    seed: 51,
    transactions: 900,
    products: 10,
    events: 600,
    reviews: 20,
    customers: 9,
    lastDay: '2026-01-31',
    days: 5,
  }),
].filter(([key]) => /^raw\/(?:transactions|clickstream)\//.test(key));
/** Its columns stand in another order, so that it cannot be read with the others. */
const OTHER = `status,transaction_date,total_amount,price,quantity,product_id,customer_id,transaction_id
completed,2026-01-30,5.00,5.00,1,prod_000001,cust_000001,other_1\n`;
/** Every row of it is refused. */
const BAD = `transaction_id,customer_id,product_id,quantity,price,total_amount,transaction_date,status
bad_1,,prod_000001,1,5.00,5.00,2026-01-30,completed\n`;

const openEngine = (folders: readonly string[]) =>
  duckdbEngine({ folders, memoryBytesMax: 256 * 2 ** 20, threads: 1, connections: 2 });

/** What validate and the two feeds say and keep when files below so many MB count as small. */
async function routed(folder: string, lightMaxMb: string) {
  const store = memoryStore({ bucket: 'commerce', clock: manualClock(START) });
  for (const [key, bytes] of FILES) await store.put(key, bytes);
  await store.put('raw/transactions/date=2026-01-30/other.csv', Buffer.from(OTHER));
  await store.put('raw/transactions/date=2026-01-30/bad.csv', Buffer.from(BAD));
  const bench = { store, folder, openEngine };
  const parameters = { 'light-max-mb': lightMaxMb };
  const { outputs: door } = await runCommerceStep(bench, 'validate', { parameters });
  const feeds = [];
  for (const name of ['transactions', 'clickstream'] as const) {
    const { outputs } = await runCommerceStep(bench, name);
    const set = await readFeedSet(store, name);
    const parts = (set.commit?.parts ?? []).map(({ key, rows }) => `${key} ${rows}`);
    feeds.push({ outputs, parts });
  }
  return { door, feeds };
}

describeLong('files routed by their size', () => {
  it('small files are read together, large ones each alone: the run says so, and every object is the same', async () => {
    await using folder = await tempFolder();
    const [small, large] = [await routed(folder.path, '100'), await routed(folder.path, '0')];
    expect([small.door['large'], large.door['large']]).toEqual(['0', '12']);
    const [sales, clicks] = small.feeds;
    expect(sales?.outputs).toMatchObject({ files: '7', large: '0' });
    // Alike are those before and after the one with other columns.
    expect(Number(sales?.outputs['scans'])).toBeLessThanOrEqual(4);
    expect(clicks?.outputs).toMatchObject({ files: '5', scans: '1', large: '0' });
    expect(large.feeds.map(({ outputs }) => [outputs['scans'], outputs['large']])).toEqual([
      ['7', '7'],
      ['5', '5'],
    ]);
    for (const [at, feed] of small.feeds.entries()) {
      expect(feed.parts.length).toBeGreaterThan(10);
      expect(feed.parts).toEqual(large.feeds[at]?.parts);
    }
  });
});
