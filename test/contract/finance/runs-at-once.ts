import { describe, expect, it } from 'vitest';
import {
  batchSteps,
  type FinanceRun,
  type LoadBench,
  type MakeBench,
  runFinance,
} from '../../support/finance-load-bench.ts';

const HEAD =
  'transaction_id,customer_id,transaction_date,amount,merchant_id,category,status,payment_method';
const QUALITY = { 'min-rows': '0', 'max-null-share': '1', 'max-duplicate-share': '1' };

/** Puts a source of its own for a run: so many good transactions, and one that is rejected. */
async function sourceOf({ store }: LoadBench, name: string, rows: number): Promise<FinanceRun> {
  const lines = Array.from(
    { length: rows + 1 },
    (_, at) =>
      `${name}${at},C1,2026-01-05 10:00:00,${at === rows ? '' : '1.00'},M1,gas,completed,cash`,
  );
  const transactions = `inbox/transactions/${name}.csv`;
  await store.put(transactions, Buffer.from(`${[HEAD, ...lines].join('\n')}\n`));
  await putCustomers({ store }, 'Ann');
  return { runId: `run-${name.toLowerCase()}`, parameters: { ...QUALITY, transactions } };
}

function putCustomers({ store }: Pick<LoadBench, 'store'>, name: string): Promise<unknown> {
  const head = 'customer_id,customer_name,registration_date,customer_tier,email,is_active';
  const text = `${head}\nC1,${name},2020-01-01,gold,a@example.com,true\n`;
  return store.put('inbox/customers/c.csv', Buffer.from(text));
}

const loadedRows = async (on: LoadBench): Promise<unknown> =>
  on.rows(`SELECT left(transaction_id, 1), count(*) FROM fact_transactions GROUP BY 1 ORDER BY 1`);

const ended = (on: LoadBench, { runId = '' }: FinanceRun) =>
  on.step('exit', { runId, parameters: { status: 'Succeeded' } });

/** What two runs of one day come to, whatever the order of their steps, on any warehouse. */
export function runsAtOnceClaims(makeBench: MakeBench): void {
  describe('two runs of one day at once', () => {
    it.each([
      ['a whole run after extract', 'ABBBBAAA'],
      ['a whole run after transform', 'AABBBBAA'],
      ['a whole run after the load', 'AAABBBBA'],
      ['step by step', 'ABABABAB'],
    ])('each load their own rows, and account for them: %s', async (_name, order) => {
      const on = await makeBench();
      const runs = { A: await sourceOf(on, 'A', 7), B: await sourceOf(on, 'B', 3) };
      const steps = { A: batchSteps(on, runs.A), B: batchSteps(on, runs.B) };
      for (const run of order) await steps[run === 'A' ? 'A' : 'B'].shift()?.();
      expect(await loadedRows(on)).toEqual([
        ['A', 7],
        ['B', 3],
      ]);
      for (const [run, rows] of [[runs.A, 7] as const, [runs.B, 3] as const]) {
        await ended(on, run);
        expect((await on.record(run.runId)).accounts).toMatchObject({
          extracted: rows + 1,
          rejected: 1,
          loaded: rows,
          difference: 0,
        });
      }
      const kept: string[] = [];
      for await (const { key } of on.store.list('_quarantine/transactions/')) kept.push(key);
      expect(kept).toHaveLength(2);
    });

    it('whose steps take the rows of one another all the same end as a bug, not well', async () => {
      const on = await makeBench();
      const [one, other] = [await sourceOf(on, 'A', 7), await sourceOf(on, 'B', 3)];
      const step = (name: string, { runId = '', parameters = {} }: FinanceRun) =>
        on.step(name, { runId, parameters });
      await step('extract', one);
      await step('extract', other);
      // By hand, with no key: the newest of the day is that of the other run.
      await step('transform', one);
      await step('load', one);
      await expect(step('quality', one)).rejects.toMatchObject({
        kind: 'bug',
        message: expect.stringContaining('8 transactions extracted are not 1 rejected + 3 loaded'),
      });
    });
  });

  describe('a run whose rows are not in the tables any more', () => {
    it('loads them again and says so, in place of finding nothing new', async () => {
      const on = await makeBench();
      const run = await sourceOf(on, 'A', 7);
      expect(await runFinance(on, run)).toBeNull();
      await on.warehouse.transaction((tx) =>
        tx.run('TRUNCATE fact_transactions, dim_customers, held_transactions CASCADE'),
      );
      expect(await runFinance(on, { ...run, runId: 'again' })).toBeNull();
      expect(await loadedRows(on)).toEqual([['A', 7]]);
      const { accounts, problems } = await on.record('again');
      expect(accounts).toMatchObject({ inserted: 7, unchanged: 0, difference: 0 });
      expect(problems.map(({ message }) => message)).toEqual([
        expect.stringContaining('7 transactions and 1 customers of an earlier load were gone'),
      ]);
      expect(await runFinance(on, { ...run, runId: 'third' })).toBeNull();
      expect((await on.record('third')).accounts).toMatchObject({ inserted: 0, unchanged: 7 });
    });

    it('fails after the load when one row is missing', async () => {
      const on = await makeBench();
      const steps = batchSteps(on, await sourceOf(on, 'A', 7));
      for (const step of steps.splice(0, 3)) await step();
      await on.warehouse.transaction((tx) =>
        tx.run(`DELETE FROM fact_transactions WHERE transaction_id = 'A3'`),
      );
      await expect(steps[0]?.()).rejects.toMatchObject({
        kind: 'quality-failed',
        message: expect.stringContaining('loaded-rows'),
      });
    });
  });

  describe('an increment with nothing to load', () => {
    const one = (customer: string, amount: string) =>
      `${HEAD}\nT1,${customer},2026-01-05 10:00:00,${amount},M1,gas,completed,cash\n`;

    it.each([
      ['only a customer has come', null, { extracted: 0, loaded: 0 }],
      ['its one row is rejected', one('C1', ''), { extracted: 1, rejected: 1, loaded: 0 }],
      ['its one row is held', one('C9', '1.00'), { extracted: 1, held: 1, loaded: 0 }],
    ])('ends well: %s', async (_name, transactions, accounts) => {
      const on = await makeBench();
      const { parameters } = await sourceOf(on, 'A', 2);
      const run = { parameters: { ...parameters, increment: 'true' } };
      expect(await runFinance(on, run)).toBeNull();
      if (transactions !== null)
        await on.store.put('inbox/transactions/A.csv', Buffer.from(transactions));
      await putCustomers(on, 'Anna');
      const next = { ...run, runId: 'next', logicalDate: '2026-02-01' };
      expect(await runFinance(on, next)).toBeNull();
      expect((await on.record('next')).accounts).toMatchObject({ ...accounts, difference: 0 });
      expect(await on.rows('SELECT customer_name FROM dim_customers')).toEqual([['Anna']]);
    });
  });
}
