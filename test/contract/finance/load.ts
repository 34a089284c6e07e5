import { describe, expect, it } from 'vitest';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import { loadedBefore } from '../../../services/pipelines/finance/extract/watermark.ts';
import type { StepResult } from '../../../services/ports/step.ts';
import { type LoadBench, type MakeBench } from '../../support/finance-load-bench.ts';

const customer = (number: number) => ({ customer_id: `CUST${number}` });
const transaction = (number: number, customerNumber = 1) => ({
  transaction_id: `TXN${number}`,
  customer_id: `CUST${customerNumber}`,
});

/** What became of the transactions, as the step tells. */
function news({ outputs }: StepResult): Record<string, number> {
  const names = ['inserted', 'updated', 'unchanged', 'held', 'released'];
  return Object.fromEntries(names.map((name) => [name, Number(outputs[name])]));
}

const counted = (counts: Record<string, number>) => ({
  inserted: 0,
  updated: 0,
  unchanged: 0,
  held: 0,
  released: 0,
  ...counts,
});

async function held(bench: LoadBench): Promise<unknown[]> {
  const rows = await bench.rows('SELECT transaction_id FROM held_transactions ORDER BY 1');
  return rows.map(([id]) => id);
}

/** Indexes and constraints of the fact table, in the words of the server. */
const STRUCTURE = `SELECT indexdef FROM pg_indexes WHERE tablename = 'fact_transactions'
  UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) || convalidated FROM pg_constraint
  WHERE conrelid = 'fact_transactions'::regclass ORDER BY 1`;

/** Every row of facts and dimension, with its times. */
function everything(bench: LoadBench): Promise<unknown[]> {
  return Promise.all(
    ['fact_transactions', 'dim_customers', 'held_transactions'].map((table) =>
      bench.rows(`SELECT * FROM ${table} ORDER BY 1`),
    ),
  );
}

