import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { newestDay } from '../../../services/pipelines/commerce/answer/ask.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import type { StepResult } from '../../../services/ports/step.ts';
import { runCommerceStep } from '../../support/commerce-run.ts';
import { START } from '../../support/pipeline.ts';
import { type TempFolder, tempFolder } from '../../support/temp-folder.ts';

const HEADER =
  'transaction_id,customer_id,product_id,quantity,price,total_amount,transaction_date,status\n';
const PARAMETERS = { 'min-transactions': '1', products: 'Failed', clickstream: 'Failed' };

let folder: TempFolder;
let store: ObjectStore;
beforeAll(async () => {
  folder = await tempFolder();
});
beforeEach(() => {
  store = memoryStore({ bucket: 'commerce', clock: manualClock(START) });
});
afterAll(() => folder.remove());

let runs = 0;
function step(name: string, parameters = {}, logicalDate = '2026-01-16'): Promise<StepResult> {
  return runCommerceStep({ store, folder: folder.path }, name, {
    parameters: { ...PARAMETERS, reviews: 'Failed', ...parameters },
    runId: `run-${runs}`,
    logicalDate,
  });
}

async function put(day: string, rows: { good: number; bad: number }): Promise<void> {
  const sale = (at: number, price: string): string =>
    `txn_${day}_${at},cust_1,prod_1,2,${price},59.98,2026-01-${day} 14:30:45,completed\n`;
  const text = [...Array(rows.good + rows.bad).keys()].map((at) =>
    sale(at, at < rows.good ? '29.99' : 'abc'),
  );
  const key = `raw/transactions/date=2026-01-${day}/t.csv`;
  await store.put(key, Buffer.from(HEADER + text.join('')));
}

async function upToGate(parameters = {}): Promise<StepResult> {
  runs += 1;
  await step('validate');
  await step('transactions');
  return step('gate', parameters);
}

it('a day of new files with too many rejects is not shown, however often it is tried, until it is mended', async () => {
  await put('15', { good: 40, bad: 0 });
  expect(await upToGate()).toMatchObject({ outputs: { passed: expect.any(String) as string } });
  await step('merge');
  await put('16', { good: 200, bad: 11 });
  for (const _ of [1, 2])
    await expect(upToGate()).rejects.toMatchObject({
      kind: 'quality-failed',
      message: expect.stringContaining('transactions-rejects') as string,
      hint: expect.stringContaining('max-reject-share') as string,
    });
  await upToGate({ 'max-reject-share': '0.06' });
  await put('16', { good: 500, bad: 11 });
  await upToGate();
  await step('merge');
  // What readers have seen at the end of a day is not judged again, and what is judged twice is judged alike.
  await step('gate', { 'max-reject-share': '0', 'freshness-hours': '72' }, '2026-01-17');
  await expect(step('gate', { 'max-reject-share': '0.01' })).rejects.toBeDefined();
});

it('rows dated after the day of a run do not make old ones fresh, nor are they the newest day that is asked for', async () => {
  await put('14', { good: 20, bad: 0 });
  await put('16', { good: 20, bad: 0 });
  await upToGate();
  await step('merge');
  expect(await newestDay({ store })).toBe('2026-01-16');
  await expect(step('gate', {}, '2026-01-15')).resolves.toBeDefined();
  await step('merge', { force: 'true' }, '2026-01-15');
  await expect(step('gate', { 'freshness-hours': '24' }, '2026-01-15')).rejects.toMatchObject({
    message: expect.stringContaining('transactions-fresh') as string,
  });
});
