import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quoteText } from '../../services/core/column.ts';
import type { Check, CheckResult, QualityReport, Rule } from '../../services/core/rule.ts';
import type { Cell } from '../../services/ports/query-engine.ts';
import { checkTable, type Queryable } from '../../services/stages/observe/check.ts';
import { checkArb, failuresOf, insertSql, rowArb, TABLE_SQL } from '../support/random-rows.ts';

/** An engine that tables can be made in and asked. */
export interface CheckPlace {
  db: Queryable;
  run(sql: string): Promise<unknown>;
  close(): Promise<void>;
}

/** The same SQL makes the same tables on both. */
const TABLES = `
  CREATE TABLE orders (id VARCHAR, customer VARCHAR, amount DECIMAL(12,2), share DOUBLE PRECISION,
    placed TIMESTAMP, day DATE, pieces INTEGER, is_paid BOOLEAN, status VARCHAR);
  INSERT INTO orders VALUES
    ('A1', 'C1', 10.00, 0.5, TIMESTAMP '2026-01-31 14:30:00', DATE '2026-01-31', 1, TRUE, 'done'),
    ('A2', 'C2', 0.01, -1.25, TIMESTAMP '2026-02-01 00:00:00.5', DATE '2026-02-01', 2, FALSE, 'open'),
    ('A2', 'C9', 1000000.00, NULL, TIMESTAMP '2026-02-01 00:00:00', NULL, 3, NULL, 'Open'),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (NULL, 'C1', 7.00, 0.25, TIMESTAMP '2026-01-01 00:00:00', DATE '2026-01-01', 4, TRUE, '');
  CREATE TABLE customers (customer VARCHAR);
  INSERT INTO customers VALUES ('C1'), ('C2'), (NULL);
  CREATE TABLE nothing (id VARCHAR, amount DECIMAL(12,2), placed TIMESTAMP);
  CREATE TABLE "it's ""odd"" $1; --" ("a""b'c $1 --" VARCHAR, "SELECT" INTEGER);
  INSERT INTO "it's ""odd"" $1; --" VALUES ('it''s', 1), ('$1 -- x', 2), ('it''s', NULL);
`;

interface Look {
  table?: string;
  where?: string;
  parameters?: readonly Cell[];
}

function look(db: Queryable, checks: readonly Check[], more: Look = {}): Promise<QualityReport> {
  const rules = checks.map((check, at): Rule => {
    return { name: `rule-${at}`, summary: 'it holds', severity: 'block', checks: [check] };
  });
  const evaluatedAt = '2026-02-02T00:00:00.000Z';
  return checkTable(db, { table: 'orders', dataset: 'orders', rules, evaluatedAt, ...more });
}

async function seen(db: Queryable, check: Check, more: Look = {}): Promise<CheckResult> {
  const { rules } = await look(db, [check], more);
  return rules[0]!.checks[0]!;
}

type Expected = [check: Check, observed: string, bound: string, failures: number];

