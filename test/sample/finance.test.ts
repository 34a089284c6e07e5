import { describe, expect, it } from 'vitest';
import { sha256 } from '../../services/core/manifest.ts';
import { makeFinanceSample } from '../../services/sample/finance.ts';

const OPTIONS = { seed: 42, transactions: 10_000, customers: 5_000, lastDay: '2026-11-20' };

/** Rows by column; the sample's few line feeds within quotes are taken for a blank. */
function rowsOf(bytes: Uint8Array): Record<string, string>[] {
  const text = Buffer.from(bytes).toString();
  const flat = text.replace(/"[^"]*"/g, (quoted) =>
    quoted.replaceAll('\n', ' ').replaceAll(',', ';'),
  );
  const [header = '', ...lines] = flat.trimEnd().split('\n');
  const names = header.split(',');
  return lines.map((line) =>
    Object.fromEntries(line.split(',').map((cell, at) => [names[at], cell])),
  );
}

const sample = makeFinanceSample(OPTIONS);
const transactions = rowsOf(sample.transactionsCsv);
const customers = rowsOf(sample.customersCsv);

function share(rows: Record<string, string>[], column: string, value: string): number {
  return rows.filter((row) => row[column]?.trim().toLowerCase() === value).length / rows.length;
}

describe('the sample of finance', () => {
  it('is the same for the same seed and day, and another for another', () => {
    const again = makeFinanceSample(OPTIONS);
    expect(sha256(again.transactionsCsv)).toBe(sha256(sample.transactionsCsv));
    expect(sha256(again.customersCsv)).toBe(sha256(sample.customersCsv));
    const other = makeFinanceSample({ ...OPTIONS, seed: 43 });
    expect(sha256(other.transactionsCsv)).not.toBe(sha256(sample.transactionsCsv));
    const later = makeFinanceSample({ ...OPTIONS, lastDay: '2026-11-21' });
    expect(sha256(later.transactionsCsv)).not.toBe(sha256(sample.transactionsCsv));
  });

  it.each([
    ['status', 'completed', 0.9],
    ['status', 'pending', 0.07],
    ['status', 'failed', 0.03],
    ['payment_method', 'credit_card', 0.5],
    ['payment_method', 'debit_card', 0.3],
    ['payment_method', 'bank_transfer', 0.15],
    ['payment_method', 'cash', 0.05],
    ['category', 'groceries', 0.25],
    ['category', 'restaurants', 0.2],
    ['category', 'gas', 0.15],
    ['category', 'retail', 0.2],
    ['category', 'utilities', 0.1],
    ['category', 'entertainment', 0.1],
  ])('has the share of %s %s that requirements 4.3 name', (column, value, expected) => {
    expect(Math.abs(share(transactions, column, value) - expected)).toBeLessThan(0.015);
  });

  it.each([
    ['customer_tier', 'bronze', 0.5],
    ['customer_tier', 'silver', 0.3],
    ['customer_tier', 'gold', 0.15],
    ['customer_tier', 'platinum', 0.05],
    ['is_active', 'true', 0.95],
  ])('has the share of %s %s among customers', (column, value, expected) => {
    expect(Math.abs(share(customers, column, value) - expected)).toBeLessThan(0.02);
  });

  it('has 2 % of rows without amount and 1 % that repeat an id', () => {
    expect(transactions).toHaveLength(10_000);
    expect(transactions.filter((row) => row['amount'] === '')).toHaveLength(200);
    const ids = transactions
      .map((row) => row['transaction_id']!.trim().toUpperCase())
      .filter(Boolean);
    expect(ids.length - new Set(ids).size).toBe(100);
  });

  it('has amounts whose logarithm is distributed as N(4, 1.5)', () => {
    const logs = transactions
      .map((row) => row['amount']!)
      .filter((amount) => /^\d+\.\d\d$/.test(amount) && Number(amount) > 0 && Number(amount) <= 1e6)
      .map((amount) => Math.log(Number(amount)));
    const mean = logs.reduce((sum, one) => sum + one, 0) / logs.length;
    const variance = logs.reduce((sum, one) => sum + (one - mean) ** 2, 0) / logs.length;
    expect(Math.abs(mean - 4)).toBeLessThan(0.05);
    expect(Math.abs(Math.sqrt(variance) - 1.5)).toBeLessThan(0.04);
  });

  it('has days up to 364 back, at every hour', () => {
    const dates = transactions
      .map((row) => row['transaction_date']!)
      .filter((date) => date > '2025-11-20' && date < '2026-11-21');
    expect(dates.length).toBeGreaterThan(9_950);
    expect(new Set(dates.map((date) => date.slice(11, 13))).size).toBe(24);
    expect(dates.toSorted()[0]?.slice(0, 10)).toBe('2025-11-21');
    expect(dates.toSorted().at(-1)?.slice(0, 10)).toBe('2026-11-20');
  });

  it('has customers that come late, whose transactions are there already', () => {
    const late = rowsOf(sample.lateCustomersCsv).map((row) => row['customer_id']);
    expect(late).toHaveLength(5);
    expect(customers.some((row) => late.includes(row['customer_id']))).toBe(false);
    expect(transactions.some((row) => late.includes(row['customer_id']))).toBe(true);
  });

  it('may be of any size', () => {
    const small = makeFinanceSample({ ...OPTIONS, transactions: 3, customers: 2 });
    expect(rowsOf(small.transactionsCsv)).toHaveLength(3);
    expect(rowsOf(small.customersCsv)).toHaveLength(2);
    const none = makeFinanceSample({ ...OPTIONS, transactions: 0, customers: 0 });
    expect(rowsOf(none.transactionsCsv)).toHaveLength(0);
  });
});
