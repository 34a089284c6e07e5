import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { accountsOf, readFeedSet } from '../../../services/pipelines/commerce/set/feed-set.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import type { StepResult } from '../../../services/ports/step.ts';
import { curatedRows, curatedSet } from '../../support/commerce-curated.ts';
import { runCommerceStep } from '../../support/commerce-run.ts';
import { START } from '../../support/pipeline.ts';
import { type TempFolder, tempFolder } from '../../support/temp-folder.ts';

const HEADER =
  'transaction_id,customer_id,product_id,quantity,price,total_amount,transaction_date,status\n';

let folder: TempFolder;
let store: ObjectStore;
beforeAll(async () => {
  folder = await tempFolder();
});
beforeEach(() => {
  store = memoryStore({ bucket: 'commerce', clock: manualClock(START) });
});
afterAll(() => folder.remove());

async function run(day: string, ...steps: string[]): Promise<StepResult> {
  const bench = { store, folder: folder.path, settings: { environment: 'prod' } };
  let result: StepResult | undefined;
  for (const name of ['validate', ...steps])
    result = await runCommerceStep(bench, name, { runId: `run-${day}`, logicalDate: day });
  if (result === undefined) throw new Error('no step');
  return result;
}

async function put(day: string, ...rows: string[]): Promise<void> {
  const text = `${HEADER}${rows.map((row) => `${row}\n`).join('')}`;
  await store.put(`raw/transactions/date=${day}/t.csv`, Buffer.from(text));
}

async function rejectsOf(feed: 'transactions'): Promise<Record<string, number>> {
  return accountsOf(await readFeedSet(store, feed)).rejectsByRule;
}

describe('a transaction is refused', () => {
  const DAY = '2026-01-20';

  it('when its amount is more than the column holds, whatever total it gives', async () => {
    await put(
      DAY,
      `a,c,p,4,99999999.99,61.12,${DAY},completed`,
      `b,c,p,999999999,50.00,100.00,${DAY},completed`,
      `c,c,p,1,99999999.99,99999999.99,${DAY},completed`,
    );
    await run(DAY, 'transactions');
    expect(await rejectsOf('transactions')).toEqual({ 'total-invalid': 2 });
  });

  it('when its day is of the years before 1900', async () => {
    const moments = ['0000-01-01', '0001-01-01 10:00:00', '1899-12-31T23:59:59Z', '1900-01-01'];
    await put(DAY, ...moments.map((moment, at) => `t${at},c,p,1,9.00,9.00,${moment},completed`));
    await run(DAY, 'transactions');
    expect(await rejectsOf('transactions')).toEqual({ 'date-unreadable': 3 });
  });

  it('when its customer is blank, of whatever blanks', async () => {
    const blanks = [' ', '\t', '\u00a0', ' \t ', '\u2003', '"\n"', '"\r\n"'];
    await put(DAY, ...blanks.map((blank, at) => `t${at},${blank},p,1,9.00,9.00,${DAY},completed`));
    await run(DAY, 'transactions');
    expect(await rejectsOf('transactions')).toEqual({ 'customer-id-missing': blanks.length });
  });

  it('but not for blanks around what it holds', async () => {
    await put(DAY, `t,\tcust_1\t,\u00a0prod_1\t ,1,9.00,9.00,${DAY},completed`);
    await run(DAY, 'transactions');
    const { commit } = await readFeedSet(store, 'transactions');
    const bench = { store, folder: folder.path };
    const [row] = await curatedRows(bench, 'transactions', { set: commit! });
    expect(row).toMatchObject({ product_id: 'prod_1' });
  });
});

it('the counts of a run are those of the files that it took', async () => {
  await put(
    '2026-01-20',
    ...['a', 'b', 'c', 'd'].map((id) => `${id},c,p,1,abc,9.00,2026-01-20,completed`),
  );
  await run('2026-01-20', 'transactions');
  await put(
    '2026-01-21',
    'x,c,p,1,9.00,9.00,2026-01-21,completed',
    'x,c,p,2,9.00,18.00,2026-01-21,completed',
    'y,c,p,1,9.00,9.00,2026-01-21,completed',
    'z,,p,1,9.00,9.00,2026-01-21,completed',
  );
  const { counts, outputs } = await run('2026-01-21', 'transactions');
  expect(counts).toMatchObject({ rowsRead: 4, rowsWritten: 2, rowsRejected: 2 });
  expect(outputs).toMatchObject({ 'rows-in': '8', published: '2', rejected: '6' });
  expect((await run('2026-01-21', 'transactions')).counts).toMatchObject({
    rowsRead: 0,
    rowsWritten: 0,
    rowsRejected: 0,
  });
});