/** What the load step of finance holds to, on any warehouse. */
export function loadClaims(makeBench: MakeBench): void {
  describe('the load of finance', () => {
    it('brings customers and transactions exactly, empty texts and NULLs apart', async () => {
      const bench = await makeBench();
      await bench.putDay({
        customers: [
          { customer_id: 'CUST1', customer_name: `O'Neil, "Ann"\nB; DROP TABLE x`, email: '' },
          { customer_id: 'CUST2', customer_name: null, email: '=1+1', is_active: null },
        ],
        transactions: [
          { ...transaction(1), amount: '1000000.00', risk_score: '99.99', category: '' },
          {
            ...transaction(2, 2),
            amount: '0.01',
            transaction_date: '2024-02-29 23:59:59.123456',
            category: null,
          },
        ],
      });
      expect(news(await bench.step('load'))).toEqual(counted({ inserted: 2 }));
      expect(
        await bench.rows(
          'SELECT customer_id, customer_name, email, is_active FROM dim_customers ORDER BY 1',
        ),
      ).toEqual([
        ['CUST1', `O'Neil, "Ann"\nB; DROP TABLE x`, '', true],
        ['CUST2', null, '=1+1', null],
      ]);
      expect(
        await bench.rows(`SELECT transaction_id, amount, transaction_date, category, risk_score,
        risk_score_raw, risk_version, transaction_dayofweek, processed_at FROM fact_transactions ORDER BY 1`),
      ).toEqual([
        [
          'TXN1',
          '1000000.00',
          '2026-01-05 10:00:00',
          '',
          '99.99',
          100,
          '1',
          0,
          '2026-01-31 00:00:00',
        ],
        [
          'TXN2',
          '0.01',
          '2024-02-29 23:59:59.123456',
          null,
          '0.00',
          0,
          '1',
          3,
          '2026-01-31 00:00:00',
        ],
      ]);
    });

    it('does nothing when the same manifest comes again, and says so', async () => {
      const bench = await makeBench();
      await bench.putDay({
        customers: [customer(1)],
        transactions: [transaction(1), transaction(2)],
      });
      await bench.step('load');
      const before = await everything(bench);
      const again = await bench.step('load', { runId: 'run-2' });
      expect(again.outputs['repeat']).toBe('true');
      expect(news(again)).toEqual(counted({ unchanged: 2 }));
      expect(bench.logged.map(({ event }) => event)).toContain('load.repeated');
      expect(await everything(bench)).toEqual(before);
    });

    it('touches no row when the same rows come under another manifest', async () => {
      const bench = await makeBench();
      const rows = { customers: [customer(1)], transactions: [transaction(1), transaction(2)] };
      await bench.putDay(rows);
      await bench.step('load');
      const before = await everything(bench);
      await bench.putDay({ ...rows, logicalDate: '2026-02-01' });
      const next = await bench.step('load', { logicalDate: '2026-02-01' });
      expect(next.outputs['repeat']).toBe('false');
      expect(news(next)).toEqual(counted({ unchanged: 2 }));
      expect(next.counts.rowsWritten).toBe(0);
      expect(await everything(bench)).toEqual(before);
    });

    it('moves updated_at of the one row that has changed, and created_at of none', async () => {
      const bench = await makeBench();
      await bench.putDay({
        customers: [customer(1)],
        transactions: [transaction(1), transaction(2)],
      });
      await bench.step('load');
      const times = () =>
        bench.rows(
          'SELECT transaction_id, created_at, updated_at FROM fact_transactions ORDER BY 1',
        );
      const before = await times();
      await bench.putDay({
        customers: [{ ...customer(1), customer_tier: 'platinum' }],
        transactions: [transaction(1), { ...transaction(2), status: 'failed' }],
      });
      expect(news(await bench.step('load'))).toEqual(counted({ updated: 1, unchanged: 1 }));
      const after = await times();
      expect(after[0]).toEqual(before[0]);
      expect(after[1]?.[1]).toBe(before[1]?.[1]);
      expect(String(after[1]?.[2]) > String(before[1]?.[2])).toBe(true);
      expect(
        await bench.rows('SELECT customer_tier, updated_at > created_at FROM dim_customers'),
      ).toEqual([['platinum', true]]);
    });

    it('takes a score of another risk table for a change, and another day of processing for none', async () => {
      const bench = await makeBench();
      await bench.putDay({ customers: [customer(1)], transactions: [transaction(1)] });
      await bench.step('load');
      const next = { logicalDate: '2026-02-01', customers: [customer(1)] };
      await bench.putDay({ ...next, transactions: [{ ...transaction(1), risk_version: '2' }] });
      const { logicalDate } = next;
      expect(news(await bench.step('load', { logicalDate }))).toEqual(counted({ updated: 1 }));
      expect(await bench.rows('SELECT risk_version, processed_at FROM fact_transactions')).toEqual([
        ['2', '2026-02-01 00:00:00'],
      ]);
    });

    it('loads a correction that was taken back', async () => {
      const bench = await makeBench();
      const amounts = ['10.00', '11.00', '10.00', '10.00'];
      const seen: unknown[] = [];
      for (const amount of amounts) {
        await bench.putDay({
          customers: [customer(1)],
          transactions: [{ ...transaction(1), amount }],
        });
        const { outputs } = await bench.step('load');
        const [[stored] = []] = await bench.rows('SELECT amount FROM fact_transactions');
        seen.push([stored, outputs['repeat']]);
      }
      expect(seen).toEqual([
        ['10.00', 'false'],
        ['11.00', 'false'],
        ['10.00', 'false'],
        ['10.00', 'true'],
      ]);
    });

    it('refuses an object whose bytes are not those of the manifest, and loads nothing', async () => {
      const bench = await makeBench();
      await bench.putDay({ customers: [customer(1)], transactions: [transaction(1)] });
      for await (const { key } of bench.store.list('clean/2026-01-31/customers')) {
        await bench.store.put(key, Buffer.from('PAR1 something else PAR1'));
      }
      await expect(bench.step('load')).rejects.toMatchObject({ kind: 'input-invalid' });
      expect(await bench.rows('SELECT count(*) FROM dim_customers')).toEqual([[0]]);
    });

    it.each([
      ['nothing is clean', null, 'not-found'],
      ['the manifest is damaged', '{"transactions":', 'input-invalid'],
    ] as const)('ends with one clear error when %s', async (_name, text, kind) => {
      const bench = await makeBench();
      if (text !== null) await bench.store.put('clean/2026-01-31/manifest.json', Buffer.from(text));
      await expect(bench.step('load')).rejects.toMatchObject({ kind, hint: expect.any(String) });
    });

    it('moves the watermarks once its rows are committed, and not before', async () => {
      const bench = await makeBench();
      await bench.putDay({
        customers: [customer(1)],
        transactions: [{ ...transaction(1), amount: '0.00' }],
        newest: '2026-01-30 10:00:00',
      });
      const records = objectRecords(bench.store);
      const mark = () => loadedBefore(records, { id: 'transactions/source', day: '2026-02-01' });
      await expect(bench.step('load')).rejects.toMatchObject({ kind: 'input-invalid' });
      expect(await mark()).toBeNull();
      await bench.putDay({
        customers: [customer(1)],
        transactions: [transaction(1)],
        newest: '2026-01-30 10:00:00',
      });
      await bench.step('load');
      expect(await mark()).toBe('2026-01-30 10:00:00');
    });
  });

  describe('a day that is loaded again after a later one', () => {
    const later = '2026-02-01';
    const bothDays = async (bench: LoadBench): Promise<void> => {
      await bench.putDay({
        customers: [{ ...customer(1), customer_tier: 'gold' }],
        transactions: [
          { ...transaction(1), status: 'pending' },
          { ...transaction(2), amount: '2.00' },
          { ...transaction(3, 3), amount: '3.00' },
        ],
      });
      await bench.step('load');
      await bench.putDay({
        logicalDate: later,
        customers: [{ ...customer(1), customer_tier: 'platinum' }],
        transactions: [
          { ...transaction(1), status: 'completed' },
          { ...transaction(3, 3), amount: '3.33' },
        ],
      });
      await bench.step('load', { logicalDate: later });
    };

    it('corrects what is its own, adds what is missing, and leaves what the later day has brought', async () => {
      const bench = await makeBench();
      await bothDays(bench);
      await bench.putDay({
        customers: [{ ...customer(1), customer_tier: 'bronze' }, customer(2)],
        transactions: [
          { ...transaction(1), status: 'pending' },
          { ...transaction(2), amount: '2.22' },
          { ...transaction(3, 3), amount: '3.00' },
          transaction(4, 2),
        ],
      });
      expect(news(await bench.step('load'))).toEqual(
        counted({ inserted: 1, updated: 1, unchanged: 1, held: 1 }),
      );
      expect(
        await bench.rows('SELECT transaction_id, status, amount FROM fact_transactions ORDER BY 1'),
      ).toEqual([
        ['TXN1', 'completed', '10.00'],
        ['TXN2', 'completed', '2.22'],
        ['TXN4', 'completed', '10.00'],
      ]);
      expect(
        await bench.rows('SELECT customer_id, customer_tier FROM dim_customers ORDER BY 1'),
      ).toEqual([
        ['CUST1', 'platinum'],
        ['CUST2', 'gold'],
      ]);
      expect(await bench.rows('SELECT transaction_id, amount FROM held_transactions')).toEqual([
        ['TXN3', '3.33'],
      ]);
    });

    it('leaves what the later day has brought again as it was, loaded or held', async () => {
      const bench = await makeBench();
      const rows = [transaction(3), transaction(4, 2)];
      const forms = () =>
        bench.rows(`SELECT transaction_id, amount FROM fact_transactions
                    UNION ALL SELECT transaction_id, amount FROM held_transactions ORDER BY 1`);
      await bench.putDay({ customers: [customer(1)], transactions: rows });
      await bench.step('load');
      await bench.putDay({
        logicalDate: later,
        customers: [customer(1)],
        transactions: [...rows, transaction(5)],
      });
      expect(news(await bench.step('load', { logicalDate: later }))).toEqual(
        counted({ inserted: 1, unchanged: 1, held: 1 }),
      );
      const before = await forms();
      await bench.putDay({
        customers: [customer(1)],
        transactions: rows.map((row) => ({ ...row, amount: '777.00' })),
      });
      expect(news(await bench.step('load'))).toEqual(counted({ unchanged: 1, held: 1 }));
      expect(await forms()).toEqual(before);
      await bench.putDay({
        logicalDate: later,
        customers: [customer(1)],
        transactions: rows.map((row) => ({ ...row, amount: '888.00' })),
      });
      expect(news(await bench.step('load', { logicalDate: later }))).toEqual(
        counted({ updated: 1, held: 1 }),
      );
    });

    it('keeps the earlier form in the facts while a newer one is held, until its customer comes', async () => {
      const bench = await makeBench();
      const forms = (table: string) => bench.rows(`SELECT customer_id FROM ${table}`);
      await bench.putDay({ customers: [customer(1)], transactions: [transaction(1)] });
      await bench.step('load');
      await bench.putDay({ logicalDate: later, customers: [], transactions: [transaction(1, 2)] });
      await bench.step('load', { logicalDate: later });
      expect(await forms('fact_transactions')).toEqual([['CUST1']]);
      expect(await forms('held_transactions')).toEqual([['CUST2']]);
      await bench.putDay({
        logicalDate: '2026-02-02',
        customers: [customer(2)],
        transactions: [],
      });
      await bench.step('load', { logicalDate: '2026-02-02' });
      expect(await forms('fact_transactions')).toEqual([['CUST2']]);
      expect(await forms('held_transactions')).toEqual([]);
    });
  });

  describe('transactions whose customer comes late', () => {
    it('are held, told as a problem, and counted by the accounts', async () => {
      const bench = await makeBench();
      await bench.putDay({
        customers: [customer(1)],
        transactions: [transaction(1), transaction(2, 2), transaction(3, 3)],
        rejected: 4,
      });
      const result = await bench.step('load');
      expect(news(result)).toEqual(counted({ inserted: 1, held: 2 }));
      expect(result.problems).toEqual([
        expect.objectContaining({ message: expect.stringContaining('2 transactions are held') }),
      ]);
      expect(await held(bench)).toEqual(['TXN2', 'TXN3']);
    });

    it('are held out of a first load of many just as out of a small one', async () => {
      const bench = await makeBench();
      const before = await bench.rows(STRUCTURE);
      const transactions = Array.from({ length: 5_100 }, (_, at) => ({
        ...transaction(at, at % 1_000 === 7 ? 2 : 1),
        amount: `${at + 1}.00`,
      }));
      await bench.putDay({ customers: [customer(1)], transactions, rejected: 1 });
      expect(news(await bench.step('load'))).toEqual(counted({ inserted: 5_094, held: 6 }));
      const sums = (table: string) => bench.rows(`SELECT count(*), sum(amount) FROM ${table}`);
      expect(await sums('fact_transactions')).toEqual([[5_094, '12992502.00']]);
      expect(await sums('held_transactions')).toEqual([[6, '15048.00']]);
      expect(await bench.rows(STRUCTURE)).toEqual(before);
      const logicalDate = '2026-02-01';
      await bench.putDay({ logicalDate, customers: [customer(2)], transactions });
      expect(news(await bench.step('load', { logicalDate }))).toEqual(
        counted({ inserted: 6, unchanged: 5_094 }),
      );
      expect(await sums('fact_transactions')).toEqual([[5_100, '13007550.00']]);
    });

    it('are released by the load that brings the customer, as they were', async () => {
      const bench = await makeBench();
      await bench.putDay({
        customers: [customer(1)],
        transactions: [{ ...transaction(1, 2), amount: '12.34' }, transaction(2, 3)],
      });
      await bench.step('load');
      const logicalDate = '2026-02-01';
      await bench.putDay({ logicalDate, customers: [customer(2)], transactions: [] });
      expect(news(await bench.step('load', { logicalDate }))).toEqual(counted({ released: 1 }));
      expect(
        await bench.rows(
          'SELECT transaction_id, customer_id, amount, processed_at FROM fact_transactions',
        ),
      ).toEqual([['TXN1', 'CUST2', '12.34', '2026-01-31 00:00:00']]);
      expect(await held(bench)).toEqual(['TXN2']);
    });

    it('are counted as loaded by a repeat of their day once they are released', async () => {
      const bench = await makeBench();
      await bench.putDay({
        customers: [customer(1)],
        transactions: [transaction(1), transaction(2, 2), transaction(3, 3)],
      });
      await bench.step('load');
      const logicalDate = '2026-02-01';
      await bench.putDay({ logicalDate, customers: [customer(2)] });
      await bench.step('load', { logicalDate });
      const again = await bench.step('load', { runId: 'run-3' });
      expect(again.outputs['repeat']).toBe('true');
      expect(news(again)).toEqual(counted({ unchanged: 2, held: 1 }));
    });

    it('give way to a newer form of themselves', async () => {
      const bench = await makeBench();
      await bench.putDay({
        customers: [],
        transactions: [{ ...transaction(1, 2), amount: '1.00' }, transaction(2, 2)],
      });
      await bench.step('load');
      const logicalDate = '2026-02-01';
      await bench.putDay({
        logicalDate,
        customers: [customer(1), customer(2)],
        transactions: [{ ...transaction(1, 1), amount: '2.00' }],
      });
      expect(news(await bench.step('load', { logicalDate }))).toEqual(
        counted({ inserted: 1, released: 1 }),
      );
      expect(
        await bench.rows(
          'SELECT transaction_id, customer_id, amount FROM fact_transactions ORDER BY 1',
        ),
      ).toEqual([
        ['TXN1', 'CUST1', '2.00'],
        ['TXN2', 'CUST2', '10.00'],
      ]);
      expect(await held(bench)).toEqual([]);
    });

    it('stay held once, however often they come', async () => {
      const bench = await makeBench();
      for (const logicalDate of ['2026-02-01', '2026-02-02']) {
        await bench.putDay({ logicalDate, transactions: [transaction(1, 9)] });
        expect(news(await bench.step('load', { logicalDate }))).toEqual(counted({ held: 1 }));
      }
      expect(await held(bench)).toEqual(['TXN1']);
    });
  });
}
