import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Rule } from '../../../services/core/rule.ts';
import type { QueryEngine } from '../../../services/ports/query-engine.ts';
import {
  inFlightRules,
  nineRules,
  postLoadRules,
  qualityModeOf,
  thresholdsOf,
} from '../../../services/pipelines/finance/rules.ts';
import { checkTable } from '../../../services/stages/observe/check.ts';
import { openOwnEngine } from '../../support/pipeline.ts';

const DAY = '2026-01-31';
const THRESHOLDS = { rowsMin: 3, nullShareMax: 0.05, duplicateShareMax: 0.01 };
const SPEC = '../shared/spec/requirements.md';

let engine: QueryEngine;

beforeAll(async () => {
  engine = await openOwnEngine([]);
  await engine.run(`
    CREATE TABLE clean AS SELECT 'TXN' || i AS transaction_id, 'CUST1' AS customer_id,
      TIMESTAMP '2026-01-31 23:59:59' AS transaction_date, CAST(54.60 AS DECIMAL(12,2)) AS amount,
      'MERCH0001' AS merchant_id, 'gas' AS category, 'completed' AS status, 'cash' AS payment_method,
      2026 AS transaction_year, CAST(10 AS DECIMAL(5,2)) AS risk_score, 'low' AS risk_level
    FROM range(3) t(i);
    CREATE TABLE dim_customers AS SELECT 'CUST1' AS customer_id`);
});

afterAll(() => engine.close());

async function failing(rules: readonly Rule[], changeSql: string): Promise<string[]> {
  await engine.run('CREATE OR REPLACE TABLE fact_transactions AS FROM clean');
  if (changeSql !== '') await engine.run(changeSql);
  const report = await checkTable(engine, {
    table: 'fact_transactions',
    dataset: 'transactions',
    rules,
    evaluatedAt: '2026-02-01T02:00:00.000Z',
  });
  return report.rules.filter(({ isPassed }) => !isPassed).map(({ rule }) => rule);
}

const set = (change: string): string =>
  `UPDATE fact_transactions SET ${change} WHERE transaction_id = 'TXN0'`;

describe('the nine rules', () => {
  const rules = nineRules(THRESHOLDS, DAY);

  it('are nine, of eleven checks', () => {
    expect(rules).toHaveLength(9);
    expect(rules.flatMap(({ checks }) => checks)).toHaveLength(11);
  });

  it.each([
    ['', []],
    ['ALTER TABLE fact_transactions DROP merchant_id', ['columns-in-order']],
    [set('customer_id = NULL'), ['required-not-null']],
    [set('amount = NULL'), ['required-not-null']],
    [set("transaction_id = 'TXN1'"), ['transaction-id-unique']],
    [set('amount = 0'), ['amount-in-range']],
    [set('amount = 1000000.01'), ['amount-in-range']],
    [set('amount = 1000000'), []],
    [set("status = 'Completed'"), ['status-known']],
    [set("risk_level = 'severe'"), ['risk-level-known']],
    [set('risk_score = 100.01'), ['risk-score-in-range']],
    [set("transaction_date = '2026-02-01 00:00:00'"), ['date-not-in-future']],
    ["DELETE FROM fact_transactions WHERE transaction_id = 'TXN0'", ['rows-enough']],
  ])('after %j fail: %j', async (changeSql, names) => {
    expect(await failing(rules, changeSql)).toEqual(names);
  });
});

describe('the in-flight checks', () => {
  const rules = inFlightRules(THRESHOLDS);

  it.each([
    ['', []],
    ["DELETE FROM fact_transactions WHERE transaction_id <> 'TXN0'", ['inflight-rows']],
    [set('amount = NULL'), []],
    [set('amount = NULL, status = NULL'), ['inflight-nulls']],
    [set("transaction_id = 'TXN1'"), ['inflight-repeats']],
    ['ALTER TABLE fact_transactions ALTER amount TYPE VARCHAR', ['inflight-types']],
  ])('after %j fail: %j', async (changeSql, names) => {
    expect(await failing(rules, changeSql)).toEqual(names);
  });
});

describe('the post-load checks', () => {
  const rules = postLoadRules({
    logicalDate: DAY,
    missingSql: 'SELECT CASE WHEN count(*) = 0 THEN 1 ELSE 0 END FROM fact_transactions',
  });

  it('are eight', () => {
    expect(rules).toHaveLength(8);
  });

  it.each([
    ['', []],
    ['DELETE FROM fact_transactions', ['loaded-rows']],
    [set('amount = NULL'), ['loaded-amount-not-null']],
    [set('amount = 0'), ['loaded-amount-positive', 'loaded-amount-in-range']],
    [set("transaction_id = 'TXN1'"), ['loaded-id-unique']],
    [set("customer_id = 'CUST2'"), ['loaded-customer-known']],
    [set("transaction_date = '2026-02-01'"), ['loaded-date-not-in-future']],
    [set("status = 'open'"), ['loaded-status-known']],
    [set('amount = 1000001'), ['loaded-amount-in-range']],
  ])('after %j fail: %j', async (changeSql, names) => {
    expect(await failing(rules, changeSql)).toEqual(names);
  });
});

it('no two rules of finance have the same name', () => {
  const names = [
    ...inFlightRules(THRESHOLDS),
    ...nineRules(THRESHOLDS, DAY),
    ...postLoadRules({ logicalDate: DAY, missingSql: 'SELECT 0' }),
  ].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z]+(?:-[a-z]+)*$/);
});

it('thresholds that are none are refused by name', () => {
  const given = {
    'min-rows': '100',
    'max-null-share': '0.05',
    'max-duplicate-share': '0.01',
    'quality-mode': 'warn',
  };
  expect(thresholdsOf(given)).toEqual({
    rowsMin: 100,
    nullShareMax: 0.05,
    duplicateShareMax: 0.01,
  });
  expect(qualityModeOf(given)).toBe('warn');
  for (const bad of [
    { 'max-null-share': '5' },
    { 'max-duplicate-share': '' },
    { 'min-rows': '-1' },
  ])
    expect(() => thresholdsOf({ ...given, ...bad })).toThrow(Object.keys(bad)[0]);
  expect(() => qualityModeOf({ ...given, 'quality-mode': 'off' })).toThrow('quality-mode="off"');
});

describe.skipIf(!existsSync(SPEC))(`the rules as ${SPEC} has them`, () => {
  const text = existsSync(SPEC) ? readFileSync(SPEC, 'utf8') : '';

  it('say nine rules, eleven checks, and eight after the load', () => {
    expect(text).toContain('Eleven checks in nine rules');
    expect(text).toContain('Eight: loaded today > 0');
    expect(text).toContain('rows ≥ 100; null cells ÷ all cells ≤ 5 %; repeated ids ≤ 1 %');
  });
});