describe('merge', () => {
  const click = (moment: string, session = 's') =>
    `${JSON.stringify({ session_id: session, customer_id: 'c', event_type: 'page_view', page: '/', timestamp: moment, device: 'mobile' })}\n`;

  it('counts whole seconds that have gone by', async () => {
    const long = ['2026-01-20T10:00:00.500Z'];
    for (let at = 1; at < 60; at += 1)
      long.push(new Date(Date.parse(long[0]!) + at * 1_440_000).toISOString());
    await store.put(
      'raw/clickstream/date=2026-01-21/c.json',
      Buffer.from(
        click('2026-01-20T10:00:00.999Z') +
          click('2026-01-20T10:00:01.001Z') +
          long.map((moment) => click(moment, 'long')).join('') +
          // Less than 24 hours after the first event of the visit, though on the next second of the clock.
          click('2026-01-21T10:00:00.250Z', 'long'),
      ),
    );
    await run('2026-01-21', 'clickstream', 'merge');
    const rows = await curatedRows({ store, folder: folder.path }, 'sessions');
    expect(rows.map((row) => [row['session_key'], row['event_count'], row['duration_s']])).toEqual([
      ['long#1', '61', '86399'],
      ['s#1', '2', '0'],
    ]);
  });

  it('of a day that is over leaves what readers have of a later one', async () => {
    const product = { product_id: 'p', name: 'n', category: 'c', brand: 'b', price: 9, stock: 5 };
    const file = Buffer.from(`${JSON.stringify(product)}\n`);
    await store.put('raw/products/date=2025-09-01/p.json', file);
    await put('2026-01-20', 'a,c,p,1,9.00,9.00,2026-01-20,completed');
    await run('2026-01-21', 'transactions', 'products', 'merge');
    const before = await curatedSet(store);
    await run('2025-10-01', 'transactions', 'products', 'merge');
    expect(await curatedSet(store)).toEqual(before);
    const bench = { store, folder: folder.path };
    const [row] = await curatedRows(bench, 'product_performance');
    expect([row?.['units_30d'], before.attributes['as_of']]).toEqual(['1', '2026-01-21']);
  });

  it('looks at no object of a day that stays as it was, and at all of them with force=true', async () => {
    const asked: string[] = [];
    const inner = store;
    store = {
      ...inner,
      head: (key, options) => {
        asked.push(key);
        return inner.head(key, options);
      },
    };
    const daysAsked = (table: string): string[] =>
      asked
        .filter((key) => key.startsWith(`curated/${table}/`))
        .map((key) => /day=(\d+)/.exec(key)?.[1] ?? '')
        .toSorted();
    for (const day of ['2026-01-20', '2026-01-21', '2026-01-22']) {
      const who = day === '2026-01-22' ? 'd' : 'c';
      await put(day, `${day},${who},p,1,9.00,9.00,${day},completed`);
      const clicks = Buffer.from(click(`${day}T10:00:00Z`, day));
      await store.put(`raw/clickstream/date=${day}/c.json`, clicks);
      if (day !== '2026-01-20') await run(day, 'transactions', 'clickstream', 'merge');
      if (day !== '2026-01-22') asked.length = 0;
    }
    expect(
      [daysAsked('sales_enriched'), daysAsked('sessions')].map((days) => [...new Set(days)]),
    ).toEqual([['22'], ['22']]);
    const before = await curatedSet(store);
    asked.length = 0;
    // The first order of c is now of another day: what is said of its old one changes.
    await put('2026-01-19', 'early,c,p,1,9.00,9.00,2026-01-19,completed');
    await run('2026-01-22', 'transactions', 'merge');
    expect(new Set(daysAsked('sales_enriched'))).toEqual(new Set(['19', '20']));
    expect(daysAsked('sessions')).toEqual([]);
    const bench = { store, folder: folder.path };
    const rows = await curatedRows(bench, 'sales_enriched', { order: 'transaction_date' });
    expect(rows.map((row) => row['is_first_order'])).toEqual(['true', 'false', 'false', 'true']);
    expect(await curatedSet(store)).not.toEqual(before);
    asked.length = 0;
    const forced = { runId: 'forced', logicalDate: '2026-01-22', parameters: { force: 'true' } };
    await runCommerceStep({ ...bench, settings: { environment: 'prod' } }, 'merge', forced);
    expect(new Set(daysAsked('sales_enriched'))).toEqual(new Set(['19', '20', '21', '22']));
  });
});