const ORDERS: Expected[] = [
  [{ kind: 'columns', columns: ['id', 'amount', 'status'] }, expectList(), 'id, amount, status', 0],
  [{ kind: 'columns', columns: ['amount', 'id'] }, expectList(), 'amount, id', 1],
  [
    { kind: 'types', types: { id: 'text', amount: 'decimal', placed: 'moment', day: 'date' } },
    'as asked',
    'id text, amount decimal, placed moment, day date',
    0,
  ],
  [
    { kind: 'types', types: { pieces: 'integer', is_paid: 'boolean', share: 'float' } },
    'as asked',
    'pieces integer, is_paid boolean, share float',
    0,
  ],
  [{ kind: 'not-null', column: 'pieces' }, '1 null', '0 null', 1],
  [{ kind: 'unique', columns: ['id'] }, '1 repeated', '0 repeated', 1],
  [{ kind: 'unique', columns: ['id', 'customer'] }, '0 repeated', '0 repeated', 0],
  [
    { kind: 'range', column: 'amount', min: '0.01', max: '1000000.00' },
    '0.01..1000000.00',
    '0.01..1000000.00',
    0,
  ],
  [
    { kind: 'range', column: 'amount', min: '0.02', max: '999999.99' },
    '0.01..1000000.00',
    '0.02..999999.99',
    2,
  ],
  [{ kind: 'range', column: 'share', min: '-1' }, '-1.25..0.5', '≥ -1', 1],
  [{ kind: 'range', column: 'pieces', max: '4' }, '1..4', '≤ 4', 0],
  [{ kind: 'range', column: 'status', max: '4' }, 'VARCHAR is not a number', '≤ 4', 1],
  [
    { kind: 'one-of', column: 'status', values: ['done', 'open'] },
    '2 other',
    'one of done, open',
    2,
  ],
  [
    { kind: 'one-of', column: 'is_paid', values: ['true', 'false'] },
    '0 other',
    'one of true, false',
    0,
  ],
  [{ kind: 'matches', column: 'id', pattern: 'A[0-9]|B' }, '0 other', 'like A[0-9]|B', 0],
  [{ kind: 'matches', column: 'customer', pattern: 'C' }, '4 other', 'like C', 4],
  [
    { kind: 'not-after', column: 'placed', moment: '2026-02-01 00:00:00.5' },
    '2026-02-01 00:00:00.5',
    '≤ 2026-02-01 00:00:00.5',
    0,
  ],
  [
    { kind: 'not-after', column: 'placed', moment: '2026-01-31' },
    '2026-02-01 00:00:00.5',
    '≤ 2026-01-31',
    3,
  ],
  [
    { kind: 'not-after', column: 'day', moment: '2026-01-31 23:59:59' },
    '2026-02-01',
    '≤ 2026-01-31 23:59:59',
    1,
  ],
  [
    { kind: 'not-after', column: 'id', moment: '2026-01-31' },
    'VARCHAR is not a date or moment',
    '≤ 2026-01-31',
    1,
  ],
  [{ kind: 'row-count', min: 5, max: 5 }, '5 rows', '≥ 5 and ≤ 5', 0],
  [{ kind: 'row-count', min: 6 }, '5 rows', '≥ 6', 1],
  [{ kind: 'row-count', max: 4 }, '5 rows', '≤ 4', 1],
  [{ kind: 'null-share', columns: ['id', 'amount'], max: 0.3 }, '0.3 (3 of 10)', '≤ 0.3', 0],
  [{ kind: 'null-share', columns: ['id', 'amount'], max: 0.2999 }, '0.3 (3 of 10)', '≤ 0.2999', 1],
  [{ kind: 'duplicate-share', columns: ['id'], max: 0.2 }, '0.2 (1 of 5)', '≤ 0.2', 0],
  [{ kind: 'duplicate-share', columns: ['id'], max: 0.1 }, '0.2 (1 of 5)', '≤ 0.1', 1],
  [
    { kind: 'reference', column: 'customer', table: 'customers', key: 'customer' },
    '1 orphaned',
    '0 orphaned',
    1,
  ],
  [{ kind: 'sql', sql: 'SELECT 0', bound: 'none' }, 'as asked', 'none', 0],
  [
    {
      kind: 'sql',
      sql: 'SELECT count(*) FROM orders WHERE id IS NULL',
      bound: 'no row without id',
    },
    '2 failing',
    'no row without id',
    2,
  ],
  [{ kind: 'not-null', column: 'Amount' }, 'no column Amount', '0 null', 1],
  [{ kind: 'unique', columns: ['id', 'x'] }, 'no column x', '0 repeated', 1],
];

function expectList(): string {
  return 'id, customer, amount, share, placed, day, pieces, is_paid, status';
}

