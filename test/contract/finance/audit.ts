import { describe, expect, it } from 'vitest';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import { PipelineError } from '../../../services/core/error.ts';
import type { Cell } from '../../../services/ports/query-engine.ts';
import type { Warehouse } from '../../../services/ports/warehouse.ts';
import { WAS_KILLED } from '../../../services/stages/observe/dead-run.ts';
import {
  type LoadBench,
  type MakeBench,
  putSources,
  runFinance,
} from '../../support/finance-load-bench.ts';

interface AuditRow {
  name: Cell;
  status: Cell;
  counts: Cell[];
  error: Cell;
  report: Record<string, unknown>;
}

async function auditRows(on: LoadBench): Promise<AuditRow[]> {
  const rows = await on.rows(
    `SELECT pipeline_name, status, error_message, quality_report,
       records_extracted, records_transformed, records_loaded, records_rejected
     FROM etl_audit_log ORDER BY run_id`,
  );
  return rows.map(([name = null, status = null, error = null, report, ...counts]) => ({
    name,
    status,
    counts,
    error,
    report: JSON.parse(String(report ?? '{}')) as Record<string, unknown>,
  }));
}

const broken = async (): Promise<Warehouse> => {
  throw new PipelineError('unavailable', 'postgres://db: no answer');
};

