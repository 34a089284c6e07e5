import { expect, it } from 'vitest';
import { namedForAthena } from '../../../services/pipelines/commerce/answer/athena.ts';
import { findNamed } from '../../../services/pipelines/commerce/answer/named.ts';

const asked = (name: string, asOf: string): string => namedForAthena(findNamed(name), asOf);

it('a query of 30 days reads the months that they are in', () => {
  expect(asked('top_products', '2026-01-15')).toContain(
    'SELECT * FROM transactions WHERE (year = 2025 AND month = 12) OR (year = 2026 AND month = 1)\n',
  );
});

it('a query of a week within a month reads that month', () => {
  expect(asked('conversion_funnel', '2026-02-20')).toContain(
    'SELECT * FROM clickstream WHERE (year = 2026 AND month = 2)\n',
  );
});

it('a query of all days reads all months', () => {
  expect(asked('customer_ltv', '2026-02-20')).not.toContain('SELECT * FROM transactions');
});

it('has one WITH, the day as a text, and no macro', () => {
  const sql = asked('daily_kpis', '2026-02-20');
  expect(sql.match(/\bWITH\b/g)).toHaveLength(1);
  expect(sql).toContain(`CAST('2026-02-20' AS DATE)`);
  expect(sql).not.toMatch(/\b(?:mean_of|percent_of|half_up|cents|hundredths)\b|\$1/);
});