/** The shared quality engine gives these verdicts on every engine that answers SQL. */
export function checkContract(engine: string, open: () => Promise<CheckPlace>): void {
  describe(`checks of tables on ${engine}`, () => {
    let place: CheckPlace;
    const db = (): Queryable => place.db;

    beforeAll(async () => {
      place = await open();
      for (const sql of [TABLES, TABLE_SQL]) await place.run(sql);
    }, 60_000);

    afterAll(() => place.close());

    it.each(ORDERS)('is judged by %j', async (check, observed, bound, failureCount) => {
      const isPassed = failureCount === 0;
      expect(await seen(db(), check)).toMatchObject({ observed, bound, failureCount, isPassed });
    });

    it('without rows passes all but the count of rows', async () => {
      const report = await look(
        db(),
        [
          { kind: 'not-null', column: 'id' },
          { kind: 'unique', columns: ['id'] },
          { kind: 'range', column: 'amount', min: '1' },
          { kind: 'not-after', column: 'placed', moment: '2026-01-01' },
          { kind: 'null-share', columns: ['id'], max: 0 },
          { kind: 'duplicate-share', columns: ['id'], max: 0 },
          { kind: 'row-count', min: 1 },
        ],
        { table: 'nothing' },
      );
      const observed = report.rules.map(({ checks }) => checks[0]!.observed);
      expect(observed).toEqual([
        '0 null',
        '0 repeated',
        'no value',
        'no value',
        '0 (0 of 0)',
        '0 (0 of 0)',
        '0 rows',
      ]);
      expect(report).toMatchObject({ rowCount: 0, checkCount: 7, passedCount: 6 });
      expect(report.scorePercent).toBe(85.71);
    });

    it('lets a value that is no number pass no range, whichever end it has', async () => {
      await place.run(
        "CREATE TABLE odd (v DOUBLE PRECISION); INSERT INTO odd VALUES ('NaN'), (1), (NULL)",
      );
      const range = (bounds: { min?: string; max?: string }) =>
        seen(db(), { kind: 'range', column: 'v', ...bounds }, { table: 'odd' });
      for (const bounds of [{ min: '0' }, { max: '2' }, { min: '0', max: '2' }])
        expect((await range(bounds)).failureCount).toBe(1);
    });

    it('of hostile names and values is asked about just these', async () => {
      const column = `a"b'c $1 --`;
      const report = await look(
        db(),
        [
          { kind: 'unique', columns: [column, 'SELECT'] },
          { kind: 'one-of', column, values: ["it's", '$1 -- x'] },
          { kind: 'one-of', column, values: ["it's'); DROP TABLE orders; --"] },
          { kind: 'matches', column, pattern: "it's" },
          { kind: 'duplicate-share', columns: [column], max: 0.34 },
          { kind: 'reference', column, table: 'customers', key: 'customer' },
        ],
        { table: `it's "odd" $1; --`, where: `"SELECT" < $1 OR "SELECT" IS NULL`, parameters: [9] },
      );
      expect(report.rules.map(({ checks }) => checks[0]!.failureCount)).toEqual([0, 0, 3, 1, 0, 3]);
    });

    it('is looked at only where the condition holds, whose values are bound', async () => {
      const more = { where: 'amount >= $1 OR amount < $2', parameters: ['1000', '1'] };
      const checks: Check[] = [
        { kind: 'row-count', min: 2, max: 2 },
        { kind: 'unique', columns: ['id'] },
        { kind: 'reference', column: 'customer', table: 'customers', key: 'customer' },
        { kind: 'sql', sql: 'SELECT count(*) FROM orders WHERE amount > $1', bound: '' },
      ];
      const { rules } = await look(db(), checks, more);
      expect(rules.map((rule) => rule.checks[0]!.failureCount)).toEqual([0, 1, 1, 1]);
    });

    it('is read once for all that can be counted', async () => {
      const asked: string[] = [];
      const watched: Queryable = {
        query: (sql, values) => {
          asked.push(sql);
          return db().query(sql, values);
        },
      };
      const checks = ORDERS.map(([check]) => check);
      await look(watched, checks);
      // The columns, the one pass, two keys, one reference, two statements of SQL.
      expect(asked).toHaveLength(7);
    });

    it('whose SQL check gives no number is a fault of ours', async () => {
      const check: Check = { kind: 'sql', sql: "SELECT 'many'", bound: '' };
      await expect(look(db(), [check])).rejects.toMatchObject({ kind: 'bug' });
    });

    it('a rule holds when all of its checks do', async () => {
      const rule = (name: string, ...checks: Check[]): Rule => {
        return { name, summary: name, severity: 'warn', checks };
      };
      const report = await checkTable(db(), {
        table: 'orders',
        dataset: 'orders',
        evaluatedAt: '2026-02-02T00:00:00.000Z',
        rules: [
          rule('both', { kind: 'row-count', min: 1 }, { kind: 'not-null', column: 'id' }),
          rule('one', { kind: 'row-count', min: 1 }),
          rule('none'),
        ],
      });
      expect(report.rules.map(({ rule: name, isPassed }) => [name, isPassed])).toEqual([
        ['both', false],
        ['one', true],
        ['none', true],
      ]);
      expect(report).toMatchObject({ checkCount: 3, passedCount: 2, scorePercent: 66.67 });
    });

    it('without checks the score is 100', async () => {
      expect(await look(db(), [])).toMatchObject({ checkCount: 0, scorePercent: 100, rowCount: 5 });
    });

    it('a bound that is no number, and a moment that is none, are refused before any SQL', async () => {
      const range: Check = { kind: 'range', column: 'amount', max: '1); DROP TABLE orders; --' };
      const moment: Check = { kind: 'not-after', column: 'placed', moment: `x${quoteText('y')}` };
      await expect(look(db(), [range])).rejects.toMatchObject({ kind: 'bug' });
      await expect(look(db(), [moment])).rejects.toMatchObject({ kind: 'bug' });
      expect((await db().query('SELECT count(*) FROM orders')).rows).toEqual([[5]]);
    });

    it('any checks of any rows fail as often as counting row by row says', async () => {
      const checksArb = fc.array(checkArb, { maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(fc.array(rowArb, { maxLength: 12 }), checksArb, async (rows, checks) => {
          const sql = insertSql(rows);
          await place.run(sql);
          const rule: Rule = { name: 'all', summary: 'all', severity: 'block', checks };
          const expected = checks.map((check) => failuresOf(check, rows));
          const request = { table: 't', dataset: 't', rules: [rule], evaluatedAt: '2026-02-01' };
          const { rules, passedCount, rowCount } = await checkTable(db(), request);
          expect(rules[0]!.checks.map(({ failureCount }) => failureCount)).toEqual(expected);
          expect(passedCount).toBe(expected.filter((count) => count === 0).length);
          expect(rowCount).toBe(rows.length);
        }),
        { numRuns: 60 },
      );
    });
  });
}
