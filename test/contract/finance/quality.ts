import { describe, expect, it } from 'vitest';
import { PipelineError } from '../../../services/core/error.ts';
import type { QualityReport } from '../../../services/core/rule.ts';
import { DAY, type LoadBench, type MakeBench } from '../../support/finance-load-bench.ts';

const loaded = async (on: LoadBench): Promise<void> => {
  await on.putDay({
    customers: [{ customer_id: 'CUST1' }],
    transactions: [
      { transaction_id: 'TXN1', customer_id: 'CUST1' },
      { transaction_id: 'TXN2', customer_id: 'CUST1' },
    ],
  });
  await on.step('load');
};

const reportOf = async ({ store }: LoadBench): Promise<QualityReport> =>
  JSON.parse(
    Buffer.from((await store.get(`quality/${DAY}.json`)) ?? []).toString(),
  ) as QualityReport;

const failing = ({ rules }: QualityReport): string[] =>
  rules.filter(({ isPassed }) => !isPassed).map(({ rule }) => rule);

/** What the checks after a load hold to, on any warehouse. */
export function qualityClaims(makeBench: MakeBench): void {
  describe('the checks after a load', () => {
    it('are eight, hold for a good load, and are kept in the store and in the audit row', async () => {
      const on = await makeBench();
      await loaded(on);
      await on.step('quality');
      await on.step('exit', { parameters: { status: 'Succeeded' } });
      const report = await reportOf(on);
      expect(report).toMatchObject({
        checkCount: 8,
        passedCount: 8,
        scorePercent: 100,
        rowCount: 2,
      });
      const [[kept] = []] = await on.rows(
        `SELECT quality_report->'summary', quality_report->'post_load'->>'checkCount' FROM etl_audit_log`,
      );
      expect(JSON.parse(String(kept))).toEqual({
        total_checks: 8,
        passed: 8,
        failed: 0,
        pass_percentage: 100,
      });
      expect([...on.checks.values()]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    });

    it('write the same bytes again after a run without news', async () => {
      const on = await makeBench();
      await loaded(on);
      await on.step('quality');
      const before = await on.store.head(`quality/${DAY}.json`);
      await on.clock.advance(60_000);
      await on.step('load', { runId: 'run-2' });
      await on.step('quality', { runId: 'run-2' });
      expect(await on.store.head(`quality/${DAY}.json`)).toEqual(before);
    });

    it('look for the rows of this load, not of this calendar day', async () => {
      const on = await makeBench();
      await loaded(on);
      await on.putDay({ transactions: [{ transaction_id: 'TXN3', customer_id: 'CUST1' }] });
      await expect(on.step('quality')).rejects.toMatchObject({
        kind: 'quality-failed',
        message: expect.stringContaining('loaded-rows'),
      });
    });

    it.each([
      [
        'an amount of zero',
        `ALTER TABLE fact_transactions DROP CONSTRAINT fact_transactions_amount_check;
      UPDATE fact_transactions SET amount = 0 WHERE transaction_id = 'TXN1'`,
        ['loaded-amount-positive', 'loaded-amount-in-range'],
      ],
      [
        'an amount above a million',
        `UPDATE fact_transactions SET amount = 1000000.01 WHERE transaction_id = 'TXN1'`,
        ['loaded-amount-in-range'],
      ],
      [
        'a date in the future',
        `UPDATE fact_transactions SET transaction_date = '2026-02-01 00:00:00' WHERE transaction_id = 'TXN1'`,
        ['loaded-date-not-in-future'],
      ],
      [
        'an unknown status',
        `ALTER TABLE fact_transactions DROP CONSTRAINT fact_transactions_status_check;
      UPDATE fact_transactions SET status = 'odd' WHERE transaction_id = 'TXN1'`,
        ['loaded-status-known'],
      ],
      [
        'an unknown customer',
        `ALTER TABLE fact_transactions DROP CONSTRAINT fact_transactions_customer_id_fkey;
      UPDATE fact_transactions SET customer_id = 'NOBODY' WHERE transaction_id = 'TXN1'`,
        ['loaded-customer-known'],
      ],
    ])('tell of %s: block fails the step, warn does not', async (_name, damage, rules) => {
      const on = await makeBench();
      await loaded(on);
      const undo = new PipelineError('bug', 'undo');
      // Inside a transaction that is rolled back, so that the tables are whole for the next test.
      const work = on.warehouse.transaction(async (tx) => {
        await tx.run(damage);
        const within = async () => ({
          ...on.warehouse,
          query: (...asked: Parameters<typeof tx.query>) => tx.query(...asked),
          transaction: async <T>(own: (one: typeof tx) => Promise<T>) => own(tx),
        });
        await expect(on.step('quality', { warehouse: within })).rejects.toMatchObject({
          kind: 'quality-failed',
        });
        expect(failing(await reportOf(on))).toEqual(rules);
        await tx.run('DROP TABLE staged_fact_transactions');
        const warned = await on.step('quality', {
          parameters: { 'quality-mode': 'warn' },
          warehouse: within,
        });
        expect(warned.problems).toHaveLength(rules.length);
        throw undo;
      });
      await expect(work).rejects.toBe(undo);
    });

    it('know no other mode than block and warn', async () => {
      const on = await makeBench();
      await expect(
        on.step('quality', { parameters: { 'quality-mode': 'maybe' } }),
      ).rejects.toMatchObject({ kind: 'config-invalid' });
    });
  });
}