/** What the audit log of finance and the message of a run hold to, on any warehouse. */
export function auditClaims(makeBench: MakeBench): void {
  describe('the audit row of a run', () => {
    it('is running from the start of extract on, and of a good run ends as success with its counts', async () => {
      const on = await makeBench();
      await putSources(on, { transactions: 150, rejected: 3, late: 2 });
      await on.step('extract');
      expect(await auditRows(on)).toMatchObject([
        { name: 'financial_etl_pipeline', status: 'running', error: null },
      ]);
      await runFinance(on);
      const [row, ...more] = await auditRows(on);
      expect(more).toEqual([]);
      expect(row).toMatchObject({ status: 'success', counts: [150, 147, 145, 3], error: null });
      expect(row?.report).toMatchObject({
        run: 'run-1',
        accounts: {
          extracted: 150,
          rejected: 3,
          loaded: 145,
          inserted: 145,
          held: 2,
          difference: 0,
        },
        post_load: { passedCount: 8 },
        nine_rules: { passedCount: 11, checkCount: 11 },
        summary: { total_checks: 8, passed: 8 },
        reconciliation: [{ dataset: 'transactions', unaccounted: 0 }, { dataset: 'customers' }],
      });
      const [[times] = []] = await on.rows('SELECT end_time >= start_time FROM etl_audit_log');
      expect(times).toBe(true);
    });

    it('of a second run with the same input counts its rows as loaded, none of them written', async () => {
      const on = await makeBench();
      await putSources(on, { transactions: 150, rejected: 3, late: 2 });
      await runFinance(on);
      await runFinance(on, { runId: 'run-2' });
      const [, second] = await auditRows(on);
      expect(second).toMatchObject({ status: 'success', counts: [150, 147, 145, 3] });
      expect(second?.report['accounts']).toMatchObject({
        inserted: 0,
        updated: 0,
        unchanged: 145,
        held: 2,
        written: 0,
        difference: 0,
      });
    });

    it('is failed with the error when extract fails', async () => {
      const on = await makeBench();
      const failure = await runFinance(on);
      expect(failure).toMatchObject({ kind: 'not-found' });
      const rows = await auditRows(on);
      expect(rows).toMatchObject([{ status: 'failed', counts: [0, 0, 0, 0] }]);
      expect(rows[0]?.error).toContain('transactions');
    });

    it('is failed with what transform counted when it refuses the day: nothing is said to be loaded', async () => {
      const on = await makeBench();
      await putSources(on, { transactions: 20, rejected: 3 });
      const failure = await runFinance(on);
      expect(failure).toMatchObject({ kind: 'quality-failed' });
      const [row] = await auditRows(on);
      expect(row).toMatchObject({ status: 'failed', counts: [20, 17, 0, 3] });
      expect(row?.error).toContain('inflight-rows');
      expect(row?.report).toMatchObject({ cleaning: { initial_records: 20 }, in_flight: {} });
      const { accounts, ...record } = await on.record();
      expect(record).toMatchObject({ records_transformed: 17, records_rejected: 3 });
      expect(accounts).toEqual(row?.report['accounts']);
      expect(accounts).toMatchObject({
        extracted: 20,
        rejected: 3,
        loaded: 0,
        waiting: 17,
        difference: 0,
      });
      expect(await on.rows('SELECT count(*) FROM fact_transactions')).toEqual([[0]]);
    });

    it('is failed when the load cannot reach the warehouse, though the row was opened before', async () => {
      const on = await makeBench();
      await putSources(on, { transactions: 150 });
      const failure = await runFinance(on, { warehouseOf: { load: broken } });
      expect(failure).toMatchObject({ kind: 'unavailable' });
      expect(await auditRows(on)).toMatchObject([
        { status: 'failed', error: 'postgres://db: no answer', counts: [150, 150, 0, 0] },
      ]);
    });

    it('is failed with what was loaded when a check after the load fails', async () => {
      const on = await makeBench();
      await putSources(on, { transactions: 150 });
      await on.rows('SELECT 1');
      await on.warehouse.transaction((tx) =>
        tx.run(`INSERT INTO dim_customers (customer_id) VALUES ('OLD');
        INSERT INTO fact_transactions (transaction_id, customer_id, transaction_date, amount, status, processed_at)
        VALUES ('OLD', 'OLD', '2026-01-01', 2000000, 'failed', '2026-01-01')`),
      );
      const failure = await runFinance(on);
      expect(failure).toMatchObject({ kind: 'quality-failed' });
      expect(await auditRows(on)).toMatchObject([
        { status: 'failed', counts: [150, 150, 150, 0], report: { summary: { failed: 1 } } },
      ]);
    });

    it('is written whole by the exit handler when extract could not open it', async () => {
      const on = await makeBench();
      const failure = await runFinance(on, { warehouseOf: { extract: broken } });
      expect(failure).toMatchObject({ kind: 'not-found' });
      expect(on.logged).toContainEqual(
        expect.objectContaining({ level: 'warn', event: 'audit.failed' }),
      );
      expect(await auditRows(on)).toMatchObject([{ status: 'failed' }]);
    });

    it('never stops a run: where nobody can write it, the run ends as it would have', async () => {
      const on = await makeBench();
      await putSources(on, { transactions: 150 });
      const warehouseOf = { extract: broken, exit: broken };
      expect(await runFinance(on, { warehouseOf })).toBeNull();
      expect(await on.rows('SELECT count(*) FROM fact_transactions')).toEqual([[150]]);
      expect((await on.record()).status).toBe('success');
    });

    it('that cannot be written within the load leaves the load whole', async () => {
      const on = await makeBench();
      await putSources(on, { transactions: 150 });
      await on.warehouse.transaction((tx) =>
        tx.run('ALTER TABLE etl_audit_log RENAME COLUMN records_loaded TO records_gone'),
      );
      try {
        expect(await runFinance(on)).toBeNull();
        expect(await on.rows('SELECT count(*) FROM fact_transactions')).toEqual([[150]]);
      } finally {
        await on.warehouse.transaction((tx) =>
          tx.run('ALTER TABLE etl_audit_log RENAME COLUMN records_gone TO records_loaded'),
        );
      }
    });

    it('is the same row when a failed run is taken up again under its id', async () => {
      const on = await makeBench();
      await runFinance(on);
      await putSources(on, { transactions: 150 });
      expect(await runFinance(on)).toBeNull();
      expect(await auditRows(on)).toMatchObject([{ status: 'success', error: null }]);
    });

    it('of a run that was killed is closed by the next one, once its record has ended or 13 hours are over', async () => {
      const on = await makeBench();
      await putSources(on, { transactions: 150 });
      const statuses = async () =>
        (await auditRows(on)).map(({ status, error }) => [status, error]);
      const records = objectRecords(on.store);
      await on.step('extract', { runId: 'ended' });
      await on.step('extract', { runId: 'silent' });
      await on.step('extract', { runId: 'run-2' });
      expect(await statuses()).toEqual(Array.from({ length: 3 }, () => ['running', null]));
      await records.put('runs/finance', 'ended', {
        ...(await on.record('ended')),
        status: 'failed',
        ended_at: '2026-02-01T02:10:00.000Z',
        error_message: 'of its own',
      });
      await on.step('extract', { runId: 'run-3' });
      expect(await statuses()).toEqual([
        ['failed', 'of its own'],
        ...Array.from({ length: 3 }, () => ['running', null]),
      ]);
      await on.clock.advance(13 * 3_600_000 + 1);
      await on.step('extract', { runId: 'run-4' });
      expect(await statuses()).toEqual([
        ['failed', 'of its own'],
        ...Array.from({ length: 3 }, () => ['failed', WAS_KILLED]),
        ['running', null],
      ]);
    });

    it('is none for a run of one upload', async () => {
      const on = await makeBench();
      await on.step('exit', { parameters: { status: 'Failed', upload: 'true' } });
      expect(await auditRows(on)).toEqual([]);
    });
  });

  describe('what people are told of a run', () => {
    it('are the figures of the run, in these words', async () => {
      const on = await makeBench();
      await putSources(on, { transactions: 1500, rejected: 30, late: 4 });
      await runFinance(on, { durationMs: 4200 });
      expect(on.notices).toHaveLength(1);
      expect(on.notices[0]?.title).toBe(
        'finance 2026-01-31 succeeded: 1466 rows written, 1 problem',
      );
      expect(on.notices[0]?.lines.slice(0, 6)).toEqual([
        'Run date: 2026-01-31',
        'Records extracted: 1,500',
        'Records transformed: 1,470',
        'Records rejected: 30',
        'Success rate: 97.73 %',
        'Duration: 4.2 s',
      ]);
    });

    it('of a run that extracted nothing is a rate of zero', async () => {
      const on = await makeBench();
      await runFinance(on);
      expect(on.notices[0]?.severity).toBe('error');
      expect(on.notices[0]?.lines).toContain('Success rate: 0.00 %');
    });

    it('stands in the run record too, with accounts that leave no difference', async () => {
      const on = await makeBench();
      await putSources(on, { transactions: 150, rejected: 3, late: 2 });
      await runFinance(on);
      expect(await on.record()).toMatchObject({
        records_extracted: 150,
        records_transformed: 147,
        records_loaded: 145,
        records_rejected: 3,
        accounts: { extracted: 150, rejected: 3, loaded: 145, held: 2, difference: 0 },
      });
    });
  });
}
